"""Grades: the published golden replay, edges, caps and words of persons, and how steady grades are."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.errors import SettingsError
from receivables.policy import grades
from receivables.policy.grades import BEST, NONE, Evidence, Standing
from receivables.settings import GRADES, Rating, validated

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES: Final = Rating()
QUARTERS: Final = [
    date(2024 + (month - 1) // 12, (month - 1) % 12 + 1, {3: 31, 6: 30, 9: 30, 0: 31}[month % 12])
    for month in range(3, 37, 3)
]
SCORES: Final = [60, 64, 66, 64, 66, 69, 72, 53, 51, 30, 30, 58]


def evidence(
    *score: float, completeness: float = 1, cap: Sequence[int] | int = BEST, override: Sequence[int] | int = NONE
) -> Evidence:
    one = np.array(score, dtype=np.float64)
    return Evidence(
        one,
        np.full(len(one), completeness),
        np.zeros_like(one, dtype=np.int64) + cap,
        np.zeros_like(one, dtype=np.int64) + override,
    )


def after(held: int, *, downgraded_on: date = date(2000, 1, 1)) -> Standing:
    one = np.array([held])
    return Standing(one, one, np.array([(downgraded_on - date(1970, 1, 1)).days]))


def replayed(
    scores: Sequence[float],
    caps: dict[int, int] | None = None,
    rules: Rating = RULES,
    days: Sequence[date] = tuple(QUARTERS),
) -> list[int]:
    told = [
        (day, evidence(score, cap=(caps or {}).get(turn, BEST)))
        for turn, (day, score) in enumerate(zip(days, scores, strict=False))
    ]
    return [int(standing.grade[0]) for _, standing in grades.replay(told, 1, rules)]


def test_raw_grades_of_the_golden_scores() -> None:
    assert grades.raw_grade(np.array(SCORES, dtype=np.float64), RULES).tolist() == [3, 3, 4, 3, 4, 4, 4, 2, 2, 0, 0, 3]


def test_the_rule_over_the_golden_scores() -> None:
    assert replayed(SCORES) == [3, 3, 3, 3, 3, 4, 4, 3, 2, 0, 0, 1]


def test_the_golden_scores_with_a_hard_event() -> None:
    assert replayed(SCORES, {4: 1}) == [3, 3, 3, 3, 1, 2, 3, 3, 2, 0, 0, 1]


@pytest.mark.parametrize(("score", "letter"), [(0, "F"), (34.9999, "F"), (35, "E"), (64.9, "C"), (75, "A"), (100, "A")])
def test_an_edge_belongs_to_the_better_grade(score: float, letter: str) -> None:
    assert grades.letters(grades.raw_grade(np.array([score]), RULES)).tolist() == [letter]


@pytest.mark.parametrize(
    ("held", "score", "now"),
    [(3, 67.9, 3), (3, 68, 4), (3, 99, 4), (3, 52, 3), (3, 51.9, 2), (3, 0, 1), (1, 0, 0), (5, 100, 5), (5, 20, 3)],
)
def test_a_grade_moves_only_beyond_an_edge_and_only_so_far(held: int, score: float, now: int) -> None:
    assert grades.review(after(held), evidence(score), date(2026, 9, 30), RULES).grade.tolist() == [now]


def test_between_re_ratings_only_hard_events_move_a_grade() -> None:
    for day in (date(2026, 8, 31), date(2026, 9, 29), date(2026, 10, 31)):
        assert grades.review(after(3), evidence(99), day, RULES).grade.tolist() == [3]
        assert grades.review(after(3), evidence(99, cap=0), day, RULES).grade.tolist() == [0]


def test_a_first_score_is_graded_when_it_is_there() -> None:
    assert grades.review(after(NONE), evidence(80), date(2026, 8, 14), RULES).grade.tolist() == [5]


@pytest.mark.parametrize(("rerating_months", "rerates"), [(1, 12), (3, 4), (12, 1)])
def test_re_ratings_are_at_ends_of_periods(rerating_months: int, rerates: int) -> None:
    rules = validated(Rating, {"rerating_months": rerating_months}, "receivables.toml")
    days = pd.date_range("2026-01-01", "2026-12-31")
    assert sum(grades.is_rerating(day.date(), rules) for day in days) == rerates


def test_no_score_is_no_grade_and_never_an_average_one() -> None:
    nan = float("nan")
    assert grades.raw_grade(np.array([nan]), RULES).tolist() == [NONE]
    assert replayed([nan, nan, 90]) == [NONE, NONE, 5]
    assert replayed([60, nan, 90]) == [3, NONE, 5]
    # until the next re-rating what was last known still counts
    assert replayed([60, nan], days=[date(2026, 9, 30), date(2026, 10, 31)]) == [3, 3]


def test_a_hard_event_grades_who_has_no_score() -> None:
    assert replayed([float("nan"), float("nan")], {0: 0}) == [0, NONE]
    assert grades.letters(np.array([0, NONE, 5])).tolist() == ["F", None, "A"]


def test_few_facts_cap_a_grade() -> None:
    day = date(2026, 9, 30)
    assert grades.review(after(NONE), evidence(90, completeness=0.59), day, RULES).grade.tolist() == [3]
    assert grades.review(after(NONE), evidence(90, completeness=0.6), day, RULES).grade.tolist() == [5]
    assert grades.review(after(5), evidence(90, completeness=0.59), day, RULES).grade.tolist() == [3]
    assert grades.review(after(NONE), evidence(40, completeness=0.1), day, RULES).grade.tolist() == [1]


def test_a_grade_waits_after_a_downgrade() -> None:
    day = date(2026, 9, 30)
    assert grades.review(after(2, downgraded_on=date(2026, 7, 3)), evidence(90), day, RULES).grade.tolist() == [2]
    assert grades.review(after(2, downgraded_on=date(2026, 7, 2)), evidence(90), day, RULES).grade.tolist() == [3]
    without = Rating(upgrade_pause_days=0)
    assert grades.review(after(2, downgraded_on=date(2026, 9, 29)), evidence(90), day, without).grade.tolist() == [3]
    monthly = Rating(rerating_months=1)
    months = [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30)]
    assert replayed([60, 60, 90, 90], rules=monthly, days=months) == [3, 3, 4, 5]
    assert replayed([60, 40, 90, 90], rules=monthly, days=months) == [3, 1, 1, 1]
    # a hard event is a downgrade, too
    assert replayed([80, 80, 80], {1: 1}, days=[date(2026, 6, 30), date(2026, 7, 31), date(2026, 9, 30)]) == [5, 1, 1]


def test_a_word_moves_a_grade_up_one_and_down_any() -> None:
    day = date(2026, 9, 30)

    def graded(override: int, cap: int = BEST) -> Any:
        told = evidence(60, override=override, cap=cap)
        return grades.review(after(3), told, day, RULES).grade.tolist()

    assert [graded(place) for place in (NONE, 0, 2, 3, 4, 5)] == [[3], [0], [2], [3], [4], [4]]
    assert graded(4, cap=1) == [1]
    assert grades.review(after(NONE), evidence(float("nan"), override=3), day, RULES).grade.tolist() == [NONE]


def test_a_word_leaves_no_trace_when_it_ends() -> None:
    told = [(day, evidence(60, override=word)) for day, word in zip(QUARTERS, (NONE, 0, 0, NONE), strict=False)]
    assert [int(standing.grade[0]) for _, standing in grades.replay(told, 1, RULES)] == [3, 0, 0, 3]


# Hard events and words -----------------------------------------------------------------------------------------------


def test_hard_events_cap_while_they_last() -> None:
    days_since = pd.DataFrame(
        {
            "insolvency": [np.nan, 0.0, 3650.0, 3651.0, np.nan, np.nan],
            "closure": np.nan,
            "bounced_instrument": [np.nan, 5.0, np.nan, np.nan, 365.0, 366.0],
            "broken_plan": np.nan,
            "overdue_90": [np.nan, np.nan, np.nan, np.nan, 1.0, 0.0],
        }
    )
    assert grades.hard_event_cap(days_since, RULES).tolist() == [BEST, 0, 0, BEST, 1, 1]


def test_an_event_that_is_not_told_of_is_no_never() -> None:
    with pytest.raises(KeyError, match="insolvency"):
        grades.hard_event_cap(pd.DataFrame({"closure": [np.nan]}), RULES)


def words(*rows: tuple[Any, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "grade", "reason", "author", "given_on", "expires_on"])
    return frame.assign(is_withdrawal=False).astype({"given_on": "datetime64[s]", "expires_on": "datetime64[s]"})


SOUND: Final = ("K1", "B", "new owner, guarantees given", "Ana", "2026-01-10", "2026-07-09")


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({1: "G"}, "no_grade"),
        ({1: None}, "no_grade"),
        ({2: "  "}, "no_reason"),
        ({3: None}, "no_author"),
        ({5: None}, "no_expiry"),
        ({5: "2026-01-09"}, "ends_before_it_begins"),
        ({4: "2026-03-01", 5: "2026-03-01"}, None),
        ({5: "2026-07-10"}, "too_long"),
    ],
)
def test_a_word_needs_a_reason_an_author_and_an_end(changed: dict[int, Any], fault: str | None) -> None:
    row = tuple(changed.get(place, value) for place, value in enumerate(SOUND))
    found = grades.override_fault(words(row), RULES)
    assert found.isna().tolist() == [fault is None]
    assert found.dropna().tolist() == ([fault] if fault else [])
    in_force = grades.overrides_in_force(words(row), pd.Index(["K1"]), date(2026, 3, 1), RULES)
    assert in_force.grade.tolist() == [4 if fault is None else NONE]


def test_the_last_word_counts_until_it_ends() -> None:
    told = words(
        ("K1", "B", "a", "Ana", "2026-01-10", "2026-06-30"),
        ("K1", "D", "b", "Ana", "2026-02-10", "2026-02-20"),
        ("K2", "F", "c", "Ana", "2026-02-10", "2026-05-01"),
        ("K2", "E", "d", "Luis", "2026-02-10", "2026-05-01"),
        ("K9", "A", "unknown here", "Ana", "2026-01-10", "2026-06-30"),
    )
    customers = pd.Index(["K2", "K1", "K3"])

    def on(*day: int) -> Any:
        return grades.overrides_in_force(told, customers, date(*day), RULES).grade.tolist()

    assert on(2026, 1, 9) == [NONE, NONE, NONE]
    assert on(2026, 1, 10) == [NONE, 4, NONE]
    assert on(2026, 2, 20) == [1, 2, NONE]
    # the earlier word is not taken up again when the later one ends
    assert on(2026, 2, 21) == [1, NONE, NONE]
    until = grades.overrides_in_force(told, customers, date(2026, 2, 20), RULES).until
    assert until.astype(str).tolist() == ["2026-05-01", "2026-02-20", "NaT"]


def test_a_withdrawal_ends_what_was_given_before_it_and_nothing_after_it() -> None:
    told = words(
        ("K1", "B", "a", "Ana", "2026-01-10", "2026-06-30"),
        ("K1", None, None, "Luis", "2026-02-10", None),
        ("K2", None, None, "Luis", "2026-02-10", None),
        ("K2", "E", "b", "Ana", "2026-02-10", "2026-05-01"),
    ).assign(is_withdrawal=[False, True, True, False])

    def on(*day: int) -> Any:
        return grades.overrides_in_force(told, pd.Index(["K1", "K2"]), date(*day), RULES)

    assert on(2026, 2, 9).grade.tolist() == [4, NONE]
    assert on(2026, 2, 10).grade.tolist() == [NONE, 1]
    assert (on(2026, 2, 9).author.tolist(), on(2026, 2, 9).reason.tolist()) == (["Ana", None], ["a", None])
    assert on(2026, 2, 9).until.astype(str).tolist() == ["2026-06-30", "NaT"]


@pytest.mark.parametrize(
    ("said", "day", "stands"),
    [
        (("K1", "B", "2026-06-30", "Ana", "2026-07-02"), date(2026, 9, 29), True),
        (("K1", "B", "2026-06-30", "Ana", "2026-07-02"), date(2026, 7, 1), False),  # nobody had said it yet
        (("K1", "B", "2026-06-30", "Ana", "2026-07-02"), date(2026, 9, 30), False),  # a re-rating asks anew
        (("K1", "B", "2026-06-29", "Ana", "2026-07-02"), date(2026, 7, 2), False),  # said of the rating before
        (("K1", "C", "2026-06-30", "Ana", "2026-07-02"), date(2026, 7, 2), False),  # another grade
        (("K9", "B", "2026-06-30", "Ana", "2026-07-02"), date(2026, 7, 2), False),
    ],
)
def test_a_confirmation_stands_while_the_grade_does_and_until_the_next_re_rating(
    said: tuple[str, ...], day: date, stands: bool
) -> None:
    frame = pd.DataFrame([said], columns=["customer_id", "grade", "rated_on", "author", "given_on"])
    frame = frame.astype({"rated_on": "datetime64[s]", "given_on": "datetime64[s]"})
    found = grades.confirmations(frame, pd.Index(["K2", "K1"]), np.array([4, 4]), day, RULES)
    assert found.author.tolist() == [None, "Ana" if stands else None]
    assert found.on.astype(str).tolist() == ["NaT", "2026-07-02" if stands else "NaT"]


def test_no_words_at_all() -> None:
    found = grades.overrides_in_force(words(), pd.Index(["K1"]), date(2026, 2, 1), RULES)
    assert found.grade.tolist() == [NONE]


def test_the_next_review_is_the_next_re_rating_or_the_end_of_a_word() -> None:
    until = np.array(["NaT", "2026-10-15", "2027-01-31"], dtype="datetime64[D]")
    for day, rerating in [
        (date(2026, 9, 29), "2026-09-30"),
        (date(2026, 9, 30), "2026-12-31"),
        (date(2026, 10, 1), "2026-12-31"),
    ]:
        expected = [rerating, min("2026-10-16", rerating), rerating]
        assert grades.next_review(day, until, RULES).astype(str).tolist() == expected
    yearly = Rating(rerating_months=12)
    assert grades.next_review(date(2026, 12, 31), until[:1], yearly).astype(str).tolist() == ["2027-12-31"]


# Steadiness ----------------------------------------------------------------------------------------------------------


def test_the_golden_moves_smoothed() -> None:
    found = grades.smoothed(np.array([[40, 8, 2], [6, 30, 4], [0, 5, 15]]))
    expected = [[0.7864, 0.165, 0.0485], [0.1566, 0.7349, 0.1084], [0.0233, 0.2558, 0.7209]]
    assert found.share == pytest.approx(np.array(expected), abs=5e-5)


def test_moves_are_counted_where_both_grades_are_known() -> None:
    found = grades.migration(np.array([5, 5, 4, NONE, 0]), np.array([5, 3, 4, 2, NONE]))
    assert found.customers.sum() == 3
    assert (found.customers[5, 5], found.customers[5, 3], found.customers[4, 4]) == (1, 1, 1)
    assert np.nansum(found.share, axis=1) == pytest.approx([0, 0, 0, 0, 1, 1])
    assert np.isnan(found.share[0]).all()


def test_how_many_change_and_how_many_turn_back() -> None:
    history = np.array([[3, 3, 2, NONE], [4, 3, 2, 3], [3, 3, 1, 3], [3, 3, 1, 3], [3, 4, 2, 3]])
    assert grades.change_rate(history) == pytest.approx([1 / 3, 2 / 4, 0, 2 / 4])
    # looked at: one up that was turned back, one down (of the first) that was not, one down turned back after two reviews
    assert grades.reversal_rate(history) == pytest.approx(2 / 3)
    assert grades.reversal_rate(history, within=1) == pytest.approx(1 / 3)


def test_rates_of_nobody_are_none() -> None:
    assert np.isnan(grades.change_rate(np.full((3, 2), NONE))).all()
    assert np.isnan(grades.reversal_rate(np.array([[3], [4]])))
    assert np.isnan(grades.reversal_rate(np.full((5, 2), 3)))


# What must always hold -----------------------------------------------------------------------------------------------

series = st.lists(
    st.tuples(st.floats(0, 100) | st.just(float("nan")), st.sampled_from([BEST, BEST, BEST, 1, 0])),
    min_size=1,
    max_size=11,
)


@given(series)
def test_no_grade_moves_farther_than_it_may_but_for_a_hard_event(told: list[tuple[float, int]]) -> None:
    found = replayed([score for score, _ in told], {turn: cap for turn, (_, cap) in enumerate(told)})
    for before, now, (score, cap) in zip(found, found[1:], told[1:], strict=False):
        assert now <= cap or now == NONE
        if NONE in (before, now) or np.isnan(score):
            continue
        assert now - before <= RULES.notches_up
        assert before - now <= RULES.notches_down or now == cap
        assert now == before or score >= float(RULES.grade_edges[now - 1]) or now < before


@given(st.lists(st.floats(0, 100), min_size=2, max_size=11), st.data())
def test_a_better_score_is_never_graded_worse(scores: list[float], data: st.DataObject) -> None:
    better = [data.draw(st.floats(score, 100)) for score in scores]
    rules = Rating(upgrade_pause_days=0)
    pairs = zip(replayed(scores, rules=rules), replayed(better, rules=rules), strict=True)
    assert all(high >= low for low, high in pairs)


@given(series)
def test_customers_are_graded_alike_alone_and_together(told: list[tuple[float, int]]) -> None:
    together = evidence(*(score for score, _ in told), cap=[cap for _, cap in told])
    both = grades.review(grades.unrated(len(told)), together, QUARTERS[0], RULES).grade.tolist()
    assert both == [replayed([score], {0: cap})[0] for score, cap in told]


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"grade_edges": [35, 45, 55, 65]}, "5 points in rising order"),
        ({"grade_edges": [35, 45, 55, 55, 75]}, "5 points in rising order"),
        ({"hard_event_caps": [["insolvency", "F", -1]]}, "cannot be negative"),
        ({"hard_event_caps": [["insolvency", "G", 1]]}, "'F', 'E', 'D', 'C', 'B' or 'A'"),
        ({"hard_event_caps": [["rumour", "E", 1]]}, "'insolvency', 'closure'"),
        ({"rerating_months": 5}, "1, 2, 3, 4, 6 or 12"),
    ],
)
def test_rules_that_cannot_be_are_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        validated(Rating, raw, "receivables.toml")


def test_letters_and_places_are_one_thing() -> None:
    assert GRADES[BEST] == "A"
    assert grades.places(pd.Series([*GRADES, "x", None])).tolist() == [0, 1, 2, 3, 4, 5, NONE, NONE]
