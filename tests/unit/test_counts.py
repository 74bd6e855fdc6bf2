"""Tails of counts, against their golden numbers."""

from __future__ import annotations

import numpy as np
import pytest

from receivables.distributions import gamma_share, gamma_tail
from receivables.policy.counts import learn, middle, nb_size, nb_tail, poisson_tail, predictive, several


def test_nine_where_three_are_usual() -> None:
    assert poisson_tail(9, 3) == pytest.approx(0.003803, abs=1e-6)
    assert middle(poisson_tail(9, 3), poisson_tail(10, 3)) == pytest.approx(0.002453, abs=1e-6)
    assert nb_tail(9, 3, 2) == pytest.approx(0.046357, abs=1e-6)
    assert middle(nb_tail(9, 3, 2), nb_tail(10, 3, 2)) == pytest.approx(0.038295, abs=1e-6)


def test_what_a_year_of_months_says_of_the_next() -> None:
    mean, size = predictive(np.array(36.0), np.array(12.0))
    assert nb_tail(9, mean, size) == pytest.approx(0.006090, abs=1e-6)


def test_an_infinite_size_is_poisson_and_of_nothing_nothing_comes() -> None:
    assert nb_tail(9, 3, np.inf) == pytest.approx(poisson_tail(9, 3))
    assert nb_tail(np.array([0.0, 1.0]), 0, 2) == pytest.approx([1, 0])
    assert np.isinf(nb_size(np.array([3.0]), np.array([2.0]))[0])
    assert nb_size(np.array([3.0]), np.array([7.5]))[0] == pytest.approx(2)


def test_gamma_shares_and_tails_are_whole_and_exact_far_out() -> None:
    x, a = np.array([0.1, 1.0, 5.0, 50.0]), np.array([0.5, 1.0, 5.0, 10.0])
    assert gamma_share(x, a) + gamma_tail(x, a) == pytest.approx(np.ones(4))
    assert gamma_tail(x, 1.0) == pytest.approx(np.exp(-x), rel=1e-12)
    assert gamma_tail(300.0, 1.0) == pytest.approx(np.exp(-300.0), rel=1e-10)


def test_two_rare_months_of_three_weigh_as_much_as_a_very_rare_one() -> None:
    found = several(np.array([[1e-4, 1.0, 1.0], [1e-2, 1e-2, 1.0], [0.5, 0.5, 0.5]]))
    assert found[0] == pytest.approx(found[1], rel=0.05)
    assert found[2] == 1


def test_chances_of_months_by_chance_are_as_frequent_as_they_say() -> None:
    rng = np.random.default_rng(1)
    means = rng.uniform(0.5, 20, 20_000)
    amounts = rng.negative_binomial(4, 4 / (4 + means)).astype(np.float64)
    told = learn(amounts, means)
    assert told.is_learnt
    found = nb_tail(amounts, means, told.size(means))
    assert (found <= 0.01).mean() == pytest.approx(0.01, abs=0.004)


def test_too_few_months_teach_nothing() -> None:
    assert not learn(np.ones(20), np.ones(20)).is_learnt
