"""The collection curve in the report: what is told of a company, what is not and why, and segments beside their company."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from night_frames import AS_OF, group_curve, night
from receivables.chapters.collection import Collection, SegmentCurve, Together, collections, together
from receivables.chapters.prospect import prospects
from receivables.charts import THEMES, LineChart
from receivables.charts.lines import line_figure_json
from receivables.collection_wording import (
    cash_summary,
    chance_summary,
    chance_text,
    collection_summary,
    interval_text,
    line_labels,
    segment_name,
    together_text,
)
from receivables.language import language_in
from receivables.pages import night_page
from receivables.render import render

EN = language_in("en")


@pytest.fixture(scope="module")
def told() -> Collection:
    (found,) = collections(night().frames())
    return found


def test_only_a_company_with_a_curve_has_a_chapter(told: Collection) -> None:
    assert told.company_id == "ES01"
    assert told.days_known == 365
    assert told.customers == 12


def test_what_came_in_by_a_day_is_what_had_come_in_by_the_last_event_before_it(told: Collection) -> None:
    assert told.cash_by[0] == Decimal("0.5")
    assert told.cash_by[60] == Decimal("0.85")
    assert told.cash_by[365] == Decimal("0.97")
    assert collection_summary(told, EN) == (
        "Of the money that fell due, 50.0% came in by the due date, 85.0% within 30 days and 95.0% within 90."
    )


def test_the_chances_are_told_with_their_interval_and_what_cannot_be_told_says_why(told: Collection) -> None:
    assert told.overdue_days == (30, 182, 365)
    assert told.horizons == (30, 365, None)
    assert chance_text(told.chance(30, 30), EN) == "40.0%"
    assert interval_text(told.chance(30, 30), EN) == "30.0%–50.0%"
    assert interval_text(told.chance(182, None), EN) == "35.0%–55.0%, at most 50.0%"
    assert chance_text(told.chance(365, 30), EN) == "too few customers"
    assert interval_text(told.chance(365, 30), EN) == ""
    assert chance_text(told.chance(1, 1), EN) == "–"
    assert "80.0%" in chance_summary(told, EN)
    assert "45.0%" in chance_summary(told, EN)


def test_the_surveys_are_dotted_beside_the_ledgers_own_chances(told: Collection) -> None:
    assert [(line.key, line.style) for line in told.chance_chart.lines] == [
        ("cash", "solid"),
        ("benchmark_a", "dotted"),
        ("benchmark_d", "dotted"),
    ]
    assert told.chance_chart.lines[0].values == (Decimal("0.8"), Decimal("0.45"), None)


def test_a_line_that_never_leaves_zero_is_not_drawn(told: Collection) -> None:
    assert [line.key for line in told.curve.lines] == ["cash", "dilution"]
    assert told.curve.lines[0].low == tuple(map(Decimal, ("0.46", "0.66", "0.81", "0.91", "0.93")))
    names = line_labels(told.curve, EN)
    assert names.lines == ("Collected", "Credited")
    assert names.short(Decimal("0.25")) == "25%"
    assert line_labels(told.curve, language_in("es")).short(Decimal("0.25")) == "25\u00a0%"


def test_members_stand_beside_their_company_the_one_with_most_money_first(told: Collection) -> None:
    assert told.kinds == ("territory",)
    north, south, _ = told.of_kind("territory")
    assert (north.name, south.name) == ("Norte", "S")
    company, _, own = north.chart.lines
    assert (company.key, own.key) == ("company", "cash")
    assert company.values == tuple(map(Decimal, ("0.5", "0.7", "0.85", "0.95")))
    assert own.values == tuple(map(Decimal, ("0.4", "0.56", "0.68", "0.76")))
    assert south.chart.lines[2].values[2:] == (None, None)


def test_a_member_too_small_to_be_told_is_drawn_where_it_lies_if_drawn_to_its_company(told: Collection) -> None:
    *_, west = told.of_kind("territory")
    _, drawn, own = west.chart.lines
    assert (drawn.key, drawn.style) == ("shrunk", "circles")
    assert drawn.values == (Decimal("0.275"), None, Decimal("0.4675"), Decimal("0.5225"))
    assert own.values == (None,) * 4
    assert line_labels(west.chart, EN).lines == ("Company", "Collected, drawn to the company", "Collected")
    figure = json.loads(line_figure_json(west.chart, line_labels(west.chart, EN), THEMES["light"]))
    assert [line["mode"] for line in figure["data"]] == ["lines+markers", "markers", "lines+markers"], (
        "nothing is known between the ends of two bands"
    )


@pytest.mark.parametrize(("key", "name"), [("to_1000", "up to 1,000"), ("above_100000", "above 100,000")])
def test_a_band_of_amounts_is_told_by_its_edge(key: str, name: str) -> None:
    chart = LineChart("segment", (), (), "share")
    assert segment_name(SegmentCurve("amount_band", key, key, chart), EN) == name


def told_together(**changes: Any) -> Together:
    made = night()
    made.group_curve = group_curve(**changes)
    found = together(made.frames())
    assert found is not None
    return found


def test_of_all_companies_together_the_curve_is_told_in_the_currency_that_adds_them_up() -> None:
    found = told_together(reason=None, unrated_tranches=0, unrated_from=None)
    assert found.curve is not None
    assert found.curve.company_id is None
    assert found.curve.cash_by[30] == Decimal("0.8")
    assert (
        together_text(found, EN)
        == "All companies together: ledgers in EUR, MXN, added up in EUR at the rate of each document's day."
    )
    alike = told_together(reason=None, ledger_currencies="EUR")
    assert together_text(alike, EN) == ""


def test_where_it_is_not_told_of_all_companies_together_it_is_said_why() -> None:
    unrated = told_together()
    assert unrated.curve is None
    assert together_text(unrated, EN) == (
        "Not told of all companies together: of 3 parts of invoices no rate into EUR is told for the day of their document, the first of 3 Feb 2025."
    )
    unset = told_together(reason="no_reporting_currency", currency=None)
    assert together_text(unset, EN) == (
        "Not told of all companies together: their ledgers are kept in several currencies (EUR, MXN), and no reporting currency is set."
    )


def test_one_company_has_nothing_to_be_told_together() -> None:
    made = night()
    made.group_curve = group_curve(companies=1, reason=None)
    assert together(made.frames()) is None


def test_the_page_has_the_curve_of_all_companies_after_those_of_each() -> None:
    made = night()
    made.group_curve = group_curve(reason=None)
    page = night_page(made.frames())
    assert [collection.company_id for collection in page.curves] == ["ES01", None]
    assert "All companies together" in render(page, "en")
    assert "所有公司合计" in render(page, "zh")


def test_what_the_curve_says_in_money() -> None:
    (told,) = prospects(night().frames(), AS_OF)
    assert (told.company_id, told.currency, told.expected, told.expected_loss, told.stake) == (
        "ES01",
        "EUR",
        Decimal(3000),
        Decimal(50),
        Decimal(8),
    )
    assert told.cash_chart.lines[0].low == (Decimal(500), Decimal(1000))
    (past,) = told.record
    assert (past.weeks, past.forecast, past.actual) == (2, Decimal(200), Decimal(210)), (
        "a week that has not passed is held against nothing"
    )
    assert (past.error, past.median_error, past.before_error) == (Decimal(15), Decimal(30), Decimal(40))
    assert past.is_cut, "one of its weeks is"
    assert [month.last_day.month for month in told.months] == [7, 12]
    assert [month.bring_forward for month in told.early] == [Decimal(7)]
    assert [(line.bucket, line.differs, line.lost_by_waiting) for line in told.provisions] == [
        ("not_due", False, None),
        ("d1_30", True, Decimal("12.5")),
    ]
    (vintage,) = told.vintages
    assert vintage.rates == (Decimal("0.5"), Decimal("0.8"), None, None, None, None)
    assert (vintage.ultimate, vintage.verdict) == (Decimal("0.95"), "worse")
    assert "EUR\u00a03,000.00" in cash_summary(told, EN) or "EUR 3,000.00" in cash_summary(told, EN)
