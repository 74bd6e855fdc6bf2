"""How far a value lies from the usual ones, by medians, so that what is unusual does not decide what is usual."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_OF_MAD: Final = 1.4826
_OF_MEAN_DEVIATION: Final = 1.2533
"""What makes the median, or the mean, of absolute deviations the standard deviation of a normal distribution."""

_LEVEL_SHARE: Final = 0.05
"""The least scale, as a share of the level: where all values are the same a twentieth more is not yet unusual."""

CUT_OFFS: Final = ((8, 7.53), (12, 5.20), (18, 4.25), (24, 3.77), (36, 3.44), (60, 3.14))
"""Beyond what distance 0.5 % of normal values lie (both sides), by how many values median and scale are made of: from so few a fixed distance is passed by chance, 3.5 by 20 % of values
of pairs. By simulation."""

_KNOWN: Final = 2.807
"""The same where median and scale are known."""


def centre_and_scale(values: Floats) -> tuple[Floats, Floats]:
    """The median and the robust standard deviation of each row; NaN, no value, is left out, and a row without values has neither."""
    has_values = np.isfinite(values).any(axis=1)
    told = values[has_values]
    middle = np.nanmedian(told, axis=1)
    apart = np.abs(told - middle[:, None])
    scale = _OF_MAD * np.nanmedian(apart, axis=1)
    scale = np.where(scale > 0, scale, _OF_MEAN_DEVIATION * np.nanmean(apart, axis=1))
    scale = np.where(scale > 0, scale, _LEVEL_SHARE * np.abs(middle))
    found = np.full((2, len(values)), np.nan)
    found[:, has_values] = middle, scale
    return found[0], found[1]


def distance(values: Floats, middle: Floats, scale: Floats) -> Floats:
    """How many scales each value of a row lies above its median; 0 where there is no scale."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(scale[:, None] > 0, (values - middle[:, None]) / scale[:, None], 0.0)
    return found


def cut_off(values: Ints) -> Floats:
    """The distance beyond which 0.5 % of normal values lie, by how many values median and scale are made of; infinite for fewer than the table tells."""
    count, point = np.array(CUT_OFFS).T
    # the points are nearly a straight line in one over the number
    with np.errstate(divide="ignore"):
        found = np.interp(-1 / values.astype(np.float64), np.append(-1 / count, 0.0), np.append(point, _KNOWN))
    return np.where(values < count[0], np.inf, found)
