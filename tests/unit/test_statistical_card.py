"""The card learnt from outcomes: published golden evidence and points, bins that run one way, what is missing, who is enough, and what never counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.errors import SettingsError
from receivables.policy import statistical_card
from receivables.policy.statistical_card import (
    FITTED,
    NO_ATTRIBUTE,
    ONE_BIN,
    OWN,
    SURPLUS,
    TOO_FEW_BADS,
    USED,
    WORST,
    WRONG_SIGN,
    Bins,
    Card,
    Cases,
)
from receivables.settings import StatisticalCard, validated

if TYPE_CHECKING:
    from receivables.policy.statistical_card import Days

RULES: Final = StatisticalCard()
GOOD: Final = np.array([10.0, 40.0, 90.0, 160.0])
BAD: Final = np.array([12.0, 10.0, 6.0, 2.0])
DIRECTIONS: Final = {"index": 1, "days": -1, "noise": 1, "same": 1}


def ending(day: Days, after: int) -> Days:
    """So many days later."""
    return np.array(day.astype(np.int64) + after, dtype="datetime64[D]")


def crowd(customers: int = 600, seed: int = 3) -> Cases:
    """Customers at three quarters: a higher index and fewer days late are safer, noise tells nothing, and one fact is the same for all."""
    rng = np.random.default_rng(seed)
    index, days = rng.normal(70, 10, customers), rng.exponential(20, customers)
    odds = 1.5 - 0.12 * (index - 70) + 0.04 * (days - 20) - 3.5
    turns = 3
    is_bad = rng.random((turns, customers)) < 1 / (1 + np.exp(-odds))
    facts = {
        "index": np.tile(index, turns),
        "days": np.tile(days, turns),
        "noise": rng.normal(size=turns * customers),
        "same": np.full(turns * customers, 4.0),
    }
    quarter = np.repeat(np.array(["2023-03-31", "2024-03-31", "2025-03-31"], dtype="datetime64[D]"), customers)
    return Cases(
        pd.DataFrame(facts),
        np.tile(np.arange(customers), turns),
        is_bad.reshape(-1),
        quarter,
        ending(quarter, 365),
    )


@pytest.fixture(scope="module")
def card() -> Card:
    return statistical_card.fit(crowd(), DIRECTIONS, RULES)


def bins(values: Any, is_bad: Any, direction: int = 1, **rules: Any) -> Bins:
    return statistical_card.binned(
        "fact",
        np.array(values, dtype=np.float64),
        np.array(is_bad, dtype=np.bool_),
        direction,
        RULES.model_copy(update=rules),
    )


def cut(good: Any, bad: Any) -> tuple[list[float], list[bool]]:
    """A value per bin, 1, 2 and so on, so many times."""
    values: list[float] = []
    is_bad: list[bool] = []
    for value, (goods, bads) in enumerate(zip(good, bad, strict=True), start=1):
        values += [float(value)] * int(goods + bads)
        is_bad += [False] * int(goods) + [True] * int(bads)
    return values, is_bad


# Golden numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("smoothing", "woe", "information"),
    [
        (0.0, [-2.484907, -0.916291, 0.405465, 2.079442], 2.105343),
        (0.5, [-2.419045, -0.894764, 0.388857, 1.917312], 1.941155),
    ],
)
def test_the_golden_evidence(smoothing: float, woe: list[float], information: float) -> None:
    assert statistical_card.evidence(GOOD, BAD, smoothing) == pytest.approx(woe, abs=5e-7)
    assert statistical_card.information_value(GOOD, BAD, smoothing) == pytest.approx(information, abs=5e-7)


def test_bins_have_the_golden_evidence() -> None:
    found = bins(*cut(GOOD[::-1], BAD[::-1]), direction=-1, bin_bads_min=2)
    assert found.upper.tolist() == [1, 2, 3]
    assert (found.rows.tolist(), found.bads.tolist()) == ([162, 96, 50, 22, 0], [2, 6, 10, 12, 0])
    assert found.woe[:4] == pytest.approx([1.917312, 0.388857, -0.894764, -2.419045], abs=5e-7)
    assert found.information == pytest.approx(1.941155, abs=5e-7)


def test_the_golden_points() -> None:
    """Ten to one are 600 less twenty doublings' logarithm of three: 600 - 20 log2(30 / 10)."""
    assert statistical_card.factor(RULES) == pytest.approx(28.853901, abs=5e-7)
    assert statistical_card.offset(RULES) == pytest.approx(501.862188, abs=5e-7)
    of_ten = statistical_card.offset(RULES) + statistical_card.factor(RULES) * np.log(10)
    assert of_ten == pytest.approx(600 - 20 * np.log2(3), abs=1e-9)


# Bins ----------------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.integers(-5, 40) | st.none(), st.booleans()), min_size=1, max_size=200),
    st.sampled_from((1, -1)),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_evidence_runs_one_way_whatever_the_cases_and_their_order(rows: Any, direction: int, random: Any) -> None:
    found = bins([np.nan if value is None else value for value, _ in rows], [bad for _, bad in rows], direction)
    assert (np.diff(found.woe[:-1]) * direction > 0).all()
    assert (found.rows.sum(), found.bads.sum()) == (len(rows), sum(bad for _, bad in rows))
    if len(found.rows) > 2:
        assert found.rows[:-1].min() >= 0.05 * len(rows)
        assert found.bads[:-1].min() >= RULES.bin_bads_min
    random.shuffle(rows)
    again = bins([np.nan if value is None else value for value, _ in rows], [bad for _, bad in rows], direction)
    assert again.woe.tolist() == found.woe.tolist()
    assert again.upper.tolist() == found.upper.tolist()


def test_bins_that_fall_out_of_line_are_pooled() -> None:
    found = bins(*cut([160, 40, 90, 10], [5, 10, 6, 12]), direction=-1)
    assert found.upper.tolist() == [1, 3]
    assert found.bads.tolist() == [5, 16, 12, 0]


def test_a_bin_of_too_few_bad_cases_is_joined_to_the_neighbour_nearest_in_evidence() -> None:
    found = bins(*cut([160, 60, 58, 10], [5, 2, 4, 12]), direction=-1)
    assert found.upper.tolist() == [2, 3]
    assert found.bads.tolist() == [7, 4, 12, 0]


def test_what_is_missing_has_its_own_evidence_where_enough_cases_lack_it() -> None:
    values, is_bad = cut([90, 160], [6, 5])
    found = bins([*values, *[np.nan] * 50], [*is_bad, *[True] * 10, *[False] * 40])
    assert (found.missing, found.rows[-1], found.bads[-1]) == (OWN, 50, 10)
    told = statistical_card.evidence(np.array([90.0, 160.0, 40.0]), np.array([6.0, 5.0, 10.0]), 0.5)
    assert found.woe.tolist() == told.tolist()


@pytest.mark.parametrize("missing", [0, 1, 20])
def test_what_too_few_lack_is_worth_the_worst_bin_and_never_the_average(missing: int) -> None:
    values, is_bad = cut([90, 160], [16, 5])
    found = bins([*values, *[np.nan] * missing], [*is_bad, *[False] * missing])
    assert (found.missing, found.rows[-1]) == (WORST, missing)
    assert found.woe[-1] == found.woe[:-1].min() < 0
    assert found.place(np.array([np.nan])).tolist() == [len(found.rows) - 1]


# Fitting -------------------------------------------------------------------------------------------------------------


def test_what_tells_is_found_and_every_coefficient_says_that_safer_is_safer(card: Card) -> None:
    assert card.status == FITTED
    weight = dict(zip(DIRECTIONS, card.coefficient, strict=True))
    assert weight["index"] < -0.5
    assert weight["days"] < -0.5
    assert np.isnan(weight["same"])
    assert dict(zip(DIRECTIONS, card.state, strict=True))["same"] == ONE_BIN
    assert all(weight < 0 for _, weight in card.used())


def test_chances_are_true_on_average(card: Card) -> None:
    """Without a penalty on the level they sum to the bad cases."""
    cases = crowd()
    chance = statistical_card.score(card, cases.facts, RULES).chance
    assert chance.sum() == pytest.approx(cases.is_bad.sum(), rel=1e-9)


def test_a_light_penalty_finds_what_the_logarithm_of_shares_says() -> None:
    """With one attribute the best line on its evidence has slope -1 and the level of all, but for the smoothing."""
    values, is_bad = cut(GOOD * 100, BAD * 100)
    size = len(values)
    day = np.full(size, "2025-03-31", dtype="datetime64[D]")
    rules = RULES.model_copy(update={"penalties": (1e6,)})
    cases = Cases(pd.DataFrame({"fact": values}), np.arange(size), np.array(is_bad), day, day)
    found = statistical_card.fit(cases, {"fact": 1}, rules)
    assert found.coefficient == pytest.approx([-1], abs=1e-3)
    assert found.intercept == pytest.approx(np.log(30 / 300), abs=1e-3)


def test_a_stronger_penalty_trusts_less() -> None:
    weights = []
    for penalty in RULES.penalties:
        found = statistical_card.fit(crowd(), DIRECTIONS, RULES.model_copy(update={"penalties": (penalty,)}))
        weights.append(np.abs([weight for _, weight in found.used()]).sum())
    assert weights == sorted(weights)
    assert weights[0] < weights[-1]


def test_the_penalty_is_the_one_that_told_later_reratings_best() -> None:
    """Where nothing can be tried it is the first; what later re-ratings show alone decides."""
    cases = crowd()
    first = cases.where(cases.day == cases.day.min())
    assert statistical_card.fit(first, DIRECTIONS, RULES).penalty == float(RULES.penalties[0])
    turned = cases.is_bad.copy()
    later = cases.day > cases.day.min()
    turned[later] = np.random.default_rng(1).permutation(turned[later])
    trusting = statistical_card.fit(cases, DIRECTIONS, RULES).penalty
    wary = statistical_card.fit(replace(cases, is_bad=turned), DIRECTIONS, RULES).penalty
    assert wary == float(RULES.penalties[0]) < trusting


def test_what_was_not_over_by_a_trial_is_not_learnt_from_in_it() -> None:
    """Re-ratings a quarter apart, whose years overlap, can try nothing."""
    cases = crowd()
    close = replace(cases, until=ending(cases.until, 3 * 365))
    assert statistical_card.fit(close, DIRECTIONS, RULES).penalty == float(RULES.penalties[0])


def test_the_order_of_cases_changes_nothing(card: Card) -> None:
    cases = crowd()
    order = np.random.default_rng(5).permutation(len(cases.is_bad))
    turned = Cases(
        cases.facts.iloc[order], cases.customer[order], cases.is_bad[order], cases.day[order], cases.until[order]
    )
    found = statistical_card.fit(turned, DIRECTIONS, RULES)
    assert (found.intercept, found.penalty, found.state) == (card.intercept, card.penalty, card.state)
    assert found.coefficient.tobytes() == card.coefficient.tobytes()


def test_a_customer_that_went_bad_is_one_however_often_it_was_seen_going() -> None:
    cases = crowd(60)
    assert cases.bads < cases.is_bad.sum()
    found = statistical_card.fit(cases, DIRECTIONS, RULES)
    assert (found.status, found.bads_needed, found.bads) == (TOO_FEW_BADS, 50, cases.bads)
    assert not found.used()


def test_attributes_are_as_many_as_there_are_bad_customers_for() -> None:
    cases = crowd()
    rules = RULES.model_copy(update={"bads_per_parameter": cases.bads // 2})
    found = statistical_card.fit(cases, DIRECTIONS, rules)
    assert len(found.used()) == 1
    most = max(found.bins, key=lambda one: one.information)
    assert found.used()[0][0].attribute == most.attribute
    assert SURPLUS in found.state
    wanting = RULES.model_copy(update={"bads_per_parameter": cases.bads // 2 + 1})
    assert statistical_card.fit(cases, DIRECTIONS, wanting).bads_needed == 2 * (cases.bads // 2 + 1)


def test_what_beside_the_others_would_call_safer_more_dangerous_is_left_out() -> None:
    """A twin with some noise of its own: the better it is alone, the more it is turned round beside the other."""
    rng = np.random.default_rng(2)
    size = 4000
    safe, wave = rng.normal(size=size), rng.normal(size=size)
    is_bad = rng.random(size) < 1 / (1 + np.exp(1 + 2 * safe))
    facts = pd.DataFrame({"seen": safe + wave, "wave": wave + 0.35 * safe})
    day = np.full(size, "2025-03-31", dtype="datetime64[D]")
    found = statistical_card.fit(Cases(facts, np.arange(size), is_bad, day, day), {"seen": 1, "wave": 1}, RULES)
    assert all(one.tells for one in found.bins)
    assert found.state == (USED, WRONG_SIGN)
    assert [one.attribute for one, _ in found.used()] == ["seen"]


def test_facts_that_tell_nothing_make_no_card() -> None:
    cases = crowd()
    assert statistical_card.fit(cases, {"same": 1}, RULES).status == NO_ATTRIBUTE


def test_no_case_at_all_is_too_few() -> None:
    cases = crowd()
    nobody = cases.where(np.zeros(len(cases.is_bad), dtype=np.bool_))
    assert statistical_card.fit(nobody, DIRECTIONS, RULES).status == TOO_FEW_BADS
    all_bad = replace(cases, is_bad=np.ones(len(cases.is_bad), dtype=np.bool_))
    assert statistical_card.fit(all_bad, DIRECTIONS, RULES).status == TOO_FEW_BADS


# Scores --------------------------------------------------------------------------------------------------------------


def test_points_of_the_bins_add_up_to_the_odds(card: Card) -> None:
    facts = crowd().facts.head(50)
    found = statistical_card.score(card, facts, RULES)
    odds = (1 - found.chance) / found.chance
    assert found.points == pytest.approx(600 + 20 * np.log2(odds / 30))
    assert found.score == pytest.approx(np.clip(75 + 10 * np.log2(odds / 30), 0, 100), abs=1e-4)


def test_a_missing_fact_never_scores_above_the_worst_told_one_where_too_few_lack_it(card: Card) -> None:
    facts = pd.DataFrame({"index": [np.nan, -1000.0, 1000.0], "days": 5.0, "noise": 0.0, "same": 4.0})
    found = statistical_card.score(card, facts, RULES)
    assert found.score[0] == found.score[1] < found.score[2]
    assert found.lost["index"].tolist() == [found.best["index"], found.best["index"], 0]
    assert found.stand_in["index"] == 0
    assert found.is_missing["index"].tolist() == [True, False, False]


@pytest.mark.parametrize("penalties", [[1, 1], [0, 1], [2, 1]])
def test_penalties_rise_from_above_nothing(penalties: list[int]) -> None:
    with pytest.raises(SettingsError, match="rising order"):
        validated(StatisticalCard, {"penalties": penalties}, "receivables.toml")
