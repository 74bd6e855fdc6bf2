"""Quantiles of distributions against closed forms and printed tables."""

from __future__ import annotations

from math import asin, atan, pi, sqrt

import numpy as np
import pytest

from receivables import distributions


@pytest.mark.parametrize(
    ("freedom", "point"), [(4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (99, 1.984), (10_000, 1.960)]
)
def test_the_point_of_students_t(freedom: int, point: float) -> None:
    assert distributions.student_t(freedom) == pytest.approx(point, abs=1e-3)


@pytest.mark.parametrize("x", [0.001, 0.2, 0.5, 0.9, 0.999])
def test_beta_distributions_known_in_closed_form(x: float) -> None:
    assert distributions.beta_share(x, 0.5, 0.5) == pytest.approx(2 / pi * asin(sqrt(x)), abs=1e-12)
    assert distributions.beta_share(x, 7, 1) == pytest.approx(x**7, abs=1e-12)
    assert distributions.beta_share(x, 1, 9) == pytest.approx(1 - (1 - x) ** 9, abs=1e-12)
    assert distributions.beta_quantile(x**3, 3, 1) == pytest.approx(x, abs=1e-12)


@pytest.mark.parametrize("t", [-3.0, -0.5, 0.0, 0.5, 3.0, 50.0])
def test_tails_of_students_t_known_in_closed_form(t: float) -> None:
    assert distributions.student_tail(t, 1) == pytest.approx(0.5 - atan(t) / pi, rel=1e-9)
    assert distributions.student_tail(t, 2) == pytest.approx(0.5 - t / (2 * sqrt(2 + t * t)), rel=1e-6)


@pytest.mark.parametrize(
    ("probability", "freedom", "point"),
    [
        (0.95, 1, 3.8415),
        (0.95, 2, 5.9915),
        (0.95, 4, 9.4877),
        (0.99, 9, 21.6660),
        (0.5, 3, 2.3660),
        (0.95, 99, 123.2252),
    ],
)
def test_the_points_of_chi_square(probability: float, freedom: int, point: float) -> None:
    assert distributions.chi_square_quantile(probability, freedom) == pytest.approx(point, abs=5e-5)


def test_the_tail_of_chi_square_begins_at_1() -> None:
    assert [distributions.chi_square_tail(0, freedom) for freedom in (1, 2, 7)] == [1, 1, 1]


def test_an_interval_stays_within_0_and_1_and_a_certain_share_has_none() -> None:
    low, high = distributions.interval(
        np.array([0.02, 0.5, 0.0, 1.0, 0.3]), np.array([0.05, 0.1, 0.1, 0.1, np.nan]), 12
    )
    assert 0 < low[0] < 0.02 < high[0] < 1
    assert (low[1] + high[1]) / 2 == pytest.approx(0.5)
    assert np.isnan(low[2:]).all()
    assert np.isnan(high[2:]).all()


def test_an_interval_of_a_ratio_is_as_far_up_as_down_in_times_and_any_number_may_have_one() -> None:
    low, high = distributions.interval(np.array([1.5, 0.0]), np.array([0.3, 0.3]), 12, "ratio")
    assert 0 < low[0] < 1.5 < high[0]
    assert high[0] / 1.5 == pytest.approx(1.5 / low[0])
    assert np.isnan([low[1], high[1]]).all()
    low, high = distributions.interval(np.array([-1.0, 0.0]), np.array([0.3, np.nan]), 12, "plain")
    assert (low[0] + high[0]) / 2 == pytest.approx(-1)
    assert high[0] + 1 == pytest.approx(2.201 * 0.3, abs=1e-3)
    assert np.isnan([low[1], high[1]]).all()


def test_many_quantiles_of_beta_distributions_at_once() -> None:
    rng = np.random.default_rng(4)
    a, b = 10 ** rng.uniform(0, 4, (2, 3000))
    share = rng.uniform(0.001, 0.999, 3000)
    found = distributions.beta_quantile(share, a, b)
    assert found.shape == (3000,)
    assert distributions.beta_share(found, a, b) == pytest.approx(share, abs=1e-9)
    assert distributions.beta_share(np.array([-1, 0, 1, 2]), 3, 4).tolist() == [0, 0, 1, 1]
