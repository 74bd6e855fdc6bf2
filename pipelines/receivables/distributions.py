"""Quantiles of distributions, to the digits that they are told with, and the intervals made with them."""

from __future__ import annotations

from math import erfc, exp, lgamma, log, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Scale = Literal["share", "ratio", "plain"]

_CONFIDENCE: Final = 0.95

_BETA_STEPS: Final = 100
_BETA_PRECISION: Final = 1e-13
_FRACTION_STEPS: Final = 2000
_FRACTION_PRECISION: Final = 1e-15
_TINY: Final = 1e-300


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


def gamma_share(x: Floats | float, a: Floats | float) -> Floats:
    """The distribution functions of gamma distributions of shape a and scale 1, element by element: small ones to all their digits."""
    return _gamma_parts(x, a)[0]


def gamma_tail(x: Floats | float, a: Floats | float) -> Floats:
    """The chance of more than x, element by element: small ones to all their digits. A chi-square of n degrees of freedom is twice a gamma of shape n/2."""
    return _gamma_parts(x, a)[1]


def _gamma_parts(x: Floats | float, a: Floats | float) -> tuple[Floats, Floats]:
    """What lies below x, by the series of DLMF 8.7.1, or above it, by the continued fraction of 8.9.2, on the side where it converges fast; and the rest."""
    x, a = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (x, a)))
    is_low = x < a + 1
    below = np.zeros(x.shape)
    with np.errstate(all="ignore"):
        scale = np.where(x > 0, np.exp(a * np.log(x) - x - _log_gamma(a)), 0.0)
    below[is_low] = scale[is_low] * _gamma_series(x[is_low], a[is_low])
    above = np.zeros(x.shape)
    above[~is_low] = scale[~is_low] * _gamma_fraction(x[~is_low], a[~is_low])
    return np.where(is_low, below, 1 - above), np.where(is_low, 1 - below, above)


def _gamma_series(x: Floats, a: Floats) -> Floats:
    term = 1 / a
    total = term.copy()
    for step in range(1, _FRACTION_STEPS):
        term = term * x / (a + step)
        total += term
        if not (term > _FRACTION_PRECISION * total).any():
            break
    return total


def _gamma_fraction(x: Floats, a: Floats) -> Floats:
    """Evaluate 1/(x+1-a - 1(1-a)/(x+3-a - ...)) by Lentz's method."""
    b = x + 1 - a
    c, d = np.full_like(x, 1 / _TINY), 1 / _not_nothing(b)
    value = d.copy()
    for step in range(1, _FRACTION_STEPS):
        term = -step * (step - a)
        b += 2
        d = 1 / _not_nothing(term * d + b)
        c = _not_nothing(b + term / c)
        value *= c * d
        if not (np.abs(c * d - 1) >= _FRACTION_PRECISION).any():
            break
    return value


def beta_quantile(probability: Floats | float, a: Floats | float, b: Floats | float) -> Floats:
    """The quantiles of beta distributions, element by element: Newton's method from an approximation, kept within what is known to hold it."""
    together = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (probability, a, b)))
    share, a, b = (part.ravel() for part in together)
    found, log_scale = _near_beta_quantile(share, a, b), _log_beta(a, b)
    low, high, going = np.zeros_like(found), np.ones_like(found), np.arange(len(found))
    for _ in range(_BETA_STEPS):
        x = found[going]
        step = _beta_step(x, share[going], a[going], b[going], log_scale[going])
        low[going], high[going] = np.where(step > 0, x, low[going]), np.where(step > 0, high[going], x)
        is_within = (x + step > low[going]) & (x + step < high[going])
        found[going] = np.where(is_within, x + step, (low[going] + high[going]) / 2)
        going = going[np.abs(found[going] - x) > _BETA_PRECISION * x]
        if not len(going):
            break
    return found.reshape(together[0].shape)


def _beta_step(x: Floats, share: Floats, a: Floats, b: Floats, log_scale: Floats) -> Floats:
    """Newton's step from x towards the quantile of a share."""
    with np.errstate(all="ignore"):
        density = np.exp((a - 1) * np.log(x) + (b - 1) * np.log1p(-x) - log_scale)
        step: Floats = (share - _beta_share(x, a, b, log_scale)) / density
    return step


def _near_beta_quantile(share: Floats, a: Floats, b: Floats) -> Floats:
    """About where a quantile is (Abramowitz and Stegun 26.5.22); the mean where a or b is too small for more."""
    distinct, place = np.unique(share, return_inverse=True)
    y = -np.array([NormalDist().inv_cdf(one) for one in distinct.tolist()])[place]
    with np.errstate(all="ignore"):
        of_a, of_b, bend = 1 / (2 * a - 1), 1 / (2 * b - 1), (y**2 - 3) / 6
        h = 2 / (of_a + of_b)
        w = y * np.sqrt(h + bend) / h - (of_b - of_a) * (bend + 5 / 6 - 2 / (3 * h))
        near = a / (a + b * np.exp(2 * w))
    return np.where((np.minimum(a, b) > 1) & (near > 0) & (near < 1), near, a / (a + b))


def beta_share(x: Floats | float, a: Floats | float, b: Floats | float) -> Floats:
    """The distribution functions of beta distributions, element by element."""
    x, a, b = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (x, a, b)))
    return _beta_share(x, a, b, _log_beta(a, b))


def _beta_share(x: Floats, a: Floats, b: Floats, log_scale: Floats) -> Floats:
    """The continued fraction of DLMF 8.17.22, on the side where it converges fast."""
    is_high = x > (a + 1) / (a + b + 2)
    near, own, other = np.where(is_high, 1 - x, x), np.where(is_high, b, a), np.where(is_high, a, b)
    with np.errstate(all="ignore"):
        scale = np.exp(own * np.log(near) + other * np.log1p(-near) - log_scale)
        part = np.where(near > 0, scale / (own * _fraction(near, own, other)), 0.0)
    return np.where(is_high, 1 - part, part)


def student_tail(t: Floats | float, freedom: Floats | Ints | float) -> Floats:
    """The chance of more than t by Student's t, element by element: small ones to all their digits (DLMF 8.17.25)."""
    t, freedom = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (t, freedom)))
    beyond = beta_share(freedom / (freedom + t**2), freedom / 2, 0.5) / 2
    return np.where(t > 0, beyond, 1 - beyond)


def _log_beta(a: Floats, b: Floats) -> Floats:
    return _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)


def _log_gamma(x: Floats) -> Floats:
    distinct, place = np.unique(x, return_inverse=True)
    return np.array([lgamma(one) for one in distinct.tolist()])[place].reshape(x.shape)


def _fraction(x: Floats, a: Floats, b: Floats) -> Floats:
    """Evaluate 1 + d1/(1 + d2/(1 + ...)) forward by Lentz's method."""
    value, c, d = np.ones_like(x), np.ones_like(x), np.zeros_like(x)
    for step in range(1, _FRACTION_STEPS):
        m = step // 2
        term = (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            if step % 2 == 0
            else -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        )
        d = 1 / _not_nothing(1 + term * d)
        c = _not_nothing(1 + term / c)
        value *= c * d
        if not (np.abs(c * d - 1) >= _FRACTION_PRECISION).any():
            break
    return value


def _not_nothing(x: Floats) -> Floats:
    return np.where(x == 0, _TINY, x)
