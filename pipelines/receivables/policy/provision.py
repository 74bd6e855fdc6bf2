"""What is expected to be lost: where a chain of monthly moves ends, how rare a loss may still be, and whether a vintage is worse than those before it."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, lgamma, log, log1p
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_TAIL: Final = 0.025
"""Outside each end of a 95 % interval."""


@dataclass(frozen=True)
class Absorption:
    """Where money in each state ends (rows: states, columns: ends), what that is worth today, and after how many months on average."""

    ends: Floats
    present_value: Floats
    expected_months: Floats


def absorption(moves: Floats, ends: Floats, discount: float = 1.0) -> Absorption:
    """Follow an absorbing Markov chain (Cyert, Davidson and Thompson 1962) to its ends: (I - Q)^-1 R.

    Args:
        moves: shares that move from state to state within a month, Q; from every state something must reach an end.
        ends: shares that end within a month, R; with those that move they sum to 1.
        discount: what 1 a month from now is worth today.
    """
    states = np.eye(len(moves))
    return Absorption(
        ends=_solved(states - moves, ends),
        present_value=_solved(states - discount * moves, discount * ends),
        expected_months=_solved(states - moves, np.ones(len(moves))),
    )


def _solved(left: Floats, right: Floats) -> Floats:
    return np.linalg.solve(left, right).astype(np.float64, copy=False)


def jeffreys_interval(lost: int, cases: int) -> tuple[float, float]:
    """The 95 % interval of a share of losses by Jeffreys' prior, Beta(1/2, 1/2); 0 below none of them, 1 above all."""
    low = beta_quantile(_TAIL, lost + 0.5, cases - lost + 0.5) if lost > 0 else 0.0
    high = beta_quantile(1 - _TAIL, lost + 0.5, cases - lost + 0.5) if lost < cases or cases == 0 else 1.0
    return low, high


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


def change_to_prior(collected: Floats, billed: Floats) -> Floats:
    """What the last vintage collected of what was billed, less the mean of those before it; vintages along the last axis, leading ones are samples."""
    share: Floats = np.divide(collected, billed, out=np.full_like(billed, np.nan), where=billed > 0)
    change: Floats = share[..., -1] - share[..., :-1].mean(axis=-1)
    return change


def without_each(amounts: Floats) -> Floats:
    """The sums with each group (first axis) in turn left out."""
    left: Floats = amounts.sum(axis=0, keepdims=True) - amounts
    return left
