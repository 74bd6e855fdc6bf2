"""The collection curve of each company: what of the money has come in by days overdue, and the chance of what is still open."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from receivables.cells import day_or_none, int_or_none, money_or_none, text
from receivables.charts import Line, LineChart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

TABLES: Final = (
    *("core.company", "core.territory"),
    *("marts.collection_curve", "marts.collection_success", "marts.group_curve"),
)

HEADLINE_HISTORY: Final = "history = '24m'"
HEADLINE: Final = f"{HEADLINE_HISTORY} and basis = 'gross' and weight = 'amount'"
"""Which of the published curves the report tells: that of the last months, of money, nothing left out."""

DRAWN_DAYS: Final = 365
"""Days overdue up to which a curve is drawn; later it hardly moves, and the table tells it."""

_NAMED_DAYS: Final = (0, 30, 60, 90, 180, 270, 365)
_SEGMENT_KINDS: Final = ("territory", "salesperson", "customer_type", "grade", "terms", "amount_band")
_SEGMENTS_MAX: Final = 6
"""Members of a kind of segment drawn beside each other; those with most money at risk."""


@dataclass(frozen=True)
class Chance:
    """The chance that what is open after so many days overdue brings cash within a horizon (None: ever), with its 95 % interval.

    `upper_bound` is told of "ever" alone: were all that is still open at the end of the history to be paid. None where it cannot be
    told; `reason` says why.
    """

    overdue_days: int
    horizon_days: int | None
    p: Decimal | None
    low: Decimal | None
    high: Decimal | None
    upper_bound: Decimal | None
    benchmark_a: Decimal | None
    benchmark_d: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class SegmentCurve:
    """The curve of one member of a kind of segment, beside its company's."""

    kind: str
    key: str
    name: str
    chart: LineChart


@dataclass(frozen=True)
class Collection:
    """A company's chapter, or that of all companies together (`company_id` None).

    `cash_by` is the share of the money that had come in by a day overdue, `days_known` how far the curve reaches.
    """

    company_id: str | None
    curve: LineChart
    chance_chart: LineChart
    cash_by: Mapping[int, Decimal]
    days_known: int
    customers: int
    chances: tuple[Chance, ...]
    segments: tuple[SegmentCurve, ...]

    @property
    def overdue_days(self) -> tuple[int, ...]:
        """The days overdue that chances are told of."""
        return tuple(dict.fromkeys(chance.overdue_days for chance in self.chances))

    @property
    def horizons(self) -> tuple[int | None, ...]:
        """The horizons that chances are told of."""
        return tuple(dict.fromkeys(chance.horizon_days for chance in self.chances))

    def chance(self, overdue_days: int, horizon_days: int | None) -> Chance | None:
        """The chance of one question."""
        asked = (overdue_days, horizon_days)
        return next((c for c in self.chances if (c.overdue_days, c.horizon_days) == asked), None)

    def of_kind(self, kind: str) -> tuple[SegmentCurve, ...]:
        """The members of a kind of segment."""
        return tuple(segment for segment in self.segments if segment.kind == kind)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of segment with more than one member to compare."""
        return tuple(kind for kind in _SEGMENT_KINDS if len(self.of_kind(kind)) > 1)


@dataclass(frozen=True)
class Together:
    """All companies together, where there are several: their curve (None: not told), the currency of its amounts, and why it is not told.

    `unrated` of the `tranches` (units of money) have no rate into that currency; the first of their documents is of `unrated_from`.
    """

    curve: Collection | None
    currency: str | None
    ledger_currencies: tuple[str, ...]
    reason: str | None
    tranches: int
    unrated: int
    unrated_from: date | None


def together(frames: Mapping[str, pd.DataFrame]) -> Together | None:
    """Make the part on all companies together; None where there is but one."""
    row = next(iter(frames["marts.group_curve"].to_dict("records")), None)
    if row is None or int(row["companies"]) < _SEVERAL:
        return None
    curve, success = frames["marts.collection_curve"], frames["marts.collection_success"]
    own = _of(curve, "all", "all")
    return Together(
        curve=None if own.empty else _collection(None, own, _of(success, "all", "all"), ()),
        currency=text(row["currency"]),
        ledger_currencies=tuple(str(row["ledger_currencies"]).split()),
        reason=text(row["reason"]),
        tranches=int(row["tranches"]),
        unrated=int(row["unrated_tranches"]),
        unrated_from=day_or_none(row["unrated_from"]),
    )


_SEVERAL: Final = 2


def collections(frames: Mapping[str, pd.DataFrame]) -> Iterable[Collection]:
    """Make the chapter of every company whose curve is told."""
    curve, success = frames["marts.collection_curve"], frames["marts.collection_success"]
    territories: dict[str, str] = dict(frames["core.territory"][["territory_id", "name"]].itertuples(index=False))
    for company_id in sorted(frames["core.company"]["company_id"]):
        own = _of(curve, "company", company_id)
        if own.empty:
            continue
        segments = _segments(curve[curve["company_id"] == company_id], own, territories)
        yield _collection(company_id, own, _of(success, "company", company_id), segments)


def _collection(
    company_id: str | None, own: pd.DataFrame, success: pd.DataFrame, segments: Iterable[SegmentCurve]
) -> Collection:
    chances = tuple(_chances(success))
    return Collection(
        company_id=company_id,
        curve=_curve_chart(own),
        chance_chart=_chance_chart(chances),
        cash_by=_cash_by(own),
        days_known=int(own["age_days"].max()),
        customers=int(own["customers_at_risk"].max()),
        chances=chances,
        segments=tuple(segments),
    )


def _of(frame: pd.DataFrame, kind: str, segment: str) -> pd.DataFrame:
    mine = frame[(frame["segment_kind"] == kind) & (frame["segment"] == segment)]
    return mine.sort_values("age_days") if "age_days" in mine else mine


def _curve_chart(own: pd.DataFrame) -> LineChart:
    shown = own[own["age_days"] <= DRAWN_DAYS]
    cash = Line("cash", _shares(shown, "cash"), _shares(shown, "cash_lo"), _shares(shown, "cash_hi"))
    others = tuple(Line(key, _shares(shown, key)) for key in ("loss", "dilution") if shown[key].fillna(0).max() > _SEEN)
    days = tuple(int(age) for age in shown["age_days"])
    return LineChart("collection_curve", days, (cash, *others), "share", named=_NAMED_DAYS)


_SEEN: Final = 0.002
"""A share that is never larger than this is no line to draw."""


def _shares(rows: pd.DataFrame, column: str) -> tuple[Decimal | None, ...]:
    return tuple(None if pd.isna(value) else Decimal(str(round(float(value), 9))) for value in rows[column])


def _cash_by(own: pd.DataFrame) -> dict[int, Decimal]:
    """The share that had come in by each of the named days, as far as the curve reaches."""
    known = own.dropna(subset=["cash"])
    found = {}
    for day in _NAMED_DAYS:
        before = known[known["age_days"] <= day]
        if day <= int(own["age_days"].max()) and not before.empty:
            found[day] = Decimal(str(round(float(before["cash"].iloc[-1]), 9)))
    return found


def _chances(rows: pd.DataFrame) -> Iterable[Chance]:
    for row in rows.sort_values(["overdue_days", "horizon_days"], na_position="last").to_dict("records"):
        yield Chance(
            overdue_days=int(row["overdue_days"]),
            horizon_days=int_or_none(row["horizon_days"]),
            p=_share(row["p"]),
            low=_share(row["p_lo"]),
            high=_share(row["p_hi"]),
            upper_bound=_share(row["upper_bound"]),
            benchmark_a=_share(row["benchmark_a"]),
            benchmark_d=_share(row["benchmark_d"]),
            reason=text(row["reason"]),
        )


def _share(value: Any) -> Decimal | None:
    found = money_or_none(value)
    return None if found is None else round(found, 9)


def _chance_chart(chances: tuple[Chance, ...]) -> LineChart:
    """The chance of cash within a year by days overdue, with the surveys dotted beside it."""
    year = [chance for chance in chances if chance.horizon_days == _YEAR]
    own = Line("cash", tuple(c.p for c in year), tuple(c.low for c in year), tuple(c.high for c in year))
    surveys = tuple(
        Line(name, tuple(getattr(chance, name) for chance in year), style="dotted")
        for name in ("benchmark_a", "benchmark_d")
    )
    days = tuple(chance.overdue_days for chance in year)
    return LineChart("chance", days, (own, *surveys), "share", named=tuple(d for d in days if d not in _CROWDED))


_YEAR: Final = 365
_CROWDED: Final = (30, 61)
"""Days whose names would stand into each other."""


def _segments(curve: pd.DataFrame, own: pd.DataFrame, territories: Mapping[str, str]) -> Iterable[SegmentCurve]:
    for kind in _SEGMENT_KINDS:
        rows = curve[curve["segment_kind"] == kind]
        if rows.empty:
            continue
        first = rows.sort_values("age_days").drop_duplicates("segment")
        largest = first.sort_values("at_risk", ascending=False)["segment"].head(_SEGMENTS_MAX)
        for segment in sorted(largest, key=_edge) if kind == "amount_band" else largest:
            mine = _of(rows, kind, segment)
            if mine[["cash", "cash_shrunk"]].notna().any(axis=None):
                key = str(segment).partition(":")[2] or str(segment)
                yield SegmentCurve(kind, key, territories.get(segment, key), _beside(mine, own))


_SMALL_DAYS: Final = 120


def _edge(segment: str) -> Decimal:
    """Where an amount band stands among the others."""
    side, _, edge = segment.rpartition(":")[2].partition("_")
    return Decimal(edge) + (side == "above")


def _beside(mine: pd.DataFrame, own: pd.DataFrame) -> LineChart:
    """A member's curve on the days of its own events, its company's at the same days, and where it lies if drawn to its company's."""
    shown = mine[mine["age_days"] <= _SMALL_DAYS]
    whole = pd.merge_asof(shown[["age_days"]], own[["age_days", "cash"]].dropna(), on="age_days")
    lines = (
        Line("company", _shares(whole, "cash"), style="dotted"),
        Line("shrunk", _shares(shown, "cash_shrunk"), style="circles"),
        Line("cash", _shares(shown, "cash")),
    )
    days = tuple(int(age) for age in shown["age_days"])
    return LineChart("segment", days, lines, "share", named=(0, 60, 120), is_small=True)
