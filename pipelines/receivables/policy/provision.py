"""What is expected to be lost: where a chain of monthly moves ends, how rare a loss may still be, and whether a vintage is worse than those before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from receivables.distributions import beta_quantile

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


@cache
def jeffreys_interval(lost: int, cases: int) -> tuple[float, float]:
    """The 95 % interval of a share of losses by Jeffreys' prior, Beta(1/2, 1/2); 0 below none of them, 1 above all."""
    low, high = beta_quantile(np.array([_TAIL, 1 - _TAIL]), lost + 0.5, cases - lost + 0.5).tolist()
    return low if lost > 0 else 0.0, high if lost < cases or cases == 0 else 1.0


def change_to_prior(collected: Floats, billed: Floats) -> Floats:
    """What the last vintage collected of what was billed, less the mean of those before it; vintages along the last axis, leading ones are samples."""
    share: Floats = np.divide(collected, billed, out=np.full_like(billed, np.nan), where=billed > 0)
    change: Floats = share[..., -1] - share[..., :-1].mean(axis=-1)
    return change


def without_each(amounts: Floats) -> Floats:
    """The sums with each group (first axis) in turn left out."""
    left: Floats = amounts.sum(axis=0, keepdims=True) - amounts
    return left
