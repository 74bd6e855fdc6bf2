"""What is missing in what was told, on the page: figures marked, a sentence in each language, a person asked where the setting says so."""

from __future__ import annotations

from datetime import date

import pytest

from night_frames import AS_OF, gap, night
from receivables.gap_wording import SENTENCES
from receivables.pages import night_page
from receivables.render import render
from receivables.settings import LANGUAGES

MARK = '<span class="mark">†</span>'


def page_with(*gaps: dict[str, object]) -> str:
    made = night(9)
    made.gaps = list(gaps)
    return render(night_page(made.frames()), "en")


def test_figures_of_the_ledger_that_lacks_something_are_marked_beside_the_sentence() -> None:
    page = page_with(gap("cut", "instalment", "MX01"))
    assert page.count(MARK) == 8  # the figures of one ledger of two
    assert "the data are cut at 30 Jun 2026" in page
    assert "12 items are open on that day, where 141 are usual" in page
    assert "Something is missing in what was told" in page
    assert "needs a person" not in page


def test_a_whole_ledger_has_no_mark() -> None:
    page = page_with(gap("cut", "instalment", is_complete=True), gap("fall", "clearing", is_complete=None))
    assert MARK not in page
    assert "†" not in page


def test_what_is_over_marks_no_figure_of_today() -> None:
    page = page_with(gap("cut", "instalment", to_date=date(2025, 12, 31), affected_until=date(2026, 3, 31)))
    assert MARK not in page
    assert "the data are cut at 31 Dec 2025" in page  # told beside the ratios, whose month ends it marks


def test_the_header_asks_a_person_for_what_the_setting_says() -> None:
    page = page_with(gap("silent", "clearing", needs_person=True))
    assert "Published, but something needs a person." in page
    assert page.index("nothing is cleared since 1 Jun 2026") < page.index('id="figures"')


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_gap_has_a_sentence_that_names_what_is_missing(language: str) -> None:
    made = night(9)
    made.gaps = [
        gap(test, f"{subject} XYZ" if subject in ("currency", "kind") else subject, "ES02")
        for test, subject in SENTENCES
    ]
    page = render(night_page(made.frames()), language)
    assert page.count("Norte Foods S.A.") > len(SENTENCES)
    assert "XYZ" in page


def test_a_hostile_name_stays_text() -> None:
    page = page_with(gap("gone", "currency <script>alert(1)</script>"))
    assert "<script>alert(1)" not in page


def test_dates_are_those_of_the_stretch() -> None:
    made = night(9)
    made.gaps = [gap("month_missing", "receipt", from_date=date(2026, 2, 1), to_date=date(2026, 2, 28))]
    (record,) = night_page(made.frames()).gaps
    assert (record.first_day, record.last_day, record.code) == (
        date(2026, 2, 1),
        date(2026, 2, 28),
        "EXTRACT_MONTH_MISSING",
    )
    assert record.is_in_balances
    assert record.last_day < AS_OF
