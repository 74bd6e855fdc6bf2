"""Past forecasts and past behaviour of a subledger told night by night: made of what had been told by their day, whatever files tell later of days before it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from factories import company, customer, entry
from homes import ask, tell

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

pytestmark = pytest.mark.wide

FIRST: Final = date(2024, 3, 31)
"""A quarter end, and the day of the first extract."""
SECOND: Final = date(2024, 4, 29)
AS_OF: Final = date(2024, 4, 30)

Row = dict[str, Any]


def paid(key: str, who: int, issued: date, delay: int, amount: int = 100) -> Iterable[Row]:
    """An invoice due after 30 days and the receipt that clears it so many days after that, told together."""
    cleared = issued + timedelta(days=30 + delay)
    clearing = {"customer_id": f"C{who}", "clearing_no": f"Z{key}", "clearing_date": cleared}
    yield entry(f"I{key}", amount, doc_date=issued, due_date=issued + timedelta(days=30), **clearing)
    yield entry(f"P{key}", -amount, doc_date=cleared, **clearing)


def history() -> list[Row]:
    """A year and a half of six customers, and an invoice of each that is open at the quarter end."""
    rows: list[Row] = []
    for who in range(6):
        for turn in range(30):
            issued = date(2022, 9, 1) + timedelta(days=17 * turn + who)
            rows += paid(f"{who}.{turn}", who, issued, delay=(7 * turn + 3 * who) % 40)
        due = date(2024, 2, 20) + timedelta(days=9 * who)
        rows.append(entry(f"O{who}", 70, customer_id=f"C{who}", doc_date=due - timedelta(days=30), due_date=due))
    return rows


def cleared_late() -> list[Row]:
    """What was open at the quarter end as it turns out to have been cleared before it."""
    day = date(2024, 3, 25)
    clearing = {"customer_id": "C0", "clearing_no": "ZO", "clearing_date": day}
    due = date(2024, 2, 20)
    return [
        entry("O0", 70, doc_date=due - timedelta(days=30), due_date=due, **clearing),
        entry("PO", -70, doc_date=day, **clearing),
    ]


def named_late() -> list[Row]:
    """A receipt of before the quarter end that names the invoice it pays."""
    return [entry("PN", -70, customer_id="C1", doc_date=date(2024, 3, 20), applies_to="O1")]


def settled_late() -> list[Row]:
    """An invoice that the ERP then calls settled, on a day before the quarter end, without saying by what."""
    due = date(2024, 2, 20) + timedelta(days=18)
    return [
        entry("O2", 70, customer_id="C2", doc_date=due - timedelta(days=30), due_date=due)
        | {"open_doc": 0, "settled_date": date(2024, 3, 22)}
    ]


def posted_late() -> list[Row]:
    """Invoices of before the quarter end told after it: one open, one already paid."""
    open_one = entry("L1", 500, customer_id="C3", doc_date=date(2024, 1, 20), due_date=date(2024, 2, 19))
    return [open_one, *paid("L2", 4, date(2024, 1, 5), delay=20, amount=400)]


def record(home: Path, *nights: tuple[date, list[Row]]) -> dict[str, list[tuple[Any, ...]]]:
    """Tell nights, the first in full, and read what is told of past forecasts and of the weeks ahead."""
    for place, (day, rows) in enumerate(nights):
        who = {"company": [company()], "customer": [customer(f"C{n}") for n in range(6)]} if not place else {}
        files = tell(home, {**who, "entry": rows}, day, full=not place)
        receivables.ingest(files, home)
    receivables.build(home, as_of=AS_OF)
    return {
        "past": ask(
            home,
            "select forecast_on, week, forecast, lo, hi, at_median_delay, weeks_before from marts.forecast_record order by all",
        ),
        "ahead": ask(home, "select week, expected, open_local from marts.expected_cash order by all"),
        "behaviour": ask(home, f"from marts.payment_behaviour where period_end <= date '{FIRST}' order by all"),
        "behaviour now": ask(home, f"from marts.payment_behaviour where period_end = date '{AS_OF}' order by all"),
    }


@pytest.fixture(scope="module")
def as_told_first(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    return record(tmp_path_factory.mktemp("first"), (FIRST, history()))


@pytest.mark.parametrize("late", [cleared_late, named_late, settled_late, posted_late])
def test_what_entries_told_later_say_of_days_before_changes_no_past_forecast_and_no_past_behaviour(
    late: Any, tmp_path: Path, as_told_first: dict[str, list[tuple[Any, ...]]]
) -> None:
    found = record(tmp_path, (FIRST, history()), (SECOND, late()))
    assert {row[0] for row in found["past"]} >= {FIRST, date(2023, 12, 31)}
    assert found["past"] == as_told_first["past"]
    assert found["ahead"] != as_told_first["ahead"]
    assert found["behaviour"] == as_told_first["behaviour"] != []
    assert found["behaviour now"] != as_told_first["behaviour now"]


def test_what_the_first_extract_tells_counts_on_its_own_day(
    tmp_path: Path, as_told_first: dict[str, list[tuple[Any, ...]]]
) -> None:
    """A first load is history: its postings were in the ledger on their own days. Told again in full a month later, nothing of it becomes late."""
    for day in (FIRST, SECOND):
        rows = {"company": [company()], "customer": [customer(f"C{n}") for n in range(6)], "entry": history()}
        receivables.ingest(tell(tmp_path, rows, day), tmp_path)
    receivables.build(tmp_path, as_of=AS_OF)
    again = ask(
        tmp_path,
        "select forecast_on, week, forecast, lo, hi, at_median_delay, weeks_before from marts.forecast_record order by all",
    )
    assert again == as_told_first["past"]
    assert [row for row in again if row[0] == date(2023, 12, 31) and row[2] > 0]
