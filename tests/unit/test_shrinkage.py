"""Shrinkage: the published golden rates, priors of segments, and means whose weight follows from how far customers differ."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.policy import shrinkage
from receivables.policy.shrinkage import MeanPrior, Prior
from receivables.settings import Shrinkage

RULES: Final = Shrinkage()


def segments(*names: str | None) -> pd.Series[str]:
    return pd.Series(names, dtype="str")


def numbers(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(values, dtype=np.float64)


# Rates ---------------------------------------------------------------------------------------------------------------


def test_the_golden_rates() -> None:
    found = shrinkage.shrunk_rate(numbers(0, 0, 1, 2, 10), numbers(0, 3, 3, 12, 60), np.full(5, 0.08), RULES)
    assert found == pytest.approx([0.08, 0.069565, 0.113043, 0.1125, 0.145], abs=5e-7)


def test_the_golden_interval() -> None:
    low, high = shrinkage.rate_interval(numbers(2, 2, 0), numbers(12, 12, 5), numbers(0.08, 0.08, np.nan), RULES)
    assert (low[0], high[0]) == pytest.approx((0.0376, 0.2150), abs=5e-5)
    assert (low[1], high[1]) == (low[0], high[0])
    assert np.isnan([low[2], high[2]]).all()


@given(
    st.integers(0, 60).flatmap(lambda cases: st.tuples(st.integers(0, cases), st.just(cases))),
    st.floats(0.001, 0.999),
)
def test_a_shrunk_rate_lies_between_ones_own_and_the_usual(told: tuple[int, int], usual: float) -> None:
    hits, cases = numbers(told[0]), numbers(told[1])
    rate = float(shrinkage.shrunk_rate(hits, cases, numbers(usual), RULES)[0])
    own = told[0] / told[1] if told[1] else usual
    assert min(own, usual) - 1e-12 <= rate <= max(own, usual) + 1e-12
    low, high = shrinkage.rate_interval(hits, cases, numbers(usual), RULES)
    assert 0 <= low[0] < high[0] <= 1


def test_the_longer_a_record_the_more_it_counts_and_the_surer_it_is() -> None:
    cases = numbers(0, 10, 100, 1000)
    rate = shrinkage.shrunk_rate(cases / 2, cases, np.full(4, 0.1), RULES)
    assert rate.tolist() == sorted(rate)
    low, high = shrinkage.rate_interval(cases / 2, cases, np.full(4, 0.1), RULES)
    assert (high - low)[1:].tolist() == sorted((high - low)[1:], reverse=True)
    assert low[-1] < 0.5 < high[-1]


def test_what_is_usual_is_learnt_by_segment() -> None:
    prior = shrinkage.rate_prior(numbers(30, 9, 1), numbers(100, 100, 2), segments("a", "b", "c"), RULES)
    assert prior.overall == pytest.approx(40.5 / 203)
    added = 20 * prior.overall
    assert prior.of(segments("a", "b", "c", "never seen", None)) == pytest.approx(
        [(30 + added) / 120, (9 + added) / 120, (1 + added) / 22, prior.overall, prior.overall]
    )


def test_what_never_happened_may_still_happen_and_of_nothing_nothing_is_usual() -> None:
    prior = shrinkage.rate_prior(numbers(0, 0), numbers(40, 60), segments("a", "a"), RULES)
    assert 0 < prior.of(segments("a"))[0] < 0.01
    nothing = shrinkage.rate_prior(numbers(0), numbers(0), segments("a"), RULES)
    assert np.isnan(nothing.of(segments("a"))).all()


# Means ---------------------------------------------------------------------------------------------------------------


def learnt(samples: list[list[float]], names: list[str], rules: Shrinkage = RULES) -> MeanPrior:
    parts = [np.array(sample, dtype=np.float64) for sample in samples]
    return shrinkage.mean_prior(
        numbers(*(part.mean() if len(part) else np.nan for part in parts)),
        numbers(*(part.var(ddof=1) if len(part) > 1 else np.nan for part in parts)),
        numbers(*(len(part) for part in parts)),
        segments(*names),
        rules,
    )


def test_how_many_cases_are_added_follows_from_the_spread() -> None:
    # within customers 2; between them, of two cases each: (2 x (4 + 0 + 4) - 2 x 2) / (6 - 12 / 6) = 3
    told: list[list[float]] = [[7, 9], [9, 11], [11, 13]]
    prior = learnt(told, ["a"] * 3, Shrinkage(mean_cases_min=0))
    assert (prior.usual.overall, prior.usual.by_segment.to_dict()) == (10, {"a": 10})
    assert prior.cases == pytest.approx(2 / 3)
    # the same customers, and as many again that are all 90 later: another segment is no spread
    late: list[list[float]] = [[day + 90 for day in days] for days in told]
    both = learnt(told + late, [*"aaabbb"], Shrinkage(mean_cases_min=0))
    assert both.cases == pytest.approx(2 / 3)


def test_the_spread_is_found_again() -> None:
    rng = np.random.default_rng(11)
    cases = rng.integers(1, 30, 4000).astype(np.float64)
    kind = rng.integers(0, 2, 4000)
    true = np.array([5.0, 40.0])[kind] + rng.normal(0, 4, 4000)
    mean = true + rng.normal(size=4000) * 12 / np.sqrt(cases)
    variance = np.where(cases > 1, 144 * rng.chisquare(np.maximum(cases - 1, 1)) / np.maximum(cases - 1, 1), np.nan)
    names = pd.Series(np.array(["early", "late"])[kind], dtype="str")
    prior = shrinkage.mean_prior(mean, variance, cases, names, RULES)
    assert prior.cases == pytest.approx(144 / 16, rel=0.1)
    assert prior.usual.of(segments("early", "late")) == pytest.approx([5, 40], abs=0.5)
    shrunk = shrinkage.shrunk_mean(mean, cases, names, prior)
    assert np.mean((shrunk - true) ** 2) < 0.5 * np.mean((mean - true) ** 2)


def test_a_shrunk_mean_and_who_has_no_case() -> None:
    prior = MeanPrior(Prior(20.0, pd.Series({"a": 10.0})), 5)
    found = shrinkage.shrunk_mean(
        numbers(40, 40, np.nan, 50), numbers(5, 15, 0, 5), segments("a", "a", "a", "z"), prior
    )
    assert found.tolist() == [25, 32.5, 10, 35]


def test_where_all_are_alike_everybody_is_as_usual() -> None:
    single = learnt([[3], [9], []], ["a", "a", "a"])
    assert single.cases == np.inf
    assert shrinkage.shrunk_mean(numbers(3, 9, np.nan), numbers(1, 1, 0), segments("a", "a", "a"), single).tolist() == [
        6,
        6,
        6,
    ]
    nobody = learnt([[], []], ["a", "b"])
    assert np.isnan(shrinkage.shrunk_mean(numbers(np.nan), numbers(0), segments("a"), nobody)).all()


def test_a_few_payments_are_no_habit_however_far_customers_differ() -> None:
    assert learnt([[0, 1], [100, 101], [200, 201]], ["a", "a", "a"]).cases == 3
