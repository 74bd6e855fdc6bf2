"""Expected cash on random ledgers: what must hold of any forecast, that it reads the published curve, and that a past one knows nothing told since."""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from receivables.assets import sql_dir
from receivables.engine import connect
from receivables.engine.duckdb import write_params
from receivables.engine.models import read_model
from receivables.judgement import judge_expected_cash
from receivables.policy import collection, expected_cash
from receivables.policy.collection import Tranches
from receivables.policy.expected_cash import Book, Chances, Open, Payers, Periods
from receivables.policy.paying_days import PayingDays
from receivables.settings import Forecast, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

AS_OF: Final = date(2026, 10, 31)
DAY: Final = (AS_OF - date(1970, 1, 1)).days
EACH_DAY: Final = PayingDays(0, np.zeros((1, 1), dtype=np.int64))
PAYERS: Final = Payers(np.zeros(4, dtype=np.int64), np.arange(4), np.array([0, 0, 1, 1]))

row = st.tuples(
    st.integers(0, 3),
    st.integers(1, 5000),
    st.integers(-200, 60),  # due, from the as-of date
    st.integers(0, 40),  # terms
    st.none() | st.tuples(st.integers(-20, 120), st.sampled_from([1, 1, 1, 2, 3])),  # days after due, cause
)
ledgers = st.lists(row, min_size=1, max_size=40)


def book(rows: list[Any]) -> Book:
    """Invoices as they are known at the as-of date."""
    told: list[tuple[Any, ...]] = []
    for payer, amount, due, terms, left in sorted(rows, key=lambda each: each[0]):
        issued = DAY + due - terms
        if issued > DAY:
            continue
        exit_day = DAY if left is None else max(DAY + due + left[0], issued)
        has_left = left is not None and exit_day <= DAY
        told.append(
            (
                *(payer, DAY + due, issued, issued, issued - 1, issued, min(exit_day, DAY), exit_day),
                *(left[1] if has_left else 0, float(amount), 1),
            )
        )
    assume(told)
    columns = zip(*told, strict=True)
    return Book(**{name: np.array(values) for name, values in zip(Book.__dataclass_fields__, columns, strict=True)})


def forecast(then: Book, days: list[int], customers: float) -> tuple[Open, Chances]:
    """The chances by each of so many days from now."""
    seen = expected_cash.habits(then, 0, lambda payer, day: EACH_DAY.last(payer * 0, day))
    owed = expected_cash.still_open(then)
    start = np.full(len(owed.payer), DAY)
    return owed, expected_cash.chances(seen, owed, PAYERS, Periods(start, start[:, None] + np.array(days)), customers)


@given(rows=ledgers, customers=st.sampled_from([0.0, 0.5, 5.0, 1e9]))
def test_no_week_is_negative_and_all_of_them_bring_no_more_than_is_open(rows: list[Any], customers: float) -> None:
    _, found = forecast(book(rows), [*range(7, 92, 7), 5000], customers)
    assert (found.cash >= 0).all()
    assert (found.cash.sum(axis=1) + found.still[:, -1] <= 1 + 1e-9).all()
    assert (np.diff(found.still, axis=1) <= 1e-12).all()


@given(rows=ledgers)
def test_of_the_company_alone_it_is_the_chance_of_success_of_the_published_curve(rows: list[Any]) -> None:
    then = book(rows)
    owed, found = forecast(then, [90], 1e12)
    due = then.rows(then.due <= DAY)
    assume(len(due.due))
    tranches = Tranches(
        entry_age=np.full(len(due.due), -1),
        exit_age=np.maximum(due.exit_day - due.due, 0),
        cause=due.cause,
        weight=due.amount,
        group=due.payer,
        groups=4,
    )
    ages = tranches.ages()
    curve = collection.estimate(ages, tranches.moved(ages).sum(axis=1))
    is_overdue = owed.due <= DAY
    overdue = DAY - owed.due[is_overdue]
    told = collection.conditional_success(curve, overdue, overdue + 90, 100_000)
    assert found.cash[is_overdue, 0] == pytest.approx(told.p, abs=1e-6)


def judged(rows: list[Any], cuts: Sequence[tuple[date, date, bool | None]] = ()) -> dict[str, list[tuple[Any, ...]]]:
    """The tables that follow from units of money: customer, amount, due, issued, told, left, cause, what became of it told.

    `cuts`: days over which little is open, the last day that shows it, and whether what was told there is complete.
    """
    asked = Settings(forecast=Forecast(record_quarters=2, record_weeks_min=10))
    with closing(connect()) as con:
        write_params(con, asked)
        con.execute(f"set variable as_of = date '{AS_OF}'")
        con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
        con.execute("create schema core; create schema marts")
        con.execute(
            "create table core.contract (company_id varchar, customer_id varchar, contract_id varchar, paydays varchar, signed_date date, valid_from date, valid_to date, recorded_at timestamp)"
        )
        con.execute(
            "create table marts.payment_tranche (company_id varchar, customer_id varchar, amount_local decimal(18, 4), due_date_original date, doc_date date, counts_from date,"
            " seen_after date, debt_recorded_on date, exit_date date, exit_recorded_on date, cause integer, territory varchar, salesperson varchar, grade varchar, terms varchar,"
            " amount_band varchar, customer_type varchar)"
        )
        for customer, amount, due, issued, told_on, left, cause, left_told_on in rows:
            con.execute(
                "insert into marts.payment_tranche values ('A', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, null, null, null, 'T', null, null)",
                [customer, amount, due, issued, issued, issued - timedelta(days=1), told_on, left, left_told_on, cause],
            )
        con.execute(f"create table marts.due_month as {read_model(sql_dir() / 'marts' / 'due_month.sql').sql}")
        con.execute(
            "create table marts.completeness (company_id varchar, test varchar, to_date date, affected_until date, is_complete boolean)"
        )
        for cut in cuts:
            con.execute("insert into marts.completeness values ('A', 'cut', ?, ?, ?)", cut)
        judge_expected_cash(con, asked)
        return {
            name: con.execute(f"select {columns} from marts.{name} order by all").fetchall()
            for name, columns in {
                "forecast_record": "forecast_on, week, forecast, lo, hi, at_median_delay, weeks_before, interval_basis, is_cut",
                "expected_cash": "week, expected, lo, hi, open_local",
            }.items()
        }


@settings(
    derandomize=True,
    max_examples=5,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    history=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 500), st.integers(0, 60)), min_size=4, max_size=12),
    late=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 500), st.integers(0, 60)), min_size=1, max_size=6),
)
def test_what_was_told_after_a_past_date_changes_nothing_in_its_forecast(history: list[Any], late: list[Any]) -> None:
    quarter_end = date(2026, 9, 30)
    issued = date(2026, 6, 1)
    rows = [
        (
            f"C{who}",
            amount,
            issued + timedelta(days=30),
            issued,
            issued,
            issued + timedelta(days=30 + delay),
            1,
            issued + timedelta(days=30 + delay),
        )
        for who, amount, delay in history
    ]
    rows.append(("C9", 100, quarter_end, issued, issued, AS_OF, 0, AS_OF))
    told_late = AS_OF - timedelta(days=1)
    # dated before the quarter end and told after it: invoices with their payments, and a payment of the one that was open
    more = [
        (
            f"C{who}",
            amount,
            issued + timedelta(days=30),
            issued,
            told_late,
            issued + timedelta(days=30 + delay),
            1,
            told_late,
        )
        for who, amount, delay in late
    ]
    paid = [*rows[:-1], (*rows[-1][:5], quarter_end, 1, told_late)]
    before, after, settled = (judged(these) for these in (rows, [*rows, *more], paid))
    assert [row for row in before["forecast_record"] if row[0] == quarter_end]
    assert after["forecast_record"] == before["forecast_record"]
    assert settled["forecast_record"] == before["forecast_record"]
    assert settled["expected_cash"] != before["expected_cash"]
    assert sum(row[1] for row in before["expected_cash"]) <= before["expected_cash"][0][4]


def test_weeks_that_look_at_a_day_over_which_the_files_were_cut_are_marked_and_set_no_interval() -> None:
    paid = [
        (f"C{who}", 100, due, due - timedelta(days=120), due - timedelta(days=120), left, 1, left)
        for who in range(8)
        for due, left in (
            (date(2026, 3, 1) + timedelta(days=9 * turn), date(2026, 3, 1) + timedelta(days=9 * turn + who))
            for turn in range(24)
        )
    ]
    whole = judged(paid, [(date(2026, 8, 31), date(2026, 9, 15), None), (date(2026, 9, 15), date(2026, 10, 31), True)])
    cut = judged(paid, [(date(2026, 8, 31), date(2026, 9, 15), False)])
    summer, autumn = date(2026, 6, 30), date(2026, 9, 30)
    assert {row[-1] for row in whole["forecast_record"]} == {False}, "what was not judged, or is whole, is no cut"
    assert {row[-2] for row in whole["forecast_record"] if row[0] == autumn} == {"record"}
    marked = {(row[0], row[1]) for row in cut["forecast_record"] if row[-1]}
    assert marked == {(summer, week) for week in range(9, 14)}, (
        "the weeks that reach the day; by autumn it no longer shows"
    )
    assert {row[-2] for row in cut["forecast_record"] if row[0] == autumn} == {"customers"}, "eight weeks are too few"
    forecasts = [[row[:3] for row in told["forecast_record"]] for told in (whole, cut)]
    assert forecasts[0] == forecasts[1]
