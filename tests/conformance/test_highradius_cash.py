"""A food company's real ledger: what was expected at past quarter ends, from what was known then, against what followed."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

import receivables
from homes import ask
from receivables.judgement.cash_book import read_cash_book
from receivables.policy import collection, expected_cash
from receivables.policy.collection import Tranches
from receivables.settings import Settings

if TYPE_CHECKING:
    from receivables.judgement.cash_book import CashBook

QUARTER_ENDS: Final = (date(2019, 3, 31), date(2019, 6, 30), date(2019, 9, 30))
DAYS: Final = np.array([7, 15, 30, 60])
WRITTEN: Final = {
    "estimate": [0.815, 0.895, 0.933, 0.984],
    "shortcut": [0.872, 0.945, 0.972, 0.998],
    "truth": [0.823, 0.900, 0.935, 0.979],
}
"""What stands beside the data set for the first quarter end, of 3,022 overdue items, 311 of them then open."""


@pytest.fixture(scope="module")
def told(settled_invoices: Path) -> CashBook:
    """What the forecasts are made of."""
    with receivables.open_warehouse(settled_invoices) as warehouse:
        return read_cash_book(warehouse.con, Settings())


def shares(told: CashBook, day: date) -> tuple[dict[str, list[float]], int, int]:
    """By count, the share of items overdue by a day that are paid so many days after due: as estimated then, of those paid by then, and as it came."""
    book, at = told.book, (day - date(1970, 1, 1)).days
    late = book.rows(np.minimum(book.exit_day, at) > book.due)
    then = expected_cash.known(late, at, as_told=True)
    age = then.exit_day - then.due
    tranches = Tranches(
        np.zeros_like(age), age, then.cause, then.count.astype(np.float64), np.zeros_like(age), groups=1
    )
    ages = tranches.ages(DAYS.tolist())
    curve = collection.estimate(ages, tranches.moved(ages).sum(axis=1))
    paid = then.rows(then.cause > 0)
    followed = late.rows((late.counts_from <= at) & (late.told_on <= at))
    return (
        {
            "estimate": curve.cash[np.searchsorted(ages, DAYS)].tolist(),
            "shortcut": [paid.count[paid.exit_day - paid.due <= d].sum() / paid.count.sum() for d in DAYS],
            "truth": [followed.count[followed.exit_day - followed.due <= d].sum() / followed.count.sum() for d in DAYS],
        },
        int(then.count.sum()),
        int(then.count[then.cause == 0].sum()),
    )


def test_the_written_figures_of_the_first_quarter_end_come_out(told: CashBook) -> None:
    found, overdue, still_open = shares(told, QUARTER_ENDS[0])
    assert (overdue, still_open) == (3_022, 311)
    for name, written in WRITTEN.items():
        assert found[name] == pytest.approx(written, abs=0.0006), name


@pytest.mark.parametrize("day", QUARTER_ENDS)
def test_the_share_paid_is_forecast_within_a_point_and_the_shortcut_is_worse(told: CashBook, day: date) -> None:
    found, _, _ = shares(told, day)
    off = {name: np.abs(np.array(found[name]) - found["truth"]) for name in ("estimate", "shortcut")}
    assert off["estimate"].max() <= 0.010
    assert (off["shortcut"] > off["estimate"]).all()


def test_expected_cash_errs_less_than_both_baselines_out_of_time(settled_invoices: Path) -> None:
    record = ask(
        settled_invoices,
        "select forecast_on, count(*), avg(error), avg(at_median_delay_error), avg(weeks_before_error), avg((actual between lo and hi)::integer)"
        " from marts.forecast_record where forecast_on between date '2019-03-31' and date '2019-09-30' group by forecast_on order by forecast_on",
    )
    assert [(day, weeks) for day, weeks, *_ in record] == [(day, 13) for day in QUARTER_ENDS]
    for day, _, error, at_median, weeks_before, within in record:
        assert error < at_median, day
        assert error < weeks_before, day
        assert within >= 0.80, day


def test_the_quarter_end_at_which_the_file_was_cut_is_marked_and_no_other(settled_invoices: Path) -> None:
    """The file holds what was settled by the end of 2019: nothing is open over that day."""
    marked = ask(
        settled_invoices,
        "select forecast_on, bool_and(is_cut), bool_or(is_cut) from marts.forecast_record where forecast_on >= date '2019-03-31' group by forecast_on order by forecast_on",
    )
    assert marked == [*((day, False, False) for day in QUARTER_ENDS), (date(2019, 12, 31), True, True)]


def test_all_weeks_of_a_forecast_bring_what_came_within_a_few_percent(settled_invoices: Path) -> None:
    for forecast, actual in ask(
        settled_invoices,
        "select sum(forecast)::double, sum(actual)::double from marts.forecast_record where forecast_on between date '2019-03-31' and date '2019-09-30' group by forecast_on",
    ):
        assert forecast == pytest.approx(actual, rel=0.02)
