"""Expected cash, worked out by hand: two customers, paying days, the plan that brings a hill forward."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import numpy as np
import pytest

from receivables.policy import cash_plan, expected_cash
from receivables.policy.expected_cash import Book, Payers, Periods
from receivables.policy.paying_days import PayingDays, agreed_days, paying_days

DAY: Final = 20_000
WINDOW: Final = DAY - 730
EACH_DAY: Final = PayingDays(0, np.zeros((1, 1), dtype=np.int64))
TWO: Final = Payers(np.array([0, 0]), np.array([0, 1]), np.array([0, 0]))


def book(rows: list[tuple[Any, ...]]) -> Book:
    """Invoices issued 30 days before due: payer, amount, due day, delay at which it left (None: open), and when that was told."""
    columns: dict[str, list[Any]] = {name: [] for name in Book.__dataclass_fields__}
    for payer, amount, due, delay, *told in rows:
        left = DAY if delay is None else due + delay
        columns["payer"].append(payer)
        columns["due"].append(due)
        for name in ("doc_date", "counts_from", "told_on"):
            columns[name].append(due - 30)
        columns["seen_after"].append(due - 31)
        columns["exit_day"].append(left)
        columns["exit_told_on"].append(told[0] if told else left)
        columns["cause"].append(0 if delay is None else expected_cash.CASH)
        columns["amount"].append(float(amount))
        columns["count"].append(1)
    return Book(**{name: np.array(values) for name, values in columns.items()})


LEDGER: Final = [
    (0, 100, DAY - 200, 5),
    (0, 100, DAY - 190, 5),
    (0, 100, DAY - 180, 12),
    (0, 100, DAY - 170, 20),
    (0, 100, DAY - 10, None),
    (1, 200, DAY - 100, -3),
    (1, 200, DAY - 90, 4),
    (1, 300, DAY + 2, None),
]
"""The first customer, ten days late, paid half of what was then open after 12 days, the rest after 20; the second pays 3 days early or 4 late."""


def forecast(rows: list[tuple[Any, ...]], customers: float, weeks: int = 4) -> Any:
    then = expected_cash.known(book(rows), DAY, as_told=True)
    seen = expected_cash.habits(then, WINDOW, lambda payer, day: EACH_DAY.last(payer * 0, day))
    owed = expected_cash.still_open(then)
    start = np.full(len(owed.payer), DAY)
    ends = start[:, None] + 7 * np.arange(1, weeks + 1)
    found = expected_cash.chances(seen, owed, TWO, Periods(start, ends), customers)
    return owed, found


@pytest.mark.parametrize(
    ("customers", "expected"),
    [
        # of the first, 50 after 12 days (week 1) and 50 after 20 (week 2); of the second all after 4 days (week 1)
        (0, [350, 50, 0, 0]),
        # half of the money at risk at each delay is added at the company's rate: after 4 days (200 + 350 · 2/7) / 550 of the second's 300, after 5
        # days 0.4 of the rest, after 12 half, after 20 all: 218.1818 in week 1, 40.9091 in weeks 2 and 4; the first is alone at its delays
        (1, [50 + 2400 / 11, 50 + 450 / 11, 0, 450 / 11]),
    ],
)
def test_the_weeks_of_a_ledger_of_two_customers(customers: float, expected: list[float]) -> None:
    owed, found = forecast(LEDGER, customers)
    assert expected_cash.by_company(owed, found.cash, TWO)[0] == pytest.approx(expected)


def test_invoices_of_a_customer_vary_together() -> None:
    more = [*LEDGER, (0, 100, DAY - 9, None)]
    owed, found = forecast(sorted(more, key=lambda row: row[0]), 0.0, weeks=1)
    # 100 · √(¼) each, come or stay away together: (50 + 50)²; the second customer is certain
    assert found.cash[:, 0].tolist() == pytest.approx([0.5, 0.5, 1.0])
    assert expected_cash.variance(owed, found, TWO)[0, 0] == pytest.approx(10_000)


def test_what_was_told_later_is_open_and_what_was_not_told_is_not_there() -> None:
    rows = [(0, 100, DAY - 200, 5, DAY - 195), (0, 70, DAY - 50, 5, DAY + 1)]
    then = expected_cash.known(book(rows), DAY, as_told=True)
    assert (then.cause.tolist(), then.exit_day.tolist()) == ([1, 0], [DAY - 195, DAY])
    assert expected_cash.known(book(rows), DAY, as_told=False).cause.tolist() == [1, 1]
    assert expected_cash.known(book(rows), DAY - 100, as_told=True).amount.tolist() == [100]


def test_baselines_and_what_came() -> None:
    rows = [*LEDGER[:4], (0, 100, DAY - 10, 12), *LEDGER[5:7], (1, 300, DAY + 2, 20), (1, 40, DAY + 38, 0)]
    told = book(rows)
    then = expected_cash.known(told, DAY, as_told=True)
    owed = expected_cash.still_open(then)
    # medians: 5 days and -3; what should have come by now comes in the first week
    assert expected_cash.at_median_delay(then, owed, TWO, DAY, 4).tolist() == [[400, 0, 0, 0]]
    came = [expected_cash.came(told, TWO, DAY, 6, of_open=of_open, as_told=True).tolist() for of_open in (True, False)]
    assert came == [[[100, 0, 0, 300, 0, 0]], [[100, 0, 0, 300, 0, 40]]]


def test_what_came_on_monday_was_ready_since_saturday_and_what_is_ready_on_saturday_comes_on_monday() -> None:
    monday = (date(2026, 10, 5) - date(1970, 1, 1)).days
    first = monday - 7
    week = np.array([True] * 5 + [False] * 2)
    calendar = paying_days(first, np.tile(week, 4)[None, :])
    assert calendar.last(np.array([0, 0, 0]), np.array([monday - 1, monday, first - 9])).tolist() == [
        monday - 3,
        monday,
        first - 9,
    ]
    one = Payers(np.array([0]), np.array([0]), np.array([0]))
    paid = expected_cash.known(book([(0, 90, monday - 4, 4)]), DAY + 999, as_told=False)
    seen = expected_cash.habits(paid, 0, lambda payer, day: calendar.last(payer * 0, day))
    assert sorted(zip(seen.exit.tolist(), seen.weight.tolist(), strict=True)) == [(2, 30), (3, 30), (4, 30)]
    # due on a Thursday, asked on that day: a third is ready on each of Saturday, Sunday and Monday, and all of it comes on Monday
    thursday = monday + 3
    owed = expected_cash.still_open(book([(0, 60, thursday, None)]))
    ends = np.array([[calendar.last(np.array([0]), np.array([day]))[0] for day in (thursday + 3, thursday + 4)]])
    found = expected_cash.chances(seen, owed, one, Periods(np.array([thursday]), ends), 0.0)
    assert found.cash == pytest.approx(np.array([[0.0, 1.0]]))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("dom:5,20;cutoff:25", [5, 20]),
        ("last", [30]),
        ("dom:31", [30]),
        ("dow:3", [2, 9, 16, 23, 30]),
        ("dom:12", [14]),  # a Saturday
        ("dom:28;last", [28, 30]),
        ("cutoff:25", [1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22, 23, 24, 25, 28, 29, 30]),
    ],
)
def test_agreed_paydays(text: str, days: list[int]) -> None:
    first = date(2026, 9, 1)
    is_business_day = np.array([date(2026, 9, day).isoweekday() < 6 for day in range(1, 31)])
    found = agreed_days(text, (first - date(1970, 1, 1)).days, is_business_day)
    # the 5th and the 20th of September 2026 fall on a weekend
    moved = {5: 7, 20: 21}
    assert (np.flatnonzero(found) + 1).tolist() == [moved.get(day, day) for day in days]


def test_a_hill_is_brought_forward_month_by_month_and_nothing_is_lost() -> None:
    load = np.array([40.0, 60, 100, 200, 100, 100])
    month_level = cash_plan.level(load, 1.25)
    moved = cash_plan.brought_forward(load, month_level)
    assert month_level == 125
    assert moved.tolist() == [0, 0, 50, 75, 0, 0]
    assert cash_plan.planned(load, moved).tolist() == [40, 110, 125, 125, 100, 100]


def test_an_interval_reaches_as_far_as_past_errors_did() -> None:
    errors = np.array([*np.linspace(-1, 1, 39), 5.0])
    assert cash_plan.reach(errors, 41) is None
    assert cash_plan.reach(errors, 40) == 1.0
    assert cash_plan.normal_reach() == pytest.approx(1.96, abs=0.001)


@pytest.mark.parametrize("late", [14, 400])
def test_what_is_long_overdue_is_followed_as_exactly_as_what_is_not(late: int) -> None:
    # 99,999 of 100,001 left on the 30th day late, the rest is open: of what is later than that, half of 1 came at 410 days
    rows = [(0, 99_999, DAY - 500, 30), (0, 1, DAY - 500, 410), (0, 1, DAY - 600, None), (0, 7, DAY - late, None)]
    owed, found = forecast(sorted(rows, key=lambda row: row[2]), 0.0)
    assert owed.due.tolist() == [DAY - 600, DAY - late]
    after_30 = 2 / 100_001
    expected = {14: [0, 0, 1 - after_30, 0], 400: [0, 0.5, 0, 0]}[late]
    assert found.cash[1].tolist() == pytest.approx(expected, rel=1e-12)
    assert found.still[1, -1] == pytest.approx(after_30 if late == 14 else 0.5, rel=1e-12)
