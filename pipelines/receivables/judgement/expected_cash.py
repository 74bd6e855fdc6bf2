"""The published forecast of cash, its record against what came, and the due curve with a plan that smooths the year end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from receivables.engine import comment
from receivables.judgement.cash_book import CashBook, read_cash_book
from receivables.policy import cash_plan, expected_cash
from receivables.policy.expected_cash import Periods

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from receivables.engine import Connection
    from receivables.policy.expected_cash import Book, Chances, Open
    from receivables.settings import Settings

    Floats = npt.NDArray[np.float64]

CASH: Final = "marts.expected_cash"
RECORD: Final = "marts.forecast_record"
DUE: Final = "marts.due_curve"

_CASH_GRAIN: Final = (
    "One row per company and week ahead: cash expected from invoices open at the as-of date (open_local), ledger currency; expected_overdue, expected_not_due: from"
    " what is past its original due date by then, and from the rest. Later invoices are not in it. lo, hi: 95 % interval of the week, from the variance of"
    " customers whose invoices come or stay away together, as wide as past errors were where interval_basis is record, normal where it is customers. NULL where"
    " a company has no history of payments."
)
_RECORD_GRAIN: Final = (
    "One row per company, past quarter end and week after it: the forecast made again from what had been told by then, with its interval; actual: what came in the"
    " week of what was open then, cash_local: of all invoices, later ones too. at_median_delay: the forecast were every customer to pay at its median delay;"
    " weeks_before: what came in the same week of the 13 (or as many as are told) before from what was open at their beginning. Errors are absolute, ledger currency; NULL where"
    " the week is not over. A payment or invoice voided since is left out as if it had never been. is_cut: of what was open on the forecast's day, or on a day up to the"
    " week's end, the extracts lack what was not settled by a day (marts.completeness, cut), so that both sides are too low; such weeks make no interval."
)
_DUE_GRAIN: Final = (
    "One row per company and month, past and ahead: as marts.due_month, and ahead (the running month with it) expected_local, cash expected from what is open;"
    " expected_open_local, what of it is still open at the month end; load_local, the greater of that cash and what the month usually brings (less what came); level_local:"
    " what a month may bring before it is a hill; bring_forward_local: what of the month, or pushed back on it from later ones, should come by the end of the month"
    " before; planned_local: what the month then brings."
)
_EPOCH: Final = date(1970, 1, 1)

_CUTS: Final = """
select company_id, to_date, affected_until from marts.completeness where test = 'cut' and not is_complete order by company_id, to_date
"""


def judge_expected_cash(con: Connection, settings: Settings) -> None:
    """Write `marts.expected_cash`, `marts.forecast_record` and `marts.due_curve` from `marts.payment_tranche` and `marts.due_month`."""
    as_of: date = con.execute("select getvariable('as_of')::date").fetchall()[0][0]
    told = read_cash_book(con, settings)
    made = _Made(told, settings, [_Cut(*row) for row in con.execute(_CUTS).fetchall()])
    for day in _quarter_ends(as_of, settings.forecast.record_quarters):
        made.record(day, as_of)
    made.ahead(as_of)
    _write(con, CASH, made.cash, _CASH)
    _write(con, RECORD, made.past, _RECORD)
    comment(con, CASH, _CASH_GRAIN)
    comment(con, RECORD, _RECORD_GRAIN)
    _write_due_curve(con, settings, made)


def _quarter_ends(as_of: date, count: int) -> list[date]:
    """The last quarter ends before a day, in rising order."""
    ends: list[date] = []
    end = as_of
    for _ in range(count):
        end = date(end.year, (end.month - 1) // 3 * 3 + 1, 1) - timedelta(days=1)
        ends.append(end)
    return ends[::-1]


def _number(day: date) -> int:
    return (day - _EPOCH).days


def _day(number: int) -> date:
    return _EPOCH + timedelta(days=number)


@dataclass(frozen=True)
class _Forecast:
    """What is open and its chances, per company and period."""

    owed: Open
    found: Chances
    expected: Floats
    deviation: Floats
    has_history: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Cut:
    """A day over which hardly anything is open in what was told of a company, and the last day that this shows on."""

    company_id: str
    day: date
    until: date

    def touches(self, company_id: str, first: date, last: date) -> bool:
        """Whether what is missing would have been open on the first day, or come by the last."""
        return company_id == self.company_id and first <= self.until and last >= self.day


class _Made:
    """Rows of the tables, forecast after forecast in the order of their days."""

    def __init__(self, told: CashBook, settings: Settings, cuts: Sequence[_Cut]) -> None:
        self.told, self.settings = told, settings
        self.weeks = settings.forecast.weeks
        self.cash: list[dict[str, Any]] = []
        self.past: list[dict[str, Any]] = []
        self.months: list[dict[str, Any]] = []
        self.cuts = cuts
        self.errors: list[tuple[int, int, float]] = []
        """Company, last day of the week, error in standard deviations."""

    def forecast(self, then: Book, day: date, ends: Sequence[int], *, as_told: bool) -> _Forecast:
        """Forecast from the book of a day for the periods that end on days in rising order."""
        told, payers, at = self.told, self.told.payers, _number(day)
        calendar = told.calendar_of(day, as_told=as_told)
        seen = expected_cash.habits(
            then,
            _number(told.window_from(day)),
            lambda payer, days: told.days.last(calendar[payer], days),
        )
        owed = expected_cash.still_open(then)
        mine = calendar[owed.payer]
        start = told.days.last(mine, np.full(len(mine), at))
        until = np.stack([told.days.last(mine, np.full(len(mine), end)) for end in ends], axis=1)
        found = expected_cash.chances(
            seen, owed, payers, Periods(start, until), float(self.settings.forecast.shrinkage_customers)
        )
        return _Forecast(
            owed,
            found,
            expected_cash.by_company(owed, found.cash, payers),
            np.sqrt(expected_cash.variance(owed, found, payers)),
            np.bincount(payers.company[seen.payer[seen.is_cash]], minlength=payers.companies) > 0,
        )

    def ends(self, day: date) -> list[int]:
        """The last days of the weeks after a day."""
        return [_number(day) + 7 * week for week in range(1, self.weeks + 1)]

    def interval(self, company: int, at: int) -> tuple[float, str]:
        """How many standard deviations the interval of a forecast made on a day reaches, and what that is taken from."""
        known = np.array([error for whose, until, error in self.errors if whose == company and until <= at])
        found = cash_plan.reach(known, self.settings.forecast.record_weeks_min)
        return (cash_plan.normal_reach(), "customers") if found is None else (found, "record")

    def record(self, day: date, as_of: date) -> None:
        """Make a past forecast again and hold it against what came."""
        told, at, weeks = self.told, _number(day), self.weeks
        then = expected_cash.known(told.book, at, as_told=True)
        if not len(then.payer):
            return
        made = self.forecast(then, day, self.ends(day), as_told=True)
        book, payers = told.book, told.payers
        actual = expected_cash.came(book, payers, at, weeks, of_open=True, as_told=True)
        total = expected_cash.came(book, payers, at, weeks, of_open=False, as_told=True)
        median = expected_cash.at_median_delay(then, made.owed, payers, at, weeks)
        before = expected_cash.came(then, payers, at - 7 * weeks, weeks, of_open=True, as_told=True)
        for company in np.flatnonzero(made.has_history).tolist():
            reach, basis = self.interval(company, at)
            for week, end in enumerate(self.ends(day)):
                expected, deviation = made.expected[company, week], made.deviation[company, week]
                is_over = end <= _number(as_of)
                is_cut = any(cut.touches(told.company_ids[company], day, _day(end)) for cut in self.cuts)
                came = actual[company, week] if is_over else None
                forecasts = {
                    "forecast": expected,
                    "at_median_delay": median[company, week],
                    "weeks_before": before[company, week],
                }
                self.past.append(
                    {
                        "company_id": told.company_ids[company],
                        "forecast_on": day,
                        **_week(day, week),
                        **forecasts,
                        "lo": max(expected - reach * deviation, 0.0),
                        "hi": expected + reach * deviation,
                        "interval_basis": basis,
                        "is_cut": is_cut,
                        "actual": came,
                        "cash_local": total[company, week] if is_over else None,
                        **{
                            name: None if came is None else abs(forecasts[source] - came)
                            for name, source in _ERRORS.items()
                        },
                    }
                )
                if came is not None and deviation > 0 and not is_cut:
                    self.errors.append((company, end, (came - expected) / deviation))

    def ahead(self, as_of: date) -> None:
        """Forecast the weeks and the months ahead."""
        told, weeks = self.told, self.ends(as_of)
        months = _month_ends(as_of, self.settings.forecast.months)
        payers, at = told.payers, _number(as_of)
        now = expected_cash.known(told.book, at, as_told=False)
        made = self.forecast(now, as_of, weeks, as_told=False)
        overdue = expected_cash.by_company(made.owed, made.found.cash, payers, made.owed.due < at)
        owed = expected_cash.by_company(made.owed, np.ones((len(made.owed.payer), 1)), payers)[:, 0]
        by_month = self.forecast(now, as_of, [_number(end) for end in months], as_told=False)
        still = expected_cash.by_company(by_month.owed, by_month.found.still, payers)
        for company, company_id in enumerate(told.company_ids):
            is_told = bool(made.has_history[company])
            reach, basis = self.interval(company, at)
            for week in range(self.weeks):
                expected, deviation = made.expected[company, week], made.deviation[company, week]
                figures = {
                    "expected": expected,
                    "lo": max(expected - reach * deviation, 0.0),
                    "hi": min(expected + reach * deviation, owed[company]),
                    "expected_overdue": overdue[company, week],
                    "expected_not_due": expected - overdue[company, week],
                }
                self.cash.append(
                    {
                        "company_id": company_id,
                        **_week(as_of, week),
                        **{name: value if is_told else None for name, value in figures.items()},
                        "open_local": owed[company],
                        "interval_basis": basis if is_told else None,
                    }
                )
            if is_told:
                self.months += [
                    {
                        "company_id": company_id,
                        "period_end": end,
                        "expected_local": by_month.expected[company, month],
                        "expected_open_local": still[company, month],
                    }
                    for month, end in enumerate(months)
                ]


_ERRORS: Final = {
    "error": "forecast",
    "at_median_delay_error": "at_median_delay",
    "weeks_before_error": "weeks_before",
}


def _week(day: date, week: int) -> dict[str, Any]:
    first = day + timedelta(days=7 * week + 1)
    return {"week": week + 1, "from_date": first, "to_date": first + timedelta(days=6)}


def _month_ends(as_of: date, count: int) -> list[date]:
    """The end of the running month, unless it is over, and those after it."""
    firsts = [
        date(as_of.year + (as_of.month + ahead) // 12, (as_of.month + ahead) % 12 + 1, 1) for ahead in range(count + 1)
    ]
    return [end for end in (first - timedelta(days=1) for first in firsts) if end > as_of]


_MONEY: Final = "decimal(18, 4)"
_WEEK: Final = {"week": "integer", "from_date": "date", "to_date": "date"}
_CASH: Final = {
    "company_id": "varchar",
    **_WEEK,
    **dict.fromkeys(("expected", "lo", "hi", "expected_overdue", "expected_not_due", "open_local"), _MONEY),
    "interval_basis": "varchar",
}
_RECORD: Final = {
    "company_id": "varchar",
    "forecast_on": "date",
    **_WEEK,
    **dict.fromkeys(
        ("forecast", "lo", "hi", "actual", "cash_local", "at_median_delay", "weeks_before", *_ERRORS), _MONEY
    ),
    "interval_basis": "varchar",
    "is_cut": "boolean",
}
_MONTH: Final = {"company_id": "varchar", "period_end": "date", "expected_local": _MONEY, "expected_open_local": _MONEY}
_PLAN: Final = {
    "company_id": "varchar",
    "period_end": "date",
    **dict.fromkeys(("load_local", "level_local", "bring_forward_local", "planned_local"), _MONEY),
}
_ARROW: Final = {
    "varchar": pa.string(),
    "date": pa.date32(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    _MONEY: pa.float64(),
}


def _registered(con: Connection, name: str, rows: list[dict[str, Any]], columns: dict[str, str]) -> str:
    schema = pa.schema([(column, _ARROW[kind]) for column, kind in columns.items()])
    con.register(name, pa.Table.from_pylist(rows, schema))
    return ", ".join(
        f"round({column}, 4)::{kind} as {column}" if kind == _MONEY else column for column, kind in columns.items()
    )


def _write(con: Connection, table: str, rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
    select = _registered(con, "told_cash", rows, columns)
    con.execute(f"create table {table} as select getvariable('as_of') as as_of, {select} from told_cash")
    con.unregister("told_cash")


_LOADS: Final = """
select
  month.company_id, month.period_end,
  greatest(told.expected_local, coalesce(month.usual_cash_local, 0) - month.cash_local, 0)::double as load
from marts.due_month as month
inner join told_month as told on month.company_id = told.company_id and month.period_end = told.period_end
order by month.company_id, month.period_end
"""


def _write_due_curve(con: Connection, settings: Settings, made: _Made) -> None:
    months = _registered(con, "told_month", made.months, _MONTH)
    rows = con.execute(_LOADS).fetchall()
    plan: list[dict[str, Any]] = []
    for company in dict.fromkeys(row[0] for row in rows):
        mine = [row for row in rows if row[0] == company]
        load = np.array([row[2] for row in mine])
        month_level = cash_plan.level(load, float(settings.forecast.level_share))
        moved = cash_plan.brought_forward(load, month_level)
        plan += [
            dict(zip(_PLAN, (*row[:2], *numbers), strict=True))
            for row, numbers in zip(
                mine,
                zip(load, np.full(len(load), month_level), moved, cash_plan.planned(load, moved), strict=True),
                strict=True,
            )
        ]
    plans = _registered(con, "told_plan", plan, _PLAN)
    con.execute(
        f"create table {DUE} as select month.*, told.expected_local, told.expected_open_local, plan.load_local, plan.level_local,"
        " plan.bring_forward_local, plan.planned_local from marts.due_month as month"
        f" left join (select {months} from told_month) as told on month.company_id = told.company_id and month.period_end = told.period_end"
        f" left join (select {plans} from told_plan) as plan on month.company_id = plan.company_id and month.period_end = plan.period_end"
    )
    con.unregister("told_month")
    con.unregister("told_plan")
    comment(con, DUE, _DUE_GRAIN)
