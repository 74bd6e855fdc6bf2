"""Aging seen otherwise: what is listed and what is left out, what has no closing rate, and what the page says of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from night_frames import CLOSING_RATE, Night, aging_row, night
from receivables.chapters.aging_views import AgingViews, LedgerView, aging_views
from receivables.pages import night_page
from receivables.render import render


def views(made: Night, top: int = 15) -> AgingViews:
    return aging_views(made.frames(), top)


def ledger(made: Night, currency: str = "EUR", top: int = 15) -> LedgerView:
    found = views(made, top).of(currency)
    assert found is not None
    return found


def test_dates_are_three_ways_to_put_the_same_money() -> None:
    made = night()
    made.moved["ES01"] = Decimal("0.25")
    view = ledger(made)
    total = sum(row["open_local"] for row in made.aging if row["company_id"] != "MX01")
    for by in ("by_due", "by_document", "by_original"):
        assert sum(getattr(line, by) for line in view.dates) == total
    moved = {line.bucket: line.moved for line in view.dates if line.moved}
    assert moved.keys() == {"not_due", "d1_30"}
    assert moved["not_due"] == -moved["d1_30"] > 0
    assert view.is_moved
    assert not ledger(made, "MXN").is_moved


@pytest.mark.parametrize("top", [2, 15])
def test_members_and_the_others_are_the_whole_ledger(top: int) -> None:
    made = night()
    view = ledger(made, top=top)
    assert [dimension.dimension for dimension in view.dimensions] == ["parent", "salesperson"]
    total = sum(row["open_local"] for row in made.aging if row["company_id"] != "MX01")
    for dimension in view.dimensions:
        assert len(dimension.members) <= top
        assert dimension.sums.total == total
        assert bool(dimension.others) == bool(dimension.rest.total)


def test_a_foreign_currency_has_its_value_at_the_closing_rate() -> None:
    made = night(customers=0)
    made.aging = [
        aging_row("ES01", "ES01:1", "USD", "d1_30", Decimal(100)),
        aging_row("ES01", "ES01:1", "EUR", "d1_30", Decimal(7)),
    ]
    (foreign,) = ledger(made).foreign
    assert (foreign.open_doc, foreign.booked, foreign.value) == (Decimal(100), Decimal(90), Decimal(95))
    assert (foreign.revaluation, foreign.rate, foreign.unit) == (Decimal(5), CLOSING_RATE, "USD")
    assert views(made).missing == ()
    assert views(made).group == ()


def test_a_rate_that_is_not_told_is_asked_for_and_leaves_its_currency_without_a_value() -> None:
    made = night(customers=0)
    made.aging = [
        aging_row("ES01", "ES01:1", "USD", "d1_30", Decimal(100)),
        aging_row("MX01", "MX01:1", "MXN", "d1_30", Decimal(20)),
    ]
    made.reporting_currency = "EUR"
    made.untold.add(("ES01", "USD"))
    told = views(made)
    assert [(rate.company_id, rate.from_currency, rate.to_currency) for rate in told.missing] == [
        ("ES01", "USD", "EUR")
    ]
    assert [foreign.value for foreign in ledger(made).foreign] == [None]
    assert [(line.company_id, line.value) for line in told.group] == [("ES01", None), ("MX01", 19)]
    assert (told.is_group_whole, told.group_total) == (False, Decimal(19))
    page = night_page(made.frames())
    assert page.needs_person
    assert not replace(page, views=AgingViews()).needs_person
    assert "no closing rate USD/EUR is told" in render(page, "en")


def test_by_the_document_date_buckets_are_days_since_then() -> None:
    made = night()
    due = render(night_page(made.frames()), "en")
    made.basis = "document_date"
    document = render(night_page(made.frames()), "en")
    assert "Aging by days since the document date" not in due
    assert "Aging by days since the document date" in document
    assert ">0 days</th>" in document
    assert "The largest overdue bucket is" not in document


def test_nothing_is_shown_that_has_no_data() -> None:
    made = night(customers=0)
    made.aging = [aging_row("ES01", "ES01:xyz", "EUR", "d1_30", Decimal(7))]
    page = render(night_page(made.frames()), "en")
    for title in (
        "of which disputed",
        "Foreign currencies at the closing rate",
        "Salesperson,",
        "Customer group,",
        "All companies in",
        "By the due date first told",
    ):
        assert title not in page, title
