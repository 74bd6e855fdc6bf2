"""Back-tests: the published golden measures, intervals by customer, simple scores beside a score, and drift."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.distributions import interval, jackknife_error
from receivables.policy import backtest
from receivables.policy.backtest import Cases
from receivables.settings import Backtest

if TYPE_CHECKING:
    from collections.abc import Sequence

RULES: Final = Backtest()
BAD: Final = [0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 1]
SAID: Final = np.array([0.02, 0.04, 0.05, 0.05, 0.10, 0.15, 0.15, 0.30, 0.40, 0.50, 0.60, 0.80])


def cases(bad: Sequence[int], customer: Sequence[int] | None = None, amount: Sequence[float] | None = None) -> Cases:
    size = len(bad)
    return Cases(
        np.arange(size) if customer is None else np.array(customer),
        np.array(bad, dtype=np.bool_),
        np.ones(size) if amount is None else np.array(amount, dtype=np.float64),
    )


def values(bad: Sequence[int], said: Any, **options: Any) -> dict[str, float]:
    given_cases = cases(bad, options.pop("customer", None), options.pop("amount", None))
    found = backtest.measure(given_cases, np.array(said, dtype=np.float64), RULES, **options)
    return {str(name): float(value) for name, value in found["value"].items()}


def crowd(customers: int, seed: int = 1) -> tuple[Cases, np.ndarray[Any, np.dtype[np.float64]]]:
    """Customers at three snapshots each, with true chances of going bad."""
    rng = np.random.default_rng(seed)
    customer = np.repeat(np.arange(customers), 3)
    chance = 1 / (1 + np.exp(1.5 - rng.normal(size=customers)[customer] - rng.normal(size=3 * customers) / 2))
    bad = rng.random(3 * customers) < chance
    return Cases(customer, bad, np.rint(rng.lognormal(6, 1, 3 * customers))), chance


def test_the_golden_measures() -> None:
    found = values(BAD, SAID)
    assert found == pytest.approx(
        {
            "auc": 0.890625,
            "amount_auc": 0.890625,
            "gini": 0.78125,
            "average_precision": 0.830357,
            "ks": 0.625,
            "brier": 0.1385,
            "brier_base": 0.222222,
            "brier_skill": 0.37675,
            "log_loss": 0.419058,
            "observed_expected": 1.265823,
            "calibration_intercept": 0.74728,
            "calibration_slope": 1.26881,
            "spiegelhalter_z": 0.0987,
            "cases": 12,
            "bads": 4,
            "customers": 12,
        },
        abs=5e-6,
    )


def test_the_order_of_cases_and_a_finer_scale_change_nothing() -> None:
    turned = values(BAD[::-1], SAID[::-1])
    assert turned == pytest.approx(values(BAD, SAID))
    by_rank = values(BAD, SAID * 1000 - 7, is_probability=False)
    assert set(by_rank) == {"auc", "amount_auc", "gini", "average_precision", "ks", "cases", "bads", "customers"}
    assert {name: turned[name] for name in by_rank} == pytest.approx(by_rank)


def test_who_says_the_same_of_everybody_ranks_nobody() -> None:
    found = values(BAD, [0.25] * 12)
    assert (found["auc"], found["ks"]) == (0.5, 0)
    assert found["average_precision"] == pytest.approx(4 / 12)
    assert np.isnan(found["calibration_slope"])  # one point makes no line


@pytest.mark.parametrize("bad", [[0] * 12, [1] * 12, []])
def test_with_one_kind_of_case_nothing_can_be_told(bad: list[int]) -> None:
    found = values(bad, SAID[: len(bad)])
    counted = [found.pop(name) for name in ("cases", "bads", "customers")]
    assert counted == [len(bad), sum(bad), len(bad)]
    assert np.isnan(list(found.values())).all()


def test_good_and_bad_that_do_not_overlap_have_no_line_and_no_interval() -> None:
    found = backtest.measure(cases([0] * 15 + [1] * 15), np.linspace(0.1, 0.9, 30), RULES)
    assert found.loc["auc", "value"] == 1
    assert found.loc[["auc", "gini"], ["lo", "hi"]].isna().all(axis=None)
    assert found.loc["calibration_slope"].isna().all()


def test_what_was_held_impossible_and_happened_is_an_endless_surprise() -> None:
    found = values([0, 1, 0, 1], [0.0, 0.0, 0.4, 1.0])
    assert found["log_loss"] == np.inf
    assert np.isnan(found["calibration_intercept"])
    assert values([0, 1, 0, 1], [0.0, 0.5, 0.5, 1.0])["log_loss"] == pytest.approx(log(2) / 2)


def test_cases_without_a_prediction_are_left_out() -> None:
    assert values([*BAD, 1, 0], [*SAID, np.nan, np.nan]) == pytest.approx(values(BAD, SAID))


@pytest.mark.parametrize("wrong", [-0.01, 1.01])
def test_a_probability_lies_between_0_and_1(wrong: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        backtest.measure(cases([0, 1]), np.array([0.5, wrong]), RULES)


case = st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 9))


@settings(max_examples=200)
@given(st.lists(case, min_size=1, max_size=30))
def test_money_is_ranked_pair_by_pair(told: list[tuple[bool, int, int]]) -> None:
    won = pairs = 0.0
    for _, said, amount in (row for row in told if row[0]):
        for _, other_said, other_amount in (row for row in told if not row[0]):
            pairs += amount * other_amount
            won += amount * other_amount * (1.0 if said > other_said else 0.5 if said == other_said else 0.0)
    bad, said_of, amounts = zip(*told, strict=True)
    found = values(bad, said_of, amount=amounts, is_probability=False)["amount_auc"]
    assert found == pytest.approx(won / pairs, nan_ok=True) if pairs else np.isnan(found)


# Intervals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["auc", "average_precision", "ks", "amount_auc", "brier", "log_loss", "observed_expected"]
)
def test_an_interval_comes_from_leaving_out_each_customer(name: str) -> None:
    told, said = crowd(25)
    found = backtest.measure(told, said, RULES).loc[name]
    left_out = np.array(
        [
            backtest.measure(told.where(told.customer != one), said[told.customer != one], RULES).loc[name, "value"]
            for one in range(25)
        ]
    )
    scale = backtest.SCALES[name]
    expected = interval(np.array(found["value"]), jackknife_error(left_out), 25, scale)
    assert (found["lo"], found["hi"]) == pytest.approx(tuple(map(float, expected)))
    assert found["lo"] < found["value"] < found["hi"]


def test_the_line_without_a_customer_is_a_step_away() -> None:
    told, said = crowd(60)
    found = backtest.measure(told, said, RULES).loc["calibration_slope"]
    left_out = np.array(
        [
            backtest.measure(told.where(told.customer != one), said[told.customer != one], RULES).loc[
                "calibration_slope", "value"
            ]
            for one in range(60)
        ]
    )
    low, high = interval(np.array(found["value"]), jackknife_error(left_out), 60, "plain")
    assert found["hi"] - found["lo"] == pytest.approx(float(high - low), rel=0.02)


def test_saying_everything_twice_makes_nothing_surer() -> None:
    told, said = crowd(40)
    twice = Cases(*(np.concatenate([column, column]) for column in (told.customer, told.is_bad, told.amount)))
    once, again = (
        backtest.measure(known, predicted, RULES).loc[list(backtest.SCALES)]
        for known, predicted in ((told, said), (twice, np.concatenate([said, said])))
    )
    pd.testing.assert_frame_equal(once, again)


def test_more_customers_make_it_surer_and_too_few_leave_it_open() -> None:
    width = []
    for customers in (19, 20, 100, 1000):
        found = backtest.measure(*crowd(customers), RULES).loc["auc"]
        width.append(found["hi"] - found["lo"])
    assert np.isnan(width[0])
    assert width[1] > width[2] > width[3] > 0


def test_many_customers_are_left_out_in_groups() -> None:
    told, said = crowd(1000)
    wide = backtest.measure(told, said, RULES).loc["auc"]
    one_by_one = backtest.measure(told, said, Backtest(interval_groups=1000)).loc["auc"]
    assert wide["value"] == one_by_one["value"]
    assert wide["hi"] - wide["lo"] == pytest.approx(one_by_one["hi"] - one_by_one["lo"], rel=0.2)


def test_bad_cases_of_one_customer_tell_nothing_of_others() -> None:
    told, said = crowd(40)
    one_bad = Cases(told.customer, told.customer == 7, told.amount)
    found = backtest.measure(one_bad, said, RULES)
    assert np.isnan(found.loc[["auc"]].to_numpy()).tolist() == [[False, True, True]]


# Simple scores beside it ---------------------------------------------------------------------------------------------


def test_a_score_is_held_against_simple_ones_on_the_same_cases() -> None:
    told, said = crowd(800)
    rng = np.random.default_rng(2)
    blurred = 1 / (1 + np.exp(-np.log(said / (1 - said)) - rng.normal(size=len(said))))
    found = backtest.compare(told, said, {"blurred": blurred, "itself": said}, RULES)
    assert found.index.names == ["baseline", "metric"]
    verdict = found["verdict"].unstack()
    assert set(verdict.loc["base_rate"]) | set(verdict.loc["blurred"]) == {"better"}
    assert set(verdict.loc["itself"]) == {"undecided"}
    assert found.loc[("base_rate", "auc"), "baseline_value"] == 0.5
    alone = backtest.measure(told, said, RULES)["value"]
    assert found.loc[("base_rate", "brier"), "difference"] == pytest.approx(alone["brier_base"] - alone["brier"])
    backwards = backtest.compare(told, blurred, {"sharp": said}, RULES)
    assert set(backwards["verdict"].unstack().loc["sharp"]) == {"worse"}


def test_the_interval_of_a_difference_is_that_of_the_same_customers() -> None:
    told, said = crowd(400)
    nearly = said + np.where(told.customer == 3, 1e-3, 0)
    difference = backtest.compare(told, said, {"nearly": nearly}, RULES)
    alone = backtest.measure(told, said, RULES).loc["brier"]
    width = (difference["hi"] - difference["lo"]).loc["nearly"].loc["brier"]
    assert width < (alone["hi"] - alone["lo"]) / 50


def test_cases_that_one_of_them_does_not_know_count_for_none() -> None:
    told, said = crowd(60)
    other = np.where(told.customer < 30, np.nan, said)
    found = backtest.compare(told, said, {"other": other}, RULES, is_probability=False)
    late = told.customer >= 30
    alone = backtest.measure(told.where(late), said[late], RULES)
    for baseline in ("other", "base_rate"):
        assert found.loc[baseline]["value"].to_dict() == alone.loc[["auc", "average_precision"], "value"].to_dict()


def test_without_bad_cases_nothing_is_decided() -> None:
    found = backtest.compare(cases([0] * 30), np.linspace(0.1, 0.9, 30), {}, RULES)
    assert set(found["verdict"]) == {"undecided"}
    assert found["difference"].isna().all()


# Drift ---------------------------------------------------------------------------------------------------------------


def test_the_golden_stability_index() -> None:
    before, now = np.array([20, 40, 80, 40, 20]), np.array([18, 30, 72, 50, 30])
    assert backtest.stability_index(before, now) == pytest.approx(0.051083, abs=5e-7)


@pytest.mark.parametrize(
    ("before", "now", "bins", "critical"),
    [(200, 80, 5, 0.166), (200, 200, 5, 0.0949), (500, 500, 10, 0.0677), (2000, 2000, 10, 0.0169)],
)
def test_what_chance_alone_makes_of_it(before: int, now: int, bins: int, critical: float) -> None:
    assert backtest.critical_index(before, now, bins, 0.05) == pytest.approx(critical, abs=5e-5)


def test_an_empty_bin_counts_half_a_customer() -> None:
    found = backtest.stability_index(np.array([10, 10]), np.array([20, 0]))
    assert found == pytest.approx((1 - 0.5) * log(2) + (0.025 - 0.5) * log(0.025 / 0.5))


def test_scores_are_counted_in_bins_of_equal_numbers() -> None:
    found = backtest.drift(np.arange(100.0), np.arange(20.0, 120.0), RULES)
    assert found.before.tolist() == [20] * 5
    assert found.now.tolist() == [0, 20, 20, 20, 40]
    assert found.upper_edges.tolist() == [19, 39, 59, 79]
    assert found.is_alert


def test_drift_is_told_beyond_chance_and_beyond_what_matters() -> None:
    rng = np.random.default_rng(3)

    def shifted(size: int, by: float) -> backtest.Drift:
        return backtest.drift(rng.normal(size=size), rng.normal(by, size=size), RULES)

    small = shifted(60, 0.3)
    assert small.psi > float(RULES.drift_min)
    assert (small.critical > small.psi, small.is_alert) == (True, False)
    slight = shifted(20_000, 0.2)
    assert slight.critical < slight.psi < float(RULES.drift_min)
    assert not slight.is_alert
    assert shifted(20_000, 0.6).is_alert


def test_scores_that_tie_share_a_bin_and_no_scores_tell_nothing() -> None:
    found = backtest.drift(np.array([5.0] * 9 + [7.0]), np.array([5.0, 7.0, np.nan]), RULES)
    assert (found.upper_edges.tolist(), found.before.tolist(), found.now.tolist()) == ([5], [9, 1], [1, 1])
    for before, now in (([], [1.0]), ([1.0], []), ([2.0] * 5, [2.0] * 5)):
        nothing = backtest.drift(np.array(before), np.array(now), RULES)
        assert np.isnan(nothing.critical)
        assert not nothing.is_alert
