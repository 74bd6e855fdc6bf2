"""How likely so much or more is by chance: Poisson, and negative binomial where numbers vary more than chance makes them.

A tail is the chance of so much or more; the middle one counts half of so much exactly, which ranks better but controls less. Numbers may be broken: amounts
in units of a usual order have tails as counts do, by the same functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from receivables.distributions import beta_share, gamma_share

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Flags = npt.NDArray[np.bool_]

JEFFREYS: Final = 0.5
"""Events added to those seen: what never happened yet may."""

_CELLS_MAX: Final = 20_000
_CELLS_MIN: Final = 100
_TAIL_CELLS: Final = 30
"""Past cases that dispersion is learnt from, evenly chosen; below how many it is not learnt; how many should lie in the tail it is learnt at."""

_TAILS: Final = (0.01, 0.1)
_STEPS: Final = 16
_ROUNDS: Final = 3


# Tails ---------------------------------------------------------------------------------------------------------------


def poisson_tail(events: Floats | float, mean: Floats | float) -> Floats:
    """The chance of so many events or more, element by element."""
    events, mean = np.broadcast_arrays(np.asarray(events, dtype=np.float64), np.asarray(mean, dtype=np.float64))
    found = np.ones(events.shape)
    some = events > 0
    found[some] = gamma_share(mean[some], events[some])
    return found


def nb_tail(events: Floats | float, mean: Floats | float, size: Floats | float) -> Floats:
    """The chance of so many events or more of negative binomials, element by element; an infinite size is Poisson's, and of a mean of 0 nothing comes."""
    events, mean, size = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (events, mean, size)))
    found = np.where(events > 0, 0.0, 1.0)
    some, is_plain = (events > 0) & (mean > 0), np.isinf(size)
    mixed = some & ~is_plain
    found[mixed] = beta_share(mean[mixed] / (size[mixed] + mean[mixed]), events[mixed], size[mixed])
    found[some & is_plain] = poisson_tail(events[some & is_plain], mean[some & is_plain])
    return found


def middle(tail: Floats, tail_beyond: Floats) -> Floats:
    """The middle tail, from that of so many or more and that of more."""
    return (tail + tail_beyond) / 2


def nb_size(mean: Floats, variance: Floats) -> Floats:
    """The sizes of negative binomials with that mean and variance, by the method of moments; infinite where they vary no more than Poisson's (as `nb_size` of the macros)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        size: Floats = np.where(variance > mean, mean**2 / (variance - mean), np.inf)
    return size


def predictive(events: Floats, months: Floats) -> tuple[Floats, Floats]:
    """The mean and size of what a month may bring after so many events in so many months: a Poisson rate of which no more is known than these tell."""
    size = events + JEFFREYS
    return size / months, size


# Dispersion ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dispersion:
    """How far amounts in units of a usual order vary around their mean m: by noise times m, plus spread times m squared.

    Noise is what differing orders add to Poisson's 1, spread what months differ in beyond that. `is_learnt`: from past months; else assumed, wide.
    """

    noise: float
    spread: float
    is_learnt: bool

    def size(self, mean: Floats) -> Floats:
        """The sizes of negative binomials of that variance."""
        return mean / (self.noise - 1 + self.spread * mean)


ASSUMED: Final = Dispersion(noise=4.0, spread=0.5, is_learnt=False)
"""Where too little is told to learn from: orders that differ by a factor of six and months by two thirds."""


def learn(amounts: Floats, means: Floats) -> Dispersion:
    """Learn dispersion from past months: such that the share of them in the tail is what it should be, both among small means and among large ones.

    A tail is matched, and not a variance, as that of a few bulk months would hide the next one.
    """
    every = max(-(-len(means) // _CELLS_MAX), 1)
    amounts, means = amounts[::every], means[::every]
    if len(means) < _CELLS_MIN:
        return ASSUMED
    is_small, aim = means <= np.median(means), _aim(len(means) // 2)

    def is_enough(chosen: Flags, noise: float, spread: float) -> bool:
        told = Dispersion(noise, spread, is_learnt=True)
        found = nb_tail(amounts[chosen], means[chosen], told.size(means[chosen]))
        return not len(found) or float((found <= aim).mean()) <= aim

    noise, spread = 2.0, 0.05
    for _ in range(_ROUNDS):
        noise = _least(partial(is_enough, is_small, spread=spread), 1.05, 12.0)
        spread = _least(partial(is_enough, ~is_small, noise), 0.01, 4.0)
    return Dispersion(noise, spread, is_learnt=True)


def learn_spread(events: Floats, means: Floats, sizes: Floats) -> float:
    """Learn what months of counts differ in beyond their predictive size: the spread to be added to the inverse of that, 0 where they differ no more."""
    every = max(-(-len(means) // _CELLS_MAX), 1)
    events, means, sizes = events[::every], means[::every], sizes[::every]
    if len(means) < _CELLS_MIN:
        return ASSUMED.spread
    aim = _aim(len(means))

    def is_enough(spread: float) -> bool:
        with_spread = 1 / (1 / sizes + spread)
        found = middle(nb_tail(events, means, with_spread), nb_tail(events + 1, means, with_spread))
        return float((found <= aim).mean()) <= aim

    return 0.0 if is_enough(0.0) else _least(is_enough, 0.0, 4.0)


def _aim(cells: int) -> float:
    """The tail that is matched: as far out as there are cases enough in it."""
    return min(max(_TAIL_CELLS / cells, _TAILS[0]), _TAILS[1])


def _least(is_enough: Callable[[float], bool], low: float, high: float) -> float:
    """About the least value that is enough, by halving; the highest where none is."""
    for _ in range(_STEPS):
        middle_ = (low + high) / 2
        low, high = (low, middle_) if is_enough(middle_) else (middle_, high)
    return high


# Several months ------------------------------------------------------------------------------------------------------


def several(chances: Floats) -> Floats:
    """The chance of a row's months together: that one of them is so rare, or that two are (the rarer of both, counted twice as there are two ways to be noticed).

    Two of three months at 0.01 weigh as much as one at 0.0001.
    """
    ranked = np.sort(chances, axis=1)
    months = ranked.shape[1]
    rarest: Floats = -np.expm1(months * np.log1p(-np.minimum(ranked[:, 0], 1 - 1e-16)))
    if months == 1:
        return rarest
    second = ranked[:, 1]
    none, one = np.exp(months * _log_rest(second)), months * second * np.exp((months - 1) * _log_rest(second))
    both = np.where(second < _SMALL, months * (months - 1) / 2 * second**2, 1 - none - one)
    found: Floats = np.minimum(1.0, 2 * np.minimum(rarest, both))
    return found


_SMALL: Final = 1e-5


def _log_rest(chance: Floats) -> Floats:
    return np.log1p(-np.minimum(chance, 1 - 1e-16))
