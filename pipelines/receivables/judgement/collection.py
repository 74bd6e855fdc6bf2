"""What is measured of each collection curve: who stands behind it, how sure it is, and the chance of success read off it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from receivables.collectability import survey_share
from receivables.distributions import interval, jackknife_error
from receivables.judgement.curve_tables import BENCHMARK, CHANCE, SUPPORT
from receivables.policy import collection
from receivables.policy.collection import Cells, Curve, Shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from receivables.engine import Connection
    from receivables.settings import Curve as CurveSettings

_HISTORIES: Final = {"all": "entry_age", "24m": "recent_entry_age"}
_SCALE: Final = 10_000
"""Money is counted in units of the ledger's last decimal: whole numbers, of which leaving a customer out leaves exactly the others."""

_CELLS: Final = """
with placed as (
  select
    segment_of('{kind}', company_id, territory, salesperson, grade, terms, amount_band, customer_type) as segment,
    company_id, customer_id, {entry} as entry_age, exit_age, cause, amount_local
  from marts.exposure_tranche
  where {entry} < exit_age
),
moved as (
  select segment, company_id, customer_id, cause as channel, exit_age as age_days, sum(amount_local) as amount, count(*) as n
  from placed group by segment, company_id, customer_id, cause, exit_age
  union all
  select segment, company_id, customer_id, 5, entry_age, sum(amount_local), count(*)
  from placed where entry_age >= 0 group by segment, company_id, customer_id, entry_age
  union all
  select segment, company_id, customer_id, 6, entry_age, sum(amount_local), count(*)
  from placed where entry_age >= 0 and cause = 3 group by segment, company_id, customer_id, entry_age
)
select
  segment, dense_rank() over (partition by segment order by company_id, customer_id) - 1 as customer,
  channel::bigint as channel, age_days::bigint as age_days, (amount * {scale})::bigint as amount, n::bigint as n
from moved
where segment is not null and segment in (select segment from marts.collection_point where segment_kind = '{kind}')
order by segment, customer
"""
_POINTS: Final = """
select segment, basis, weight, age_days::bigint as age_days, at_risk, cash, loss, dilution, transferred, open_share
from marts.collection_point where history = '{history}' and segment_kind = '{kind}'
order by segment, basis, weight, age_days
"""


_SHARES: Final = ("at_risk", "cash", "loss", "dilution", "transferred", "open_share")


@dataclass(frozen=True)
class _Place:
    """Which curve: the keys of a row but for its age."""

    history: str
    basis: str
    segment_kind: str
    segment: str
    weight: str


class _Columns:
    """Rows put together by columns."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {}

    def add(self, place: _Place, **columns: Any) -> None:
        length = max(len(column) for column in columns.values() if not isinstance(column, str))
        for name, value in {**place.__dict__, **columns}.items():
            self.parts.setdefault(name, []).append([value] * length if isinstance(value, str) else value)

    def table(self, schema: pa.Schema) -> pa.Table:
        columns = {
            name: pa.concat_arrays([pa.array(part, field.type, from_pandas=True) for part in self.parts[name]])
            if name in self.parts
            else pa.array([], field.type)
            for name, field in ((name, schema.field(name)) for name in schema.names)
        }
        return pa.table(columns, schema)


_ARROW: Final = {"varchar": pa.string(), "bigint": pa.int64(), "integer": pa.int32(), "double": pa.float64()}


def _schema(columns: dict[str, str]) -> pa.Schema:
    return pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])


def measure(con: Connection, settings: CurveSettings) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The tables `SUPPORT`, `CHANCE` and `BENCHMARK` of all segments with customers enough."""
    measured = _Measured(settings)
    found = con.execute("select distinct segment_kind from marts.collection_point order by segment_kind").fetchall()
    for history, entry in _HISTORIES.items():
        for (kind,) in found:
            for place, curve, cells in _segments(con, history, entry, kind):
                measured.add(place, curve, cells)
    chance = measured.chance.table(_schema(CHANCE))
    return measured.support.table(_schema(SUPPORT)), chance, _benchmarks(chance)


def _segments(con: Connection, history: str, entry: str, kind: str) -> Iterator[tuple[_Place, Curve, Cells]]:
    points: dict[str, Any] = con.execute(_POINTS.format(history=history, kind=kind)).fetchnumpy()
    cells: dict[str, Any] = con.execute(_CELLS.format(kind=kind, entry=entry, scale=_SCALE)).fetchnumpy()
    mine = dict(_runs(cells["segment"]))
    for (segment, basis, weight), these in _runs(points["segment"], points["basis"], points["weight"]):
        rows = mine.get((segment,))
        if rows is None:
            continue  # nothing of it is under observation
        ages = points["age_days"][these]
        customer = cells["customer"][rows]
        yield (
            _Place(history, basis, kind, segment, weight),
            Curve(ages=ages, **{name: points[name][these] for name in _SHARES}),
            Cells(
                customer=customer,
                channel=cells["channel"][rows],
                place=np.searchsorted(ages, cells["age_days"][rows]),
                weight=cells["amount" if weight == "amount" else "n"][rows].astype(np.float64),
                customers=int(customer[-1]) + 1,
                ages=len(ages),
            ),
        )


def _runs(*columns: Any) -> Iterator[tuple[tuple[str, ...], slice]]:
    """Where rows with the same keys stand; they are sorted by them."""
    length = len(columns[0])
    if length:
        changes = np.flatnonzero(np.logical_or.reduce([column[1:] != column[:-1] for column in columns])) + 1
        ends = [0, *changes.tolist(), length]
        for start, end in pairwise(ends):
            yield tuple(str(column[start]) for column in columns), slice(start, end)


class _Measured:
    """What is found of one curve after the other, as columns."""

    def __init__(self, settings: CurveSettings) -> None:
        self.settings = settings
        self.support, self.chance = _Columns(), _Columns()

    def add(self, place: _Place, curve: Curve, cells: Cells) -> None:
        is_net = place.basis == "net"
        moved = cells.grouped(self.settings.interval_groups)
        behind = collection.support(cells, moved, net=is_net)
        last_age = behind.last_age(curve.ages, self.settings.min_customers)
        if last_age is None:
            return
        reasons = behind.reasons(self.settings.min_customers, float(self.settings.max_customer_share))
        left_out = collection.estimate_without_each(curve.ages, moved, net=is_net)
        low, high = interval(curve.cash, jackknife_error(left_out.cash), moved.shape[1])
        told = slice(0, int(np.searchsorted(curve.ages, last_age)) + 1)
        self.support.add(
            place,
            age_days=curve.ages[told],
            customers_at_risk=behind.customers[told],
            largest_share=behind.largest_share[told],
            cash_lo=low[told],
            cash_hi=high[told],
            reason=reasons[told],
        )
        self._add_chances(place, curve, left_out, last_age, [*reasons, "few_customers"])

    def _add_chances(
        self, place: _Place, curve: Curve, left_out: Shares, last_age: int, reasons: list[str | None]
    ) -> None:
        questions = [(u, h) for u in self.settings.overdue_days for h in (*self.settings.horizon_days, None)]
        overdue = np.array([u for u, _ in questions])
        until = np.array([last_age if h is None else u + h for u, h in questions])
        told = collection.conditional_success(curve, overdue, until, last_age)
        others = collection.conditional_success(left_out, overdue, until, last_age)
        low, high = interval(told.p, jackknife_error(others.p), others.p.shape[0])
        # nothing is told of days after which too few are at risk
        after = np.searchsorted(curve.ages, overdue, side="right")
        missing = np.where((overdue > last_age) | (until > last_age), "beyond_history", "nothing_open")
        why = [reasons[at] or (why if np.isnan(p) else None) for at, why, p in zip(after, missing, told.p, strict=True)]
        hidden = np.array([reason is not None for reason in why])
        is_ever = np.array([h is None for _, h in questions])
        columns = {"p": told.p, "p_lo": low, "p_hi": high, "loss": told.loss}
        self.chance.add(
            place,
            overdue_days=overdue,
            horizon_days=[h for _, h in questions],
            **{name: np.where(hidden, np.nan, values) for name, values in columns.items()},
            upper_bound=np.where(hidden | ~is_ever, np.nan, told.upper_bound),
            reason=why,
        )


def _benchmarks(chance: pa.Table) -> pa.Table:
    days = sorted(set(chance["overdue_days"].to_pylist()))
    shares = {f"benchmark_{name}": [survey_share(name, day) for day in days] for name in ("a", "d")}
    return pa.table({"overdue_days": days, **shares}, _schema(BENCHMARK))
