"""What is made of expected cash: an interval around it, and a plan that brings part of a hill forward."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_CONFIDENCE: Final = 0.95


def reach(past_errors: Floats, weeks_min: int) -> float | None:
    """How many standard deviations a 95 % interval reaches, from past errors in standard deviations; None where they are too few."""
    if len(past_errors) < weeks_min:
        return None
    return float(np.quantile(np.abs(past_errors), _CONFIDENCE, method="higher"))


def normal_reach() -> float:
    """The same of a normal distribution, for want of past errors."""
    return NormalDist().inv_cdf(0.5 + _CONFIDENCE / 2)


def level(load: Floats, share: float) -> float:
    """What a month may bring before it is a hill: so many times the average month."""
    return share * float(load.mean()) if len(load) else 0.0


def brought_forward(load: Floats, month_level: float) -> Floats:
    """What of each month should have come by the end of the month before, so that no month but the first brings more than the level.

    What is pushed out of a month is brought to the one before it, and on from there where that is full too.
    """
    moved = np.zeros(len(load))
    pushed = 0.0
    for month in range(len(load) - 1, 0, -1):
        pushed = max(load[month] + pushed - month_level, 0.0)
        moved[month] = pushed
    return moved


def planned(load: Floats, moved: Floats) -> Floats:
    """What each month brings when the plan is kept; as much in all as without it."""
    brought: Floats = load - moved + np.concatenate([moved[1:], [0.0]])
    return brought
