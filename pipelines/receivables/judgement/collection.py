"""What is measured of each collection curve: who stands behind it, how sure it is, and the chance of success read off it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from receivables.collectability import survey_share
from receivables.distributions import interval, jackknife_error
from receivables.judgement.curve_cells import segments
from receivables.judgement.curve_tables import BENCHMARK, CHANCE, SHRUNK, SUPPORT
from receivables.policy import collection

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.engine import Connection
    from receivables.judgement.curve_cells import Place, Segment
    from receivables.policy.collection import Curve, Floats, Ints, Shares, Support
    from receivables.settings import Curve as CurveSettings


@dataclass(frozen=True)
class _Whole:
    """A company's curve, that those of its segments are drawn to: `ends` are the last ages of the bands in which it is told."""

    curve: Curve
    customers: Ints
    ends: Ints
    is_told: npt.NDArray[np.bool_]
    """Whether the company's own share is told at each of the ends."""


@dataclass(frozen=True)
class Told:
    """A curve with who stands behind each of its ages, why an age is not told (`reasons`, None where it is), and the 95 % interval of cash, leaving out one customer at a time.

    `last_age`: the last with customers enough; None where no age has, and then there is no interval.
    """

    curve: Curve
    support: Support
    reasons: list[str | None]
    last_age: int | None
    left_out: Shares | None
    low: Floats
    high: Floats

    @property
    def is_told(self) -> npt.NDArray[np.bool_]:
        """Which ages lie no later than the last with customers enough."""
        return self.curve.ages <= (-1 if self.last_age is None else self.last_age)

    def chances(self, settings: CurveSettings) -> dict[str, Any]:
        """The chance of success by days overdue and horizon, as columns: overdue_days, horizon_days (None: ever), p, p_lo, p_hi, upper_bound, loss, reason; nothing where no age is told."""
        if self.last_age is None or self.left_out is None:
            return {}
        questions = [(u, h) for u in settings.overdue_days for h in (*settings.horizon_days, None)]
        overdue = np.array([u for u, _ in questions])
        until = np.array([self.last_age if h is None else u + h for u, h in questions])
        told = collection.conditional_success(self.curve, overdue, until, self.last_age)
        others = collection.conditional_success(self.left_out, overdue, until, self.last_age)
        low, high = interval(told.p, jackknife_error(others.p), others.p.shape[0])
        # nothing is told of days after which too few are at risk
        after = np.searchsorted(self.curve.ages, overdue, side="right")
        reasons = [*self.reasons, "few_customers"]
        missing = np.where((overdue > self.last_age) | (until > self.last_age), "beyond_history", "nothing_open")
        why = [reasons[at] or (why if np.isnan(p) else None) for at, why, p in zip(after, missing, told.p, strict=True)]
        hidden = np.array([reason is not None for reason in why])
        is_ever = np.array([h is None for _, h in questions])
        columns = {"p": told.p, "p_lo": low, "p_hi": high, "loss": told.loss}
        return {
            "overdue_days": overdue,
            "horizon_days": [h for _, h in questions],
            **{name: np.where(hidden, np.nan, values) for name, values in columns.items()},
            "upper_bound": np.where(hidden | ~is_ever, np.nan, told.upper_bound),
            "reason": why,
        }


def told_of(curve: Curve, moved: Floats, customers: Ints, settings: CurveSettings, *, net: bool) -> Told:
    """Say how sure a curve is.

    Args:
        curve: the estimate.
        moved: what moves on it by channel, group of customers and age.
        customers: how many have anything at risk at each age.
        settings: how many must stand behind an age, and how much of it one may hold.
        net: whether dilution is left out.
    """
    behind = collection.support(customers, moved, net=net)
    last_age = behind.last_age(curve.ages, settings.min_customers)
    reasons = behind.reasons(settings.min_customers, float(settings.max_customer_share))
    low, high = np.full((2, len(curve.ages)), np.nan)
    left_out = None
    if last_age is not None:
        left_out = collection.estimate_without_each(curve.ages, moved, net=net)
        low, high = interval(curve.cash, jackknife_error(left_out.cash), moved.shape[1])
    return Told(curve, behind, reasons, last_age, left_out, low, high)


class _Columns:
    """Rows put together by columns; a text stands in each of its rows."""

    def __init__(self) -> None:
        self.parts: dict[str, list[Any]] = {}
        self.lengths: list[int] = []

    def add(self, place: Place, **columns: Any) -> None:
        self.lengths.append(max(len(column) for column in columns.values()))
        for name, value in {**place.__dict__, **columns}.items():
            self.parts.setdefault(name, []).append(value)

    def table(self, schema: pa.Schema) -> pa.Table:
        columns = {
            field.name: pa.chunked_array(
                [
                    pa.repeat(pa.scalar(part, field.type), length)
                    if isinstance(part, str)
                    else pa.array(part, field.type, from_pandas=True)
                    for part, length in zip(self.parts.get(field.name, []), self.lengths, strict=True)
                ],
                field.type,
            )
            for field in schema
        }
        return pa.table(columns, schema)


_ARROW: Final = {"varchar": pa.string(), "bigint": pa.int64(), "integer": pa.int32(), "double": pa.float64()}


def _schema(columns: dict[str, str]) -> pa.Schema:
    return pa.schema([(name, _ARROW[kind]) for name, kind in columns.items()])


def measure(con: Connection, settings: CurveSettings) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The tables `SUPPORT`, `CHANCE` and `BENCHMARK` of all segments with customers enough."""
    measured = _Measured(settings)
    for segment in segments(con):
        measured.add(segment)
    chance = measured.chance.table(_schema(CHANCE))
    return measured.support.table(_schema(SUPPORT)), chance, _benchmarks(chance)


class _Measured:
    """What is found of one curve after the other, as columns."""

    def __init__(self, settings: CurveSettings) -> None:
        self.settings = settings
        self.support, self.chance = _Columns(), _Columns()
        self.wholes: dict[tuple[str, str, str, str | None], _Whole] = {}
        """Companies told, by history, basis, weight and company."""

    def add(self, segment: Segment) -> None:
        moved = {weight: cells.grouped(self.settings.interval_groups) for weight, cells in segment.cells.items()}
        # every tranche is of more than nothing, so that the same customers are at risk by amount and by count
        customers = {
            basis: collection.customers_at_risk(segment.cells["count"], net=basis == "net")
            for basis in {place.basis for place in segment.curves}
        }
        for place, curve in segment.curves.items():
            self._add_curve(place, segment.company_id, curve, moved[place.weight], customers[place.basis])

    def _add_curve(self, place: Place, company_id: str | None, curve: Curve, moved: Floats, customers: Ints) -> None:
        told = told_of(curve, moved, customers, self.settings, net=place.basis == "net")
        is_shown = told.is_told.copy()
        key = (place.history, place.basis, place.weight, company_id)
        if place.segment_kind == "company" and told.last_age is not None:
            self.wholes[key] = self._whole(curve, told.support, told.reasons, told.last_age)
        shrunk = np.full((len(SHRUNK), len(curve.ages)), np.nan)
        if place.segment_kind not in ("all", "company") and key in self.wholes:
            whole = self.wholes[key]
            at = np.searchsorted(curve.ages, whole.ends[whole.is_told])
            shrunk[:, at] = self._drawn(curve, whole)[:, whole.is_told]
            is_shown[at] = True
        if not is_shown.any():
            return
        chances = told.chances(self.settings)
        if chances:
            self.chance.add(place, **chances)
        self.support.add(
            place,
            age_days=curve.ages[is_shown],
            customers_at_risk=told.support.customers[is_shown],
            largest_share=told.support.largest_share[is_shown],
            cash_lo=told.low[is_shown],
            cash_hi=told.high[is_shown],
            **{name: share[is_shown] for name, share in zip(SHRUNK, shrunk, strict=True)},
            reason=[reason for reason, is_row in zip(told.reasons, is_shown, strict=True) if is_row],
        )

    def _whole(self, curve: Curve, behind: Support, reasons: list[str | None], last_age: int) -> _Whole:
        ends = np.array([end for end in self.settings.band_ends() if end <= last_age], dtype=np.int64)
        is_told = np.array([reason is None for reason in reasons])
        return _Whole(curve, behind.customers, ends, is_told[np.searchsorted(curve.ages, ends)])

    def _drawn(self, curve: Curve, whole: _Whole) -> Floats:
        customers = float(self.settings.shrinkage_customers)
        drawn = collection.drawn_to(curve, whole.curve, whole.customers, customers, whole.ends)
        return np.stack([drawn.cash, drawn.loss, drawn.dilution, drawn.transferred, drawn.open_share])


def _benchmarks(chance: pa.Table) -> pa.Table:
    days = sorted(set(chance["overdue_days"].to_pylist()))
    shares = {f"benchmark_{name}": [survey_share(name, day) for day in days] for name in ("a", "d")}
    return pa.table({"overdue_days": days, **shares}, _schema(BENCHMARK))
