"""Quantiles of distributions against closed forms and printed tables."""

from __future__ import annotations

from math import asin, pi, sqrt

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
