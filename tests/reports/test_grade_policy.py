"""What follows from grades in the report: the matrix, accredited payers, write-offs over sales, prices of days of credit."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from night_frames import night
from policy_frames import HOLDS_UNTIL, LEFT_ON, SELLER, SINCE
from receivables import policy_wording
from receivables.chapters.grade_policy import GradePolicy, Price
from receivables.chapters.ratings import ratings
from receivables.language import language_in
from receivables.pages import night_page
from receivables.policy.accredited import FAULTS
from receivables.policy.customer_value import QUADRANTS
from receivables.render import LANGUAGES, render

EN = language_in("en")
LISTED = 2


@pytest.fixture(scope="module")
def told() -> dict[str, GradePolicy]:
    """What follows in each company that grades anybody; 21 customers, seven in each."""
    found = ratings(night(customers=21).frames(), LISTED)
    return {rated.company_id: rated.policy for rated in found if rated.policy is not None}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_every_customer_is_in_one_quadrant_or_counted_apart(told: dict[str, GradePolicy]) -> None:
    matrix = told["ES01"].matrix
    assert matrix is not None
    cells = [cell for row in matrix.rows for cell in row]
    assert [(cell.quadrant, cell.customers) for cell in cells] == [
        ("keep", 2),
        ("watch", 1),
        ("grow", 1),
        ("exit", 2),
    ]
    assert (matrix.unplaced.customers, matrix.by_cost, matrix.assumed) == (1, 7, 0)
    said = plain(policy_wording.matrix_summary(matrix, "EUR", EN))
    assert said.startswith(
        "High: the fewest customers that together bring 80% of the margin of the last twelve months. The margins of 7 customers follow from costs told."
        " 1 customer owing EUR "
    )
    mexico = told["MX01"].matrix
    assert mexico is not None
    assert "For 7 customers it is assumed to be 20% of sales." in policy_wording.matrix_summary(mexico, "MXN", EN)


def test_who_is_to_be_watched_and_let_go_is_listed_and_the_rest_is_one_line(told: dict[str, GradePolicy]) -> None:
    matrix = told["ES01"].matrix
    assert matrix is not None
    assert [(placed.quadrant, {line.grade for line in placed.lines}) for placed in matrix.lists] == [
        ("watch", {"D"}),
        ("exit", {"E", "F"}),
    ]
    owed = [line.owed for line in matrix.lists[1].lines]
    assert owed == sorted(owed, reverse=True)
    assert policy_wording.placed_summary(matrix, EN) == "By name: Watch: 1 customer, Exit: 2 customers"
    (spain, *_) = ratings(night(customers=21).frames(), 1)
    assert spain.policy is not None
    assert spain.policy.matrix is not None
    rest = spain.policy.matrix.lists[1].others
    assert rest is not None
    assert (rest.customers, rest.owed) == (1, owed[1])


def test_who_is_accredited_since_when_until_when_and_who_left(told: dict[str, GradePolicy]) -> None:
    payers = told["ES01"].accredited
    assert payers is not None
    assert (payers.customers, payers.others, payers.holds_until) == (2, 0, HOLDS_UNTIL)
    assert {line.since for line in payers.lines} == {SINCE}
    assert sorted(policy_wording.since_text(line, EN) for line in payers.lines) == [
        "31 Dec 2025",
        "31 Dec 2025 or earlier",
    ]
    assert [(gone.left_on, gone.fault) for gone in payers.gone] == [(LEFT_ON, "overdue")]
    assert plain(policy_wording.accredited_summary(payers, EN)) == (
        "2 accredited payers; the list holds until the re-rating of 30 Sept 2026. 1 payer left it in the last twelve months."
    )
    nobody = replace(payers, customers=0, holds_until=None, gone=(), gone_others=0)
    assert policy_wording.accredited_summary(nobody, EN) == "Nobody is on the list of accredited payers."
    assert told["MX01"].accredited is None


def test_write_offs_over_sales_by_grade_and_salesperson(told: dict[str, GradePolicy]) -> None:
    losses = told["ES01"].losses
    assert losses is not None
    assert plain(policy_wording.loss_summary(losses, "EUR", EN)) == (
        "Written off in the last twelve months: EUR 10.00, 0.50% of sales. In all that is told: EUR 50.00, 0.50% (95% interval: 0.10%–2.00%)."
    )
    assert [policy_wording.loss_member(line, EN) for line in losses.grades] == [
        "A",
        "Sold before the first review told",
    ]
    assert losses.grades[1].spans[0] is None
    assert [line.member for line in losses.sellers] == [SELLER, None]
    year = losses.grades[0].spans[0]
    assert year is not None
    assert (year.rate, year.reason, policy_wording.loss_interval(year, EN)) == (None, "few_customers", "")
    assert told["MX01"].losses is None, "nothing was written off"


def test_prices_by_days_and_grade_beside_price_lists(told: dict[str, GradePolicy]) -> None:
    prices = told["ES01"].prices
    assert prices is not None
    assert prices.grades == ("A", "D")
    month, two = prices.lines
    assert month.prices == (Price(Decimal(3), True, False), Price(Decimal(6), True, True))
    assert two.prices == (Price(Decimal(6), True, True), Price(Decimal(12), False, True))
    assert policy_wording.list_price(month, EN) == "4.00%–5.00%"
    assert policy_wording.price_summary(prices, EN) == (
        "30 days of credit must cost 3.00% more than cash for grade A, 6.00% for grade D."
    )
    assert "weighted by how often customers of the grade went bad" in policy_wording.price_note(prices, EN)
    mexico = told["MX01"].prices
    assert mexico is not None
    assert policy_wording.list_price(mexico.lines[0], EN) == "–"
    assert "No loss is in them" in policy_wording.price_note(mexico, EN)
    assert policy_wording.price_text(Price(None, True, False), EN) == "–"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_each_part_once_where_there_is_something(language: str) -> None:
    page, words = render(night_page(night(customers=21).frames()), language), language_in(language)
    for table, times in (("matrix", 2), ("placed", 2), ("accredited", 1), ("gone", 1), ("losses", 1), ("prices", 2)):
        assert len(re.findall(rf'<table class="{table}( sortable)?">', page)) == times
    assert SELLER not in page
    assert "&lt;b&gt;Ana&lt;/b&gt;" in page
    assert words.text(policy_wording.FAULTS["overdue"]) in page
    assert set(policy_wording.QUADRANTS) == set(QUADRANTS)
    assert set(policy_wording.FAULTS) == set(FAULTS)


def test_a_company_of_which_nothing_follows_has_no_heading() -> None:
    frames = night(customers=21).frames()
    for name in ("marts.customer_value", "marts.accredited_payer", "marts.loss_rate", "marts.price_by_terms"):
        frames[name] = frames[name].head(0)
    assert "What follows from the grades" not in render(night_page(frames), "en")
