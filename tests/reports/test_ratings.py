"""Ratings in the report: money by grade, moves, what a person is asked to confirm and why, the card, and whom hard events cap."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest

from night_frames import COMPANIES, Night, aging_row, night
from rating_frames import GRADES, NEXT_REVIEW, RERATED_ON, REVIEWED_ON
from receivables import customer_wording, rating_wording
from receivables.chapters.rating_record import INTENTS as RECORD_INTENTS
from receivables.chapters.rating_record import SHOWN
from receivables.chapters.rating_record import TYPES as RECORD_TYPES
from receivables.chapters.rating_review import Change, Reason
from receivables.chapters.ratings import Moved, Ratings, ratings
from receivables.judgement.rating_tables import EVENTS
from receivables.language import language_in
from receivables.page_model import CustomerLinks
from receivables.pages import night_page
from receivables.policy.credit_limit import DECIDED_BY
from receivables.policy.customer_type import INTENTS
from receivables.policy.scorecard import KINDS
from receivables.render import LANGUAGES, render
from receivables.settings import BLOCKS, TYPES
from receivables.settings.credit_limit import Supply

EN = language_in("en")
LISTED = 4


def small() -> Night:
    """Seven customers of each company, one of every standing: what they owe rises from 100 to 700, of which a tenth is overdue and a half again unapplied."""
    made = night(customers=21)
    made.aging = []
    for place, customer in enumerate(made.customers):
        company, size = customer["company_id"], Decimal(place // 3 + 1)
        for bucket, amount in (("not_due", 90), ("d31_60", 10), ("unapplied", -50)):
            local = COMPANIES[company][1]
            made.aging.append(aging_row(company, customer["customer_id"], local, bucket, amount * size))
    made.aging.append(aging_row("ES01", "ES01:unheard", "EUR", "d1_30", Decimal(50)))
    return made


@pytest.fixture(scope="module")
def told() -> dict[str, Ratings]:
    return {found.company_id: found for found in ratings(small().frames(), LISTED)}


def test_money_by_grade_is_what_each_company_is_owed_and_never_that_of_another(told: dict[str, Ratings]) -> None:
    spain = told["ES01"]
    assert [(line.grade, line.customers, int(line.owed), int(line.overdue)) for line in spain.grades] == [
        ("A", 1, 100, 10),
        ("B", 1, 200, 20),
        ("C", 1, 300, 30),
        ("D", 1, 400, 40),
        ("E", 1, 500, 50),
        ("F", 1, 600, 60),
        (None, 2, 750, 120),
    ]
    assert (int(spain.owed), int(spain.overdue), spain.counted) == (2850, 330, 8)
    assert sum(line.share or 0 for line in spain.grades) == pytest.approx(1)
    assert (told["MX01"].currency, int(told["MX01"].owed)) == ("MXN", 2800)


def test_what_is_owed_by_grade_is_what_the_aging_says() -> None:
    page = night_page(night().frames())
    by_currency = {ledger.currency: ledger.headline for ledger in page.ledgers}
    (mexico,) = [found for found in page.ratings if found.currency == "MXN"]
    head = by_currency["MXN"]
    assert (mexico.owed, mexico.overdue) == (head.total - head.unapplied, head.overdue)


def test_a_sentence_tells_the_money_of_each_grade_and_how_grades_moved(told: dict[str, Ratings]) -> None:
    said = rating_wording.rating_summary(told["ES01"], EN).replace("\u00a0", " ")
    assert said == (
        "Of EUR 2,850.00 owed, by the customer's grade: A EUR 100.00 (3.5%), B EUR 200.00 (7.0%), C EUR 300.00 (10.5%), D EUR 400.00 (14.0%), E EUR 500.00 (17.5%),"
        " F EUR 600.00 (21.1%); not rated for want of payment history: EUR 750.00 (26.3%). Since the re-rating of 31 Mar 2026 grades fell for 4 customers owing EUR 1,800.00"
        " and rose for 1 customer owing EUR 100.00."
    )
    assert told["ES01"].moves is not None
    assert told["ES01"].moves.since == RERATED_ON
    assert "There was no re-rating" in rating_wording.rating_summary(told["MX01"], EN)


def test_a_first_grade_and_a_lost_one_are_told_apart_from_moves(told: dict[str, Ratings]) -> None:
    moves = told["ES01"].moves
    assert moves is not None
    nobody = Moved(0, Decimal(0))
    still = replace(moves, fell=nobody, rose=nobody, gained=Moved(1, Decimal(5)), lost=Moved(2, Decimal(7)))
    said = rating_wording.rating_summary(replace(told["ES01"], moves=still), EN).replace("\u00a0", " ")
    assert said.endswith(
        "No grade moved since the re-rating of 31 Mar 2026. 1 customer owing EUR 5.00 had no grade then and has one now."
        " 2 customers owing EUR 7.00 had a grade then and have none now."
    )


def test_moves_between_re_ratings_stand_in_a_matrix_best_grade_first(told: dict[str, Ratings]) -> None:
    migration = told["ES01"].migration
    assert migration is not None
    assert (migration.reviewed_on, migration.grades) == (RERATED_ON, ("A", "B", "C", "D", "E", "F"))
    (row,) = migration.rows
    assert (row.grade, row.customers, [count for count, _ in row.cells]) == ("B", 2, [0, 1, 1, 0, 0, 0])
    assert row.cells[1][1] == Decimal("0.3")
    assert told["MX01"].migration is None


def test_who_moves_comes_first_then_who_owes_most_and_the_rest_is_counted(told: dict[str, Ratings]) -> None:
    changes = told["ES01"].changes
    assert changes is not None
    assert [(line.grade, int(line.owed)) for line in changes.lines] == [("E", 500), ("C", 300), ("D", 400), ("A", 100)]
    assert (changes.grades, changes.limits, changes.terms) == (2, 3, 2)
    assert (changes.others, int(changes.rest), int(changes.total)) == (0, 0, 1300)
    (spain, *_) = ratings(small().frames(), 1)
    assert spain.changes is not None
    assert (len(spain.changes.lines), spain.changes.others, int(spain.changes.rest)) == (1, 3, 800)
    assert (changes.reviewed_on, changes.next_review) == (REVIEWED_ON, NEXT_REVIEW)
    said = rating_wording.change_summary(changes, "EUR", EN).replace("\u00a0", " ")
    assert said.startswith("2 grades, 3 limits, 2 payment terms of 4 customers owing EUR 1,300.00. A rating is a")
    assert said.endswith("Scores move grades next on 30 Sept 2026; hard events do at once.")


def of_grade(found: Ratings, grade: str) -> Change:
    assert found.changes is not None
    return next(line for line in found.changes.lines if line.grade == grade)


def test_what_changes_is_told_beside_what_is_in_force(told: dict[str, Ratings]) -> None:
    fell, shared, first, better = (of_grade(told["ES01"], grade) for grade in "ECDA")
    assert rating_wording.grade_change(fell, EN) == "C → E"
    assert rating_wording.limit_change(fell, EN) == "900 → 300"
    assert rating_wording.days_change(fell, EN) == "60 → 15"
    assert rating_wording.supply_change(fell, EN) == "Full supply → Best-selling lines held"
    assert rating_wording.limit_change(shared, EN) == "900"
    assert rating_wording.limit_note(shared, EN) == "by what it needs, shared limit 5,000"
    assert rating_wording.limit_change(first, EN) == "none → 400"
    assert rating_wording.days_change(first, EN) == "30"
    assert rating_wording.supply_change(better, EN) == "Full supply"
    assert rating_wording.grade_change(replace(fell, grade=None), EN) == "C → Not rated"
    assert rating_wording.limit_change(replace(fell, recommended_limit=None), EN) == "–"


def test_limits_that_nobody_tells_are_held_against_none(told: dict[str, Ratings]) -> None:
    changes = told["MX01"].changes
    assert changes is not None
    assert (changes.limits, changes.grades) == (0, 2)
    assert "No limit in force is told" in rating_wording.limit_notes(changes, EN)
    assert rating_wording.limit_change(of_grade(told["MX01"], "E"), EN) == "300"


def test_reasons_are_hard_events_and_what_cost_points(told: dict[str, Ratings]) -> None:
    said = [rating_wording.reason_text(reason, EN) for reason in of_grade(told["ES01"], "E").reasons]
    assert said == ["Much debt more than 90 days overdue", "It pays later than agreed (−11.1 of 20)"]
    said = [rating_wording.reason_text(reason, EN) for reason in of_grade(told["ES01"], "D").reasons]
    assert said[1] == "Years trading: not known (−3 of 6)"
    said = [rating_wording.reason_text(reason, EN) for reason in of_grade(told["ES01"], "C").reasons]
    assert said == ["Current ratio: known from old data only (−1.5 of 6)"]
    assert rating_wording.reason_text(Reason("insolvency", days=30), EN) == "Insolvency, 30 days ago"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_a_rating_has_words(language: str) -> None:
    words = language_in(language)
    attributes = [name for block in BLOCKS.values() for name in block]
    points = Decimal(1)
    reasons = [Reason(name, kind=kind, points=points, best=points) for name in attributes for kind in KINDS]
    reasons += [Reason(event, days=days) for event in EVENTS for days in (0, 7)]
    said = [rating_wording.reason_text(reason, words) for reason in reasons]
    assert len(set(said)) == len(said), "each says something else"
    assert not [text for text in said if "_" in text]
    assert set(rating_wording.SUPPLIES) == set(get_args(Supply)) == {supply for _, _, supply, _ in GRADES}
    assert set(rating_wording.DECIDED_BY) == set(DECIDED_BY)
    assert set(rating_wording.BLOCKS) == set(BLOCKS)


def test_the_card_tells_points_and_who_has_the_facts(told: dict[str, Ratings]) -> None:
    card = told["ES01"].card
    assert card is not None
    (index,) = card.of("payment")
    assert (index.attribute, index.customers, index.share) == ("payment_index", 7, Decimal(1))
    assert (index.best, index.stand_in) == (Decimal(20), Decimal("14.019554"))
    assert (card.customers, card.scored, card.incomplete) == (7, 6, 1)
    assert rating_wording.card_summary(card, EN).startswith(
        "Of the points of the card, facts are told for 75.0% on average."
        " 1 of 6 customers with a score has facts for less than 60% and is graded C at best."
    )
    learnt = rating_wording.card_summary(replace(card, is_learnt=True), EN)
    assert "the median of the company's customers" not in learnt
    assert "Scores come from the statistical card" in learnt
    untold = replace(card, completeness=None)
    assert "grades are those of hard events alone" in rating_wording.card_summary(untold, EN)


def test_whom_hard_events_cap_since_when(told: dict[str, Ratings]) -> None:
    capped = told["ES01"].capped
    assert capped is not None
    assert [(line.grade, int(line.owed)) for line in capped.lines] == [("F", 600), ("E", 500)]
    said = [rating_wording.event_since(event, EN) for event in capped.lines[0].events]
    assert said == [
        "Insolvency: since 31 May 2026",
        "Much debt more than 90 days overdue: since 30 Apr 2026 or earlier",
    ]
    assert (capped.others, int(capped.total)) == (0, 1100)


def test_nobody_rated_is_one_line_that_says_why(told: dict[str, Ratings]) -> None:
    assert told["ES02"].grades == ()
    assert rating_wording.why_not_rated(told["ES02"], EN) == (
        "Nobody can be rated yet: of 7 customers none has the 5 instalments fallen due and the 90 days of history that a rating needs."
    )
    made = night(customers=0)
    made.aging = []
    page = render(night_page(made.frames()), "en")
    assert page.count("Nobody can be rated: neither invoices nor integrity files of customers are told.") == 3
    assert "Recommended limit" not in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_list_is_for_a_name_a_date_and_a_signature(language: str) -> None:
    page, words = render(night_page(small().frames()), language), language_in(language)
    assert page.count('class="signature"') == 2
    for text in ("Confirmed by (name)", "Signature"):
        assert page.count(f"<span>{words.text(text)}</span>") == 2
    assert (
        page.count(words.text("A rating is a recommendation: it takes effect when a named person has confirmed it."))
        == 2
    )


def test_a_list_without_changes_says_so_and_asks_for_no_signature() -> None:
    frames = small().frames()
    flags = dict.fromkeys(("has_new_grade", "has_new_limit", "has_new_terms"), False)
    frames["marts.rating_exposure"] = frames["marts.rating_exposure"].assign(**flags)
    page = render(night_page(frames), "en")
    assert page.count("Nothing: no grade moved since the review before") == 2
    assert 'class="signature"' not in page


def test_past_scores_are_told_with_intervals_beside_what_is_simple_or_why_not(told: dict[str, Ratings]) -> None:
    record = told["ES01"].record
    assert record is not None
    assert record.counts == {"cases": 480, "bads": 49, "customers": 130}
    said = [
        (measure.metric, rating_wording.record_value(measure.value, measure.metric, EN)) for measure in record.measures
    ]
    assert said == [
        ("auc", "0.780"),
        ("ks", "0.442"),
        ("statistical_auc", "–"),
        ("brier", "–"),
        ("notch_change_rate", "14.2%"),
        ("psi", "0.076"),
    ]
    auc, drift, untold = record.measure("auc"), record.measure("psi"), record.measure("brier")
    assert auc is not None
    assert drift is not None
    assert untold is not None
    assert (auc.base, auc.late_ratio, auc.verdict) == (Decimal("0.5"), Decimal("0.73"), "undecided")
    assert rating_wording.record_interval(auc.low, auc.high, "auc", EN) == "0.654 to 0.870"
    assert rating_wording.record_remark(drift, EN) == "no drift; chance explains 0.138"
    assert rating_wording.record_remark(replace(drift, verdict="drift"), EN) == "drift: chance explains 0.138 only"
    assert rating_wording.record_remark(untold, EN) == "not before another year"
    assert rating_wording.record_summary(record, EN).endswith("is undecided (difference in AUC -0.055 to 0.152).")
    assert [(rate.grade, rate.is_capped, rate.cases, rate.bads) for rate in record.bad_rates] == [
        ("A", False, 304, 14),
        ("E", False, 4, 1),
        ("E", True, 14, 1),
    ]
    young = told["MX01"].record
    assert young is not None
    assert rating_wording.record_summary(young, EN).startswith("No year after a scored re-rating has run out yet")


def test_kinds_of_payers_are_told_with_the_money_of_those_who_are_rated(told: dict[str, Ratings]) -> None:
    record = told["ES01"].record
    assert record is not None
    assert [(kind.code, kind.customers, int(kind.owed), int(kind.overdue)) for kind in record.types] == [
        ("punctual", 1, 100, 10),
        ("hardship", 1, 500, 50),
        ("malicious", 1, 600, 60),
        ("unknown", 4, 1600, 160),
    ]
    assert [kind.code for kind in record.intents] == ["pays", "cannot_pay", "will_not_pay", "unknown"]
    said = customer_wording.intent_summary(record, "EUR", EN).replace("\u00a0", " ")
    assert said.startswith("By whether they will pay: Pays EUR 100.00 (1 customer), Cannot pay EUR 500.00")


def test_grades_set_by_hand_are_told_with_who_until_when_and_why(told: dict[str, Ratings]) -> None:
    record = told["ES01"].record
    assert record is not None
    (override,) = record.overrides
    assert (override.grade, override.by, str(override.until)) == ("D", "Ana Gil", "2026-08-31")
    page = render(night_page(small().frames()), "en")
    assert page.count("new &lt;b&gt;owner&lt;/b&gt;, guarantee given") == 2
    frames = small().frames()
    frames["marts.rating"] = frames["marts.rating"].assign(override_grade=None)
    assert "Grades set by hand" not in render(night_page(frames), "en")


def test_every_measure_and_reason_of_the_back_test_has_words() -> None:
    assert {*SHOWN, "bad_rate"} == set(rating_wording.MEASURES)
    assert set(RECORD_TYPES) == {*TYPES, "unknown"}
    assert set(RECORD_INTENTS) == {*INTENTS, "unknown"}


def test_a_name_in_the_report_leads_to_the_page_of_who_has_one() -> None:
    made = small()
    whom = made.customers[4]
    links = CustomerLinks("customers/x/index.html", {(whom["company_id"], whom["customer_id"]): "customers/x/abc.html"})
    page = render(night_page(made.frames()), "en", links)
    assert page.count('<a href="customers/x/abc.html">') >= 1
    assert page.count('<a href="customers/x/index.html">') == 1
    assert 'href="customers/' not in render(night_page(made.frames()), "en")
