"""Ratings of a whole night: what is certain acts the same night, who has no history is not average, and a review does not know what came after it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

import receivables
from homes import ask, tell
from rated_business import AS_OF, business

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def home(rated_home: Path) -> Path:
    """A home after one night."""
    return rated_home


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


def test_grades_go_on_from_what_was_published_where_the_window_begins_later(home: Path, tmp_path: Path) -> None:
    """Six nights that each look back four month ends tell the grades of one that looks back to the beginning."""
    quarterly = tmp_path / "home"
    receivables.init(quarterly)
    (quarterly / "receivables.toml").write_text(
        "[aging]\nmonth_ends = 4\n[contracts]\nenabled = false\n", encoding="utf-8"
    )
    tell(quarterly, business(), AS_OF)
    receivables.ingest([quarterly / "inbox"], quarterly)
    ends = [date(2025, 3, 31), date(2025, 6, 30), date(2025, 9, 30), date(2025, 12, 31), date(2026, 3, 31), AS_OF]
    for day in ends:
        receivables.build(quarterly, as_of=day)
    told = "select * from marts.rating_history where review_date >= '2025-12-31' order by review_date, customer_id"
    found = ask(quarterly, told)
    assert found == ask(home, told)
    assert {row[2] for row in found} == {
        date(2025, 12, 31),
        *(date(2026, m, d) for m, d in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 20))),
    }
    assert "F" in {row[9] for row in found}


def test_a_card_that_is_not_fitted_cannot_be_promoted(home: Path, tmp_path: Path) -> None:
    """The expert card grades on, and the night says what is wanting and asks for a person."""
    asking = tmp_path / "home"
    shutil.copytree(home, asking, symlinks=True)
    (asking / "receivables.toml").write_text(
        '[rating]\ncard = "statistical"\n[contracts]\nenabled = false\n', encoding="utf-8"
    )
    ((bads,),) = ask(home, "select max(bads) from marts.statistical_card_fit")
    (reason,) = [line for line in receivables.build(asking).needs_person if "rating.card" in line]
    assert reason == (
        "ES01: the expert card grades on, as the statistical one that rating.card asks for is not fitted:"
        f" it needs 50 customers that went bad, has {bads}"
    )
    told = "select * from marts.rating_history order by all"
    assert ask(asking, told) == ask(home, told)
    assert ask(asking, "select distinct card from marts.rating where score is not null") == [("expert",)]


def test_the_integrity_file_says_what_is_missing_and_whether_statements_have_taken_over(home: Path) -> None:
    files = ask(
        home,
        "select customer_id, basic_completeness, operating_completeness, payment_completeness, stale_fields, credit_from, stage"
        " from marts.integrity_file where customer_id in ('ES01:late', 'ES01:new', 'ES01:unheard') order by customer_id",
    )
    assert files == [
        ("ES01:late", pytest.approx(1 / 3), 0, 0, 0, date(2024, 11, 1), "statements"),
        ("ES01:new", 0, 0, 0, 0, date(2024, 11, 1), "statements"),
        ("ES01:unheard", pytest.approx(1 / 3), 0, 0, 0, None, "file"),
    ]
    found = ask(
        home,
        "select field, value, currency, true_on, age_months from marts.integrity_field"
        " where customer_id = 'ES01:late' and value is not null order by field",
    )
    assert found == [
        ("founded_date", "2000-01-01", None, date(2025, 12, 31), 5),
        ("paid_in_capital", "100.00", "EUR", date(2025, 12, 31), 5),
        ("registered_capital", "100.00", "EUR", date(2025, 12, 31), 5),
    ]


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


def test_what_follows_from_grades_is_published_the_same_night(home: Path) -> None:
    """Eleven invoices of 1,000 in twelve months: who pays on the day is kept, who is insolvent is watched; new customers cannot be rated."""
    placed = ask(
        home, "select substr(customer_id, 6), value_local, value_basis, quadrant from marts.customer_value order by 1"
    )
    assert placed == [
        ("insolvent", 2200, "assumed_margin", "watch"),
        ("late", 2200, "assumed_margin", "watch"),
        ("new", 0, "assumed_margin", None),
        ("old_debt", 0, "assumed_margin", "exit"),
        ("punctual", 2200, "assumed_margin", "keep"),
        ("unheard", 0, "assumed_margin", None),
    ]
    left = ask(
        home,
        "select substr(customer_id, 6), review_date, since, fault from marts.accredited_payer where fault is not null",
    )
    assert left == [("insolvent", AS_OF, date(2025, 12, 31), "hard_event")]
    now = ask(
        home,
        "select substr(customer_id, 6), since, is_older, holds_until from marts.accredited_payer where is_accredited and review_date = as_of",
    )
    assert now == [("punctual", date(2025, 12, 31), False, date(2026, 6, 30))]


def test_past_lists_of_accredited_payers_are_told_again(home: Path, tmp_path: Path) -> None:
    told = "select * exclude (as_of) from marts.accredited_payer where review_date <= '2026-03-31' order by all"
    earlier = tmp_path / "home"
    receivables.init(earlier)
    tell(earlier, business(), AS_OF)
    receivables.ingest([earlier / "inbox"], earlier)
    receivables.build(earlier, as_of=date(2026, 3, 31))
    assert ask(earlier, told) == ask(home, told) != []


def test_write_offs_stand_beside_sales_and_prices_beside_grades(home: Path) -> None:
    """Nothing was written off; five customers bought. No price list and no history of losses: what must be added is the cost of money alone."""
    rates = ask(
        home,
        "select distinct dimension, loss_rate, written_off_local, reason from marts.loss_rate where span = 'all' and dimension = 'company'",
    )
    assert rates == [("company", 0, 0, None)]
    prices = ask(
        home,
        "select grade, term_days, covering_pct, loss_source, price_list_id, is_granted from marts.price_by_terms where grade in ('A', 'D') and term_days = 60 order by grade",
    )
    assert [(row[0], row[1], row[4], row[5]) for row in prices] == [("A", 60, None, True), ("D", 60, None, False)]
