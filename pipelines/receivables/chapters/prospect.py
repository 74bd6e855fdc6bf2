"""What the collection curve says in money: cash to come, what past forecasts were worth, what is expected to be lost, and what waiting costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from receivables.cells import ZERO, day, money, money_or_none, text, total_of
from receivables.charts import Line, LineChart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    import pandas as pd

TABLES: Final = (
    *("core.company", "core.customer", "params.bucket"),
    *("marts.expected_cash", "marts.forecast_record", "marts.due_curve"),
    *("marts.provision_matrix", "marts.waiting_cost", "marts.window_item", "marts.vintage", "marts.vintage_change"),
)

_VINTAGES: Final = 8
"""Vintages told, the latest; older ones stand in the published table."""
VINTAGE_MONTHS: Final = (0, 1, 2, 3, 6, 12)
_WINDOW_ITEMS: Final = 10


@dataclass(frozen=True)
class Week:
    """Cash expected in a week ahead, ledger currency, with its 95 % interval."""

    first_day: date
    last_day: date
    expected: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class PastForecast:
    """A forecast of a quarter end against what came in its weeks: sums, and the mean error of a week by each way of telling.

    `is_cut`: the extracts lack what was open over a day that it looks at, so that both sides are too low.
    """

    told_on: date
    weeks: int
    forecast: Decimal
    actual: Decimal
    error: Decimal
    median_error: Decimal
    before_error: Decimal
    is_cut: bool


@dataclass(frozen=True)
class MonthAhead:
    """What a month is expected to bring, and what of it should come earlier so that no month is a hill."""

    last_day: date
    due: Decimal
    expected: Decimal
    bring_forward: Decimal


@dataclass(frozen=True)
class Provision:
    """A bucket of the provision matrix, and what a week of waiting costs in it; None where it cannot be told."""

    bucket: str
    open_local: Decimal
    loss_rate: Decimal | None
    roll_loss_rate: Decimal | None
    expected_loss: Decimal | None
    differs: bool
    lost_by_waiting: Decimal | None


@dataclass(frozen=True)
class Leaving:
    """An open item about to leave the window in which money is collected best, and the money its leaving costs in expectation."""

    customer_id: str
    name: str
    item_id: str
    leaves_on: date
    open_local: Decimal
    stake: Decimal | None


@dataclass(frozen=True)
class Vintage:
    """What fell due in a month and the share of it collected so many months later (None: not yet passed); `verdict`: worse, better or None."""

    month: date
    billed: Decimal
    rates: tuple[Decimal | None, ...]
    ultimate: Decimal | None
    verdict: str | None


@dataclass(frozen=True)
class Prospect:
    """A company's chapter; amounts in its ledger currency. `leaving` are the largest of the `leaving_items` about to leave the window, which hold `leaving_open`."""

    company_id: str
    currency: str
    weeks: tuple[Week, ...]
    record: tuple[PastForecast, ...]
    months: tuple[MonthAhead, ...]
    provisions: tuple[Provision, ...]
    forward_factor: Decimal
    forward_reason: str
    waiting_days: int
    leaving: tuple[Leaving, ...]
    leaving_items: int
    leaving_open: Decimal
    vintages: tuple[Vintage, ...]

    @property
    def cash_chart(self) -> LineChart:
        """Expected cash by week with its interval."""
        line = Line(
            "cash",
            tuple(week.expected for week in self.weeks),
            tuple(week.low for week in self.weeks),
            tuple(week.high for week in self.weeks),
        )
        return LineChart("expected_cash", tuple(week.first_day for week in self.weeks), (line,), self.currency)

    @property
    def expected(self) -> Decimal:
        """Cash expected over all weeks told."""
        return sum((week.expected for week in self.weeks), ZERO)

    @property
    def expected_loss(self) -> Decimal:
        """What is expected to be lost, all buckets together."""
        return sum((line.expected_loss or ZERO for line in self.provisions), ZERO)

    @property
    def stake(self) -> Decimal:
        """The money at stake with all items about to leave the window."""
        return sum((item.stake or ZERO for item in self.leaving), ZERO)

    @property
    def early(self) -> tuple[MonthAhead, ...]:
        """Months of which a part should come earlier."""
        return tuple(month for month in self.months if month.bring_forward > 0)


def prospects(frames: Mapping[str, pd.DataFrame], as_of: date) -> Iterable[Prospect]:
    """Make the chapter of every company of which cash is expected."""
    order = list(frames["params.bucket"].sort_values("ordinal")["bucket"])
    names = frames["core.customer"].drop_duplicates("customer_id").set_index("customer_id")["name"].to_dict()
    for row in frames["core.company"].sort_values("company_id").to_dict("records"):
        company_id = row["company_id"]
        mine = {name: table[table["company_id"] == company_id] for name, table in frames.items() if name in _BY_COMPANY}
        if mine["marts.expected_cash"].empty:
            continue
        matrix = mine["marts.provision_matrix"]
        factors = matrix.head(1).to_dict("records")
        waiting = mine["marts.waiting_cost"]
        yield Prospect(
            company_id=company_id,
            currency=row["local_currency"],
            weeks=tuple(_weeks(mine["marts.expected_cash"])),
            record=tuple(_record(mine["marts.forecast_record"])),
            months=tuple(_months(mine["marts.due_curve"], as_of)),
            provisions=tuple(_provisions(matrix, waiting, order)),
            forward_factor=money(factors[0]["forward_factor"]) if factors else Decimal(1),
            forward_reason=(text(factors[0]["forward_reason"]) or "") if factors else "",
            waiting_days=int(waiting["waiting_days"].iloc[0]) if len(waiting) else 7,
            leaving=tuple(_leaving(mine["marts.window_item"], names)),
            leaving_items=len(mine["marts.window_item"]),
            leaving_open=total_of(mine["marts.window_item"]["open_local"]),
            vintages=tuple(_vintages(mine["marts.vintage"], mine["marts.vintage_change"])),
        )


_BY_COMPANY: Final = tuple(name for name in TABLES if name.startswith("marts."))


def _weeks(rows: pd.DataFrame) -> Iterable[Week]:
    for row in rows.sort_values("week").to_dict("records"):
        amounts = (money(row[name]) for name in ("expected", "lo", "hi"))
        yield Week(day(row["from_date"]), day(row["to_date"]), *amounts)


def _record(rows: pd.DataFrame) -> Iterable[PastForecast]:
    """Only weeks that have passed are held against each other."""
    passed = rows.dropna(subset=["actual"])
    for told_on, weeks in passed.groupby("forecast_on", sort=True):
        sums = {name: sum(map(money, weeks[name]), ZERO) for name in _SUMMED}
        count = len(weeks)
        yield PastForecast(
            told_on=day(told_on),
            weeks=count,
            forecast=sums["forecast"],
            actual=sums["actual"],
            error=sums["error"] / count,
            median_error=sums["at_median_delay_error"] / count,
            before_error=sums["weeks_before_error"] / count,
            is_cut=bool(weeks["is_cut"].any()),
        )


_SUMMED: Final = ("forecast", "actual", "error", "at_median_delay_error", "weeks_before_error")


def _months(rows: pd.DataFrame, as_of: date) -> Iterable[MonthAhead]:
    ahead = rows[rows["period_end"].map(day) > as_of]
    for row in ahead.sort_values("period_end").to_dict("records"):
        amounts = (money(row[name]) for name in ("due_local", "expected_local", "bring_forward_local"))
        yield MonthAhead(day(row["period_end"]), *amounts)


def _provisions(matrix: pd.DataFrame, waiting: pd.DataFrame, order: list[str]) -> Iterable[Provision]:
    lost = waiting.set_index("bucket")["lost_local"].to_dict()
    for row in sorted(matrix.to_dict("records"), key=lambda row: order.index(row["bucket"])):
        yield Provision(
            bucket=row["bucket"],
            open_local=money(row["open_local"]),
            loss_rate=_share(row["loss_rate"]),
            roll_loss_rate=_share(row["roll_loss_rate"]),
            expected_loss=money_or_none(row["expected_loss"]),
            differs=row["cross_check"] == "differs",
            lost_by_waiting=money_or_none(lost.get(row["bucket"])),
        )


def _share(value: Any) -> Decimal | None:
    found = money_or_none(value)
    return None if found is None else round(found, 9)


def _leaving(rows: pd.DataFrame, names: Mapping[Any, Any]) -> Iterable[Leaving]:
    largest = rows.sort_values(["stake_local", "open_local"], ascending=False, na_position="last").head(_WINDOW_ITEMS)
    for row in largest.to_dict("records"):
        yield Leaving(
            customer_id=row["customer_id"],
            name=text(names.get(row["customer_id"])) or row["customer_id"],
            item_id=row["item_id"],
            leaves_on=day(row["leaves_on"]),
            open_local=money(row["open_local"]),
            stake=money_or_none(row["stake_local"]),
        )


def _vintages(rows: pd.DataFrame, changes: pd.DataFrame) -> Iterable[Vintage]:
    verdicts = {day(row["vintage"]): text(row["verdict"]) for row in changes.to_dict("records")}
    grouped = {day(month): cells for month, cells in rows.groupby("vintage", sort=True)}
    for month, cells in list(grouped.items())[-_VINTAGES:]:
        rates = {int(row["months"]): _share(row["rate"]) for row in cells.to_dict("records")}
        ultimate = cells.dropna(subset=["ultimate_rate"])["ultimate_rate"]
        yield Vintage(
            month=month,
            billed=money(cells["billed_local"].iloc[0]),
            rates=tuple(rates.get(months) for months in VINTAGE_MONTHS),
            ultimate=_share(ultimate.iloc[-1]) if len(ultimate) else None,
            verdict=verdicts.get(month),
        )
