"""Quantiles of the distributions that intervals and tests are made with, to the digits that they are told with."""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from statistics import NormalDist
from typing import Final

_CONFIDENCE: Final = 0.95


def student_t(freedom: int) -> float:
    """The two-sided 95 % point of Student's t, by the expansion of Fisher and Cornish (1960): to 0.001 from 4 degrees of freedom on."""
    z = NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    return z + sum((term / float(freedom) ** power for power, term in enumerate(terms, start=1)), 0.0)


def beta_quantile(probability: float, a: float, b: float) -> float:
    """The quantile of the beta distribution, by halving the interval until a double tells its ends apart no more."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beta_share(middle, a, b) < probability else (low, middle)
    return (low + high) / 2


def beta_share(x: float, a: float, b: float) -> float:
    """The distribution function of the beta distribution: the continued fraction of DLMF 8.17.22, on the side where it converges fast."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    return front / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """Evaluate 1 + d1/(1 + d2/(1 + ...)) forward by Lentz's method."""
    tiny = 1e-300
    value, c, d = 1.0, 1.0, 0.0
    for step in range(1, 2000):
        m = step // 2
        term = (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            if step % 2 == 0
            else -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        )
        d = 1 / ((1 + term * d) or tiny)
        c = (1 + term / c) or tiny
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
