"""Quantiles of distributions, to the digits that they are told with, and the intervals made with them."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Scale = Literal["share", "ratio", "plain"]

_CONFIDENCE: Final = 0.95


# Errors and intervals ------------------------------------------------------------------------------------------------


def jackknife_error(left_out: Floats) -> Floats:
    """The standard error of an estimate from those with each group left out (first axis); NaN where one of them cannot be told."""
    count = left_out.shape[0]
    spread: Floats = np.square(left_out - left_out.mean(axis=0)).sum(axis=0)
    error: Floats = np.sqrt((count - 1) / count * spread)
    return error


def interval(value: Floats, error: Floats, groups: int, scale: Scale = "share") -> tuple[Floats, Floats]:
    """The 95 % interval of estimates, with Student's t of one less than the groups.

    It is made on the logit scale for shares, on the log scale for ratios, so that it stays where they can be. A share of 0 or 1, a
    ratio of 0, and what has an error that cannot be told, has none: NaN.
    """
    with np.errstate(all="ignore"):
        if scale == "share":
            inside, centre, steepness = (value > 0) & (value < 1), np.log(value / (1 - value)), value * (1 - value)
        elif scale == "ratio":
            inside, centre, steepness = value > 0, np.log(value), value
        else:
            inside, centre, steepness = np.isfinite(value), value, np.ones_like(value)
        reach = student_t(groups - 1) * error / steepness
        ends = [_unscaled(centre + side * reach, scale) for side in (-1, 1)]
    low, high = (np.where(inside & np.isfinite(error), end, np.nan) for end in ends)
    return low, high


def _unscaled(end: Floats, scale: Scale) -> Floats:
    if scale == "plain":
        return end
    bounded = np.clip(end, -700, 700)
    return 1 / (1 + np.exp(-bounded)) if scale == "share" else np.exp(bounded)


# Quantiles -----------------------------------------------------------------------------------------------------------


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


def chi_square_quantile(probability: float, freedom: int) -> float:
    """The quantile of the chi-square distribution, by halving an interval that is doubled until it holds it."""
    low, high = 0.0, 1.0
    while chi_square_tail(high, freedom) > 1 - probability:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if chi_square_tail(middle, freedom) > 1 - probability else (low, middle)
    return (low + high) / 2


def chi_square_tail(x: float, freedom: int) -> float:
    """The chance of more than x, by its finite sum for whole degrees of freedom (DLMF 8.4)."""
    half, is_odd = x / 2, freedom % 2
    if half == 0:
        return 1.0
    powers = (half_freedom - 1 + is_odd / 2 for half_freedom in range(1, freedom // 2 + 1))
    rest = sum(exp(power * log(half) - half - lgamma(power + 1)) for power in powers)
    return rest + (erfc(sqrt(half)) if is_odd else 0.0)


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
