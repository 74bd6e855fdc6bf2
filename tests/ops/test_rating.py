"""Ratings of a whole night: what is certain acts the same night, who has no history is not average, and a review does not know what came after it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from factories import Row, allocation, company, customer, document, payment
from homes import ask, quick_night, tell

if TYPE_CHECKING:
    from pathlib import Path

AS_OF: Final = date(2026, 5, 20)
"""In the middle of a quarter: scores move no grade then."""

CUSTOMERS: Final = ("punctual", "late", "insolvent", "new", "old_debt", "unheard")


def invoices(customer_id: str, count: int, days_late: int | None) -> dict[str, list[Row]]:
    """So many monthly invoices of 1,000 from the end of 2024 on, each paid so many days after it was due, or never."""
    rows: dict[str, list[Row]] = {"document": [], "payment": [], "allocation": []}
    for number in range(count):
        key, issued = f"{customer_id}{number}", date(2024, 11, 1) + timedelta(days=30 * number)
        due = issued + timedelta(days=30)
        rows["document"].append(document(key, 1000, customer_id=customer_id, doc_date=issued, due_date=due))
        if days_late is None or (paid := due + timedelta(days=days_late)) > AS_OF:
            continue
        rows["payment"].append(payment(f"P{key}", 1000, customer_id=customer_id, pay_date=paid))
        rows["allocation"].append(
            allocation(f"A{key}", 1000, from_payment_id=f"P{key}", to_doc_id=key, alloc_date=paid)
        )
    return rows


def business() -> dict[str, list[Row]]:
    parts = [
        invoices("punctual", 18, 0),
        invoices("late", 18, 40),
        invoices("insolvent", 18, 0),
        invoices("new", 2, 0),
        invoices("old_debt", 4, None),
    ]
    told = {name: [row for part in parts for row in part[name]] for name in ("document", "payment", "allocation")}
    by = {"company_id": "ES01"}
    event = by | {"customer_id": "insolvent", "event_date": AS_OF, "kind": "insolvency", "event_id": "E1"}
    facts = by | {"as_of": date(2025, 12, 31), "founded_date": date(2000, 1, 1), "registered_capital": Decimal(100)}
    file = [facts | {"customer_id": name, "paid_in_capital": Decimal(100)} for name in ("late", "unheard")]
    return {
        **told,
        "company": [company()],
        "customer": [customer(name) for name in CUSTOMERS],
        "customer_event": [event],
        "integrity_file": file,
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one night."""
    home = tmp_path_factory.mktemp("rating") / "home"
    receivables.init(home)
    tell(home, business(), AS_OF)
    quick_night(home)
    return home


def rating(home: Path, customer_id: str, *columns: str) -> tuple[Any, ...]:
    return ask(home, f"select {', '.join(columns)} from marts.rating where customer_id = 'ES01:{customer_id}'")[0]


def test_who_pays_well_and_is_known_too_little_is_graded_no_better_than_the_middle(home: Path) -> None:
    status, raw, grade, completeness = rating(home, "punctual", "status", "raw_grade", "grade", "completeness")
    assert (status, raw, grade) == ("rated", "A", "C")
    assert completeness < 0.6


def test_a_payer_who_is_late_scores_less_for_the_reasons_told(home: Path) -> None:
    ((late,), (punctual,)) = (rating(home, name, "score") for name in ("late", "punctual"))
    assert late < punctual
    (reasons,) = rating(home, "late", "reasons")
    assert "share_late_30" in [reason["code"] for reason in json.loads(reasons)]


def test_who_has_no_history_is_insufficient_and_never_average(home: Path) -> None:
    for name in ("new", "unheard"):
        assert rating(home, name, "status", "score", "raw_grade", "grade", "recommended_limit") == (
            *("insufficient", None, None, None, None),
        )


def test_a_hard_event_caps_the_grade_the_same_night(home: Path) -> None:
    grade, previous, limit, supply, reasons = rating(
        home, "insolvent", "grade", "previous_grade", "recommended_limit", "supply", "reasons"
    )
    assert (grade, previous, limit, supply) == ("F", "C", 0, "prepaid")
    assert json.loads(reasons)[0] == {"code": "insolvency", "params": {"days": 0}}


def test_old_debt_that_counts_caps_also_who_has_no_score(home: Path) -> None:
    assert rating(home, "old_debt", "status", "grade") == ("insufficient", "E")


def test_a_review_is_the_same_whenever_it_is_looked_at(home: Path, tmp_path: Path) -> None:
    columns = "review_date, customer_id, score, completeness, raw_grade, ruled_grade, grade, cap"
    told = f"select {columns} from marts.rating_history where review_date <= '2026-03-31' order by all"
    later = ask(home, told)
    earlier = tmp_path / "home"
    receivables.init(earlier)
    tell(earlier, business(), AS_OF)
    receivables.ingest([earlier / "inbox"], earlier)
    receivables.build(earlier, as_of=date(2026, 3, 31))
    assert ask(earlier, told) == later
    assert later


def test_what_is_owed_by_rated_customers_is_what_the_ledger_says_and_what_is_new_is_told(home: Path) -> None:
    told = (
        "select sum(case metric when 'receivables_total' then value when 'unapplied_total' then -value else 0 end),"
        " sum(case metric when 'overdue_total' then value else 0 end) from marts.kpi where period_end = as_of"
    )
    assert ask(home, "select sum(owed_local), sum(overdue_local) from marts.rating_exposure") == ask(home, told)
    new = "select substr(customer_id, 6), rerated_grade from marts.rating_exposure where has_new_grade order by customer_id"
    assert ask(home, new) == [("insolvent", "C")]
    assert ask(home, "select since, is_older from marts.hard_event_since where event = 'insolvency'") == [
        (AS_OF, False)
    ]
