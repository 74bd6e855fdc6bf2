"""What moves on each collection curve, customer by customer: read once for a history, then cut by segment."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from receivables.policy.collection import Cells, Curve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from receivables.engine import Connection
    from receivables.policy.collection import Ints

_HISTORIES: Final = {"all": "entry_age", "24m": "recent_entry_age"}
SCALE: Final = 10_000
"""Money is counted in units of the ledger's last decimal: whole numbers, of which leaving a customer out leaves exactly the others."""
_PLACED_BY: Final = ("territory", "salesperson", "grade", "terms", "amount_band", "customer_type")

# who a tranche is of, once for all that place it in the same segments: numbers are grouped and sorted for a fraction of what texts cost
_MEMBERS: Final = f"""
create temp table curve_member as
select
  row_number() over (order by company_id, customer_id)::integer - 1 as member,
  dense_rank() over (order by company_id, customer_id)::integer - 1 as customer, placed.*
from (select distinct company_id, customer_id, {", ".join(_PLACED_BY)} from marts.exposure_tranche) as placed
"""
_WHERE: Final = f"""
with placed as (
  select member.member, member.customer, tranche.{{entry}} as entry_age, tranche.exit_age, tranche.cause, tranche.amount_local, tranche.{{together}} as amount_group
  from marts.exposure_tranche as tranche
  inner join curve_member as member on tranche.company_id = member.company_id and tranche.customer_id = member.customer_id
    and {" and ".join(f"tranche.{name} is not distinct from member.{name}" for name in _PLACED_BY)}
  where tranche.{{entry}} < tranche.exit_age
)"""
# any tranches that somebody asks for, on one curve
_ASKED: Final = """
with asked as (
  {tranches}
),
placed as (
  select
    0 as member, dense_rank() over (order by company_id, customer_id)::integer - 1 as customer, {entry} as entry_age, exit_age, cause,
    {amount} as amount_local, {amount} as amount_group
  from asked
  where {entry} < exit_age
)"""
_MOVED: Final = f""",
moved as (
  select member, customer, cause as channel, exit_age as age_days, sum(amount_local) as amount, sum(amount_group) as amount_group, count(*) as n
  from placed group by member, customer, cause, exit_age
  union all
  select member, customer, 5, entry_age, sum(amount_local), sum(amount_group), count(*)
  from placed where entry_age >= 0 group by member, customer, entry_age
  union all
  select member, customer, 6, entry_age, sum(amount_local), sum(amount_group), count(*)
  from placed where entry_age >= 0 and cause = 3 group by member, customer, entry_age
)
select
  member, customer, channel::tinyint as channel, age_days::integer as age_days, (amount * {SCALE})::bigint as amount,
  coalesce((amount_group * {SCALE})::bigint, 0) as amount_group, n::integer as count
from moved
order by customer, age_days desc
"""
# where all ledgers are of one currency nothing is added up twice
_TOGETHER: Final = """
select case when max(instr(ledger_currencies, ' ')) > 0 then 'amount_group' else 'amount_local' end from marts.group_curve
"""
_SEGMENTS: Final = "select distinct segment from marts.collection_point where segment_kind = ? order by segment"
_PLACES: Final = f"""
with segment as (
  select segment, row_number() over (order by segment) - 1 as place
  from (select distinct segment from marts.collection_point where segment_kind = '{{kind}}') as told
)
select coalesce(segment.place, {{none}})::integer as place
from curve_member as member
left join segment on segment_of('{{kind}}', member.company_id, {", ".join(f"member.{name}" for name in _PLACED_BY)}) = segment.segment
order by member.member
"""
_POINTS: Final = """
select segment, company_id, basis, weight, age_days::bigint as age_days, at_risk, cash, loss, dilution, transferred, open_share
from marts.collection_point where history = ? and segment_kind = ?
order by segment, basis, weight, age_days
"""
_SHARES: Final = ("at_risk", "cash", "loss", "dilution", "transferred", "open_share")


@dataclass(frozen=True)
class Place:
    """Which curve: the keys of a row but for its age."""

    history: str
    basis: str
    segment_kind: str
    segment: str
    weight: str


@dataclass(frozen=True)
class Segment:
    """The curves of a segment in one history, and what moves on them by weight (`amount`, `count`), at the ages they share."""

    curves: dict[Place, Curve]
    cells: dict[str, Cells]
    company_id: str | None
    """Whose segment it is; None of all companies together."""


def segments(con: Connection) -> Iterator[Segment]:
    """Every segment of `marts.collection_point` of which anything is under observation; of each history the companies come first."""
    kinds = con.execute(
        "select distinct segment_kind, segment_kind = 'company' as is_company from marts.collection_point order by is_company desc, segment_kind"
    ).fetchall()
    con.execute(_MEMBERS)
    ((together,),) = con.execute(_TOGETHER).fetchall()
    for history, entry in _HISTORIES.items():
        moved: dict[str, Any] = con.execute(_WHERE.format(entry=entry, together=together) + _MOVED).fetchnumpy()
        for kind, _ in kinds:
            yield from _of_kind(
                con, history, kind, moved | ({"amount": moved["amount_group"]} if kind == "all" else {})
            )
    con.execute("drop table curve_member")


@dataclass(frozen=True)
class Asked:
    """What moves on the curve of any tranches, by weight (`amount`, `count`), and every age at which something may: those of `marts.collection_point`."""

    ages: Ints
    cells: dict[str, Cells]


def asked_for(
    con: Connection, tranches: str, values: dict[str, Any], *, history: str, amount: str, also: Sequence[int]
) -> Asked:
    """Lay out the tranches that a query of rows of `marts.exposure_tranche` names.

    Args:
        con: where they are published.
        tranches: the query, and what its parameters are (`values`).
        values: see `tranches`.
        history: `all`, or `24m`.
        amount: the column that is their weight: `amount_local`, or `amount_group` where ledgers differ in currency.
        also: ages to be told of beside those at which something moves.
    """
    entry = _HISTORIES[history]
    moved: dict[str, Any] = con.execute(
        _ASKED.format(tranches=tranches, entry=entry, amount=amount) + _MOVED, values
    ).fetchnumpy()
    ends: dict[str, Any] = con.execute(f"select distinct exit_age from ({tranches})", values).fetchnumpy()
    ages = np.unique(np.concatenate([np.asarray(also, dtype=np.int64), ends["exit_age"], moved["age_days"]]))
    return Asked(ages, _cells(moved, ages) if len(moved["customer"]) else {})


def _of_kind(con: Connection, history: str, kind: str, moved: dict[str, Any]) -> Iterator[Segment]:
    names = [name for (name,) in con.execute(_SEGMENTS, [kind]).fetchall()]
    places = con.execute(_PLACES.format(kind=kind, none=len(names))).fetchnumpy()["place"]
    rows = dict(zip(names, _rows_by_place(places[moved["member"]], len(names)), strict=True))
    points: dict[str, Any] = con.execute(_POINTS, [history, kind]).fetchnumpy()
    for (name,), these in _runs(points["segment"]):
        if len(rows[name]):
            curves = _curves({column: values[these] for column, values in points.items()}, history, kind)
            ages = next(iter(curves.values())).ages
            cells = _cells({column: values[rows[name]] for column, values in moved.items()}, ages)
            yield Segment(curves, cells, None if kind == "all" else points["company_id"][these.start])


def _rows_by_place(place: Any, places: int) -> Sequence[Any]:
    """Where the rows of each place stand, in their order; what has no place is given the number after the last."""
    order = np.argsort(place.astype(np.min_scalar_type(places)), kind="stable")
    return np.split(order, np.searchsorted(place[order], np.arange(1, places + 1)))[:places]


def _curves(points: dict[str, Any], history: str, kind: str) -> dict[Place, Curve]:
    return {
        Place(history, basis, kind, segment, weight): Curve(
            ages=points["age_days"][these], **{name: points[name][these] for name in _SHARES}
        )
        for (segment, basis, weight), these in _runs(points["segment"], points["basis"], points["weight"])
    }


def _cells(moved: dict[str, Any], ages: Any) -> dict[str, Cells]:
    customer = np.cumsum(np.diff(moved["customer"], prepend=moved["customer"][:1]) != 0)
    channel, place = moved["channel"].astype(np.int64), np.searchsorted(ages, moved["age_days"])
    return {
        weight: Cells(customer, channel, place, moved[weight].astype(np.float64), int(customer[-1]) + 1, len(ages))
        for weight in ("amount", "count")
    }


def _runs(*columns: Any) -> Iterator[tuple[tuple[str, ...], slice]]:
    """Where rows with the same keys stand; they are sorted by them."""
    length = len(columns[0])
    if length:
        changes = np.flatnonzero(np.logical_or.reduce([column[1:] != column[:-1] for column in columns])) + 1
        ends = [0, *changes.tolist(), length]
        for start, end in pairwise(ends):
            yield tuple(str(column[start]) for column in columns), slice(start, end)
