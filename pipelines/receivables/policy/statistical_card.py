"""The card learnt from what became of customers: facts cut into bins, the weight of evidence of each, and a logistic regression on it, in points.

Weight of evidence above 0 is safer than all are. Each attribute is safer in one direction alone, which is told and not learnt. What is missing
has a bin of its own where enough cases lack it; where too few do, it is worth what the worst bin is worth: never 0, which would be average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from receivables.settings import StatisticalCard

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]
    Days = npt.NDArray[np.datetime64]

FITTED: Final = "fitted"
TOO_FEW_BADS: Final = "too_few_bads"
NO_ATTRIBUTE: Final = "no_attribute"
"""What a card is: there, wanting customers that went bad, or without an attribute that tells anything."""

USED: Final = "used"
ONE_BIN: Final = "one_bin"
SURPLUS: Final = "surplus"
WRONG_SIGN: Final = "wrong_sign"
NOT_FITTED: Final = "not_fitted"
"""What became of an attribute: in the card; left out as it tells the good from the bad nowhere, as there are too few bad customers for it and others tell more, or as beside those it
would count against itself; or no card was fitted."""

OWN: Final = "own"
WORST: Final = "worst"
"""What a bin is worth: its own cases' evidence, or, for too few cases without the fact, that of the worst bin."""

_PLACES: Final = 4
"""Decimals of a score: what sums of doubles differ by never decides a grade."""

_STEPS: Final = 60
_LONGEST_STEP: Final = 3.0
_STANDS_STILL: Final = 1e-11
"""Newton's steps at most, the longest of them, and what a step is below once the coefficients are found."""


# Evidence ------------------------------------------------------------------------------------------------------------


def evidence(good: Floats, bad: Floats, smoothing: float) -> Floats:
    """The weight of evidence of each bin: the logarithm of its share of the good over its share of the bad."""
    good_share, bad_share = _shares(good, smoothing), _shares(bad, smoothing)
    weight: Floats = np.log(good_share / bad_share)
    return weight


def information_value(good: Floats, bad: Floats, smoothing: float) -> float:
    """How far the good and the bad lie apart over all bins."""
    apart = _shares(good, smoothing) - _shares(bad, smoothing)
    return float((apart * evidence(good, bad, smoothing)).sum())


def _shares(count: Floats, smoothing: float) -> Floats:
    share: Floats = (count + smoothing) / (count.sum() + smoothing * len(count))
    return share


@dataclass(frozen=True)
class Bins:
    """An attribute cut into bins, by rising value and last the one of missing values.

    `upper`: the highest value of each bin but the last told one, inclusive; `rows` and `bads`: cases in each; `woe`: evidence; `missing`:
    `OWN` or `WORST`; `information`: the information value of the bins that stand for themselves.
    """

    attribute: str
    upper: Floats
    rows: Ints
    bads: Ints
    woe: Floats
    missing: str
    information: float

    @property
    def tells(self) -> bool:
        """Whether any bin differs from another."""
        return bool(self.rows[:-1].any()) and len(np.unique(self.woe)) > 1

    def place(self, values: Floats) -> Ints:
        """The bin of each value; NaN is in the last."""
        return _place(values, self.upper)


def _place(values: Floats, upper: Floats) -> Ints:
    return np.where(np.isnan(values), len(upper) + 1, np.searchsorted(upper, values, side="left"))


def binned(attribute: str, values: Floats, is_bad: Flags, direction: int, rules: StatisticalCard) -> Bins:
    """Cut an attribute so that evidence rises with it (direction 1) or falls (-1) from bin to bin.

    Bins of equal numbers come first; neighbours that fall out of line are pooled, then those of too few cases or bad ones with the neighbour
    that is nearest in evidence.
    """
    told, smoothing = np.isfinite(values), float(rules.smoothing)
    inner = np.arange(1, rules.bins_first) / rules.bins_first
    upper = np.unique(np.quantile(values[told], inner, method="inverted_cdf")) if told.any() else np.empty(0)
    upper = upper[upper < values[told].max(initial=-np.inf)]
    first, size = _place(values, upper), len(upper) + 2
    good, bad = (_counted(first[chosen], size) for chosen in (~is_bad, is_bad))
    rows_min = float(rules.bin_share_min) * len(values)
    last = _pooled(good[:-1], bad[:-1], rows_min, direction, rules)
    place = _place(values, upper[last[:-1]])
    rows, bads = (_counted(place[chosen], len(last) + 1) for chosen in (np.ones_like(is_bad), is_bad))
    is_own = bool(rows[-1] >= rows_min and bads[-1] >= rules.bin_bads_min)
    counts = slice(None) if is_own else slice(-1)
    good, bad = rows[counts] - bads[counts], bads[counts]
    woe = evidence(good, bad, smoothing)
    return Bins(
        attribute,
        upper[last[:-1]],
        rows.astype(np.int64),
        bads.astype(np.int64),
        woe if is_own else np.append(woe, woe.min()),
        OWN if is_own else WORST,
        information_value(good, bad, smoothing),
    )


def _counted(place: Ints, bins: int) -> Floats:
    count: Floats = np.bincount(place, minlength=bins).astype(np.float64)
    return count


def _pooled(good: Floats, bad: Floats, rows_min: float, direction: int, rules: StatisticalCard) -> Ints:
    """The first bins that each pooled bin ends with, so that evidence runs one way and no bin is too small."""
    last, smoothing = np.arange(len(good)), float(rules.smoothing)
    while len(last) > 1:
        odds = np.log((good + smoothing) / (bad + smoothing))
        against = np.flatnonzero(np.diff(odds) * direction <= 0)
        small = np.flatnonzero((good + bad < rows_min) | (bad < rules.bin_bads_min))
        if len(against):
            place = against[0]
        elif len(small):
            apart = np.append(np.abs(np.diff(odds)), np.inf)
            one = small[0]
            place = one - 1 if one and apart[one - 1] <= apart[one] else one
        else:
            break
        last = np.delete(last, place)
        good, bad = (np.add.reduceat(count, np.delete(np.arange(len(count)), place + 1)) for count in (good, bad))
    return last


# Fitting -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cases:
    """Customers at past re-ratings whose outcome is known, one element each.

    `facts`: a column per attribute, NaN is missing; `customer`: whose it is; `day`: of the re-rating; `until`: the last day its outcome
    asks for.
    """

    facts: pd.DataFrame
    customer: npt.NDArray[Any]
    is_bad: Flags
    day: Days
    until: Days

    def where(self, chosen: Flags) -> Cases:
        """Leave out the other cases."""
        return Cases(
            self.facts[chosen], self.customer[chosen], self.is_bad[chosen], self.day[chosen], self.until[chosen]
        )

    @property
    def bads(self) -> int:
        """Customers that went bad: one that several re-ratings saw going bad counts once."""
        return len(np.unique(self.customer[self.is_bad]))


@dataclass(frozen=True)
class Card:
    """A card, or why there is none.

    `status`: `FITTED`, `TOO_FEW_BADS` or `NO_ATTRIBUTE`; `cases`, `customers`, and `bads` of them, of whom `bads_needed` are; `bins` by
    attribute, with `state` (`USED` and so on) and `coefficient`, that of evidence on the log odds of bad, below 0, NaN where it is not used;
    `intercept` and `penalty` (C), NaN without a card.
    """

    status: str
    cases: int
    customers: int
    bads: int
    bads_needed: int
    bins: tuple[Bins, ...]
    state: tuple[str, ...]
    coefficient: Floats
    intercept: float
    penalty: float

    @property
    def is_fitted(self) -> bool:
        """Whether it can score."""
        return self.status == FITTED

    def used(self) -> list[tuple[Bins, float]]:
        """The attributes that count, with their coefficients."""
        pairs = zip(self.bins, self.coefficient.tolist(), self.state, strict=True)
        return [(one, weight) for one, weight, state in pairs if state == USED]


def fit(cases: Cases, directions: Mapping[str, int], rules: StatisticalCard) -> Card:
    """Learn a card, or say what is wanting.

    Args:
        cases: what became of whom; each outcome known by the day of the fit.
        directions: attributes to learn from: 1 where more of it is safer, -1 where less.
        rules: how much there must be to learn from.
    """
    bins = _all_binned(cases, directions, rules)
    needed = _bads_needed(rules)
    counts = (len(cases.is_bad), len(np.unique(cases.customer)), cases.bads, needed)
    nothing = (np.full(len(bins), np.nan), float("nan"), float("nan"))
    if cases.bads < needed or cases.is_bad.all():
        state = tuple(NOT_FITTED if one.tells else ONE_BIN for one in bins)
        return Card(TOO_FEW_BADS, *counts, bins, state, *nothing)
    penalty, chosen = _penalty(cases, directions, rules), _chosen(bins, cases.bads, rules)
    intercept, coefficient = _regressed(cases, bins, chosen, penalty)
    used = np.isfinite(coefficient)
    state = tuple(
        ONE_BIN if not one.tells else USED if is_used else WRONG_SIGN if is_chosen else SURPLUS
        for one, is_used, is_chosen in zip(bins, used, chosen, strict=True)
    )
    if not used.any():
        return Card(NO_ATTRIBUTE, *counts, bins, state, *nothing)
    return Card(FITTED, *counts, bins, state, coefficient, intercept, penalty)


def _bads_needed(rules: StatisticalCard) -> int:
    """Customers that went bad for a card of one attribute at least."""
    return max(rules.bads_min, 2 * rules.bads_per_parameter)


def _chosen(bins: tuple[Bins, ...], bads: int, rules: StatisticalCard) -> Flags:
    """The attributes that tell most, as many as there are bad customers for beside the level."""
    telling = np.array([one.information if one.tells else -np.inf for one in bins])
    best_first = np.argsort(-telling, kind="stable")[: bads // rules.bads_per_parameter - 1]
    chosen = np.zeros(len(bins), dtype=np.bool_)
    chosen[best_first] = True
    chosen[np.isneginf(telling)] = False
    return chosen


def _all_binned(cases: Cases, directions: Mapping[str, int], rules: StatisticalCard) -> tuple[Bins, ...]:
    return tuple(
        binned(name, cases.facts[name].to_numpy(dtype=np.float64), cases.is_bad, direction, rules)
        for name, direction in directions.items()
    )


def _penalty(cases: Cases, directions: Mapping[str, int], rules: StatisticalCard) -> float:
    """The penalty that told later re-ratings best: each tried by a card, bins and all, of what had run out before it."""
    tried = [float(penalty) for penalty in rules.penalties]
    loss = np.zeros(len(tried))
    for day in np.unique(cases.day)[-rules.trials :]:
        before, now = cases.where(cases.until <= day), cases.where(cases.day == day)
        if before.bads < 2 * rules.bads_per_parameter or before.is_bad.all():
            continue
        bins = _all_binned(before, directions, rules)
        chosen = _chosen(bins, before.bads, rules)
        for place, penalty in enumerate(tried):
            odds = _log_odds(now.facts, bins, *_regressed(before, bins, chosen, penalty))
            loss[place] += np.logaddexp(0, np.where(now.is_bad, -odds, odds)).sum()
    return tried[int(loss.argmin())]


def _regressed(cases: Cases, bins: tuple[Bins, ...], chosen: Flags, penalty: float) -> tuple[float, Floats]:
    """Intercept and coefficients; NaN for what was not chosen or, beside the others, says that safer is more dangerous: worst first, until none does."""
    used = np.flatnonzero(chosen)
    place = [bins[one].place(cases.facts[bins[one].attribute].to_numpy(dtype=np.float64)) for one in used]
    cells, rows, bads = _cells(np.array(place, dtype=np.int64).reshape(len(used), len(cases.is_bad)).T, cases.is_bad)
    woe = (
        np.array([bins[one].woe[cells[:, column]] for column, one in enumerate(used)]).reshape(len(used), len(cells)).T
    )
    while True:
        found = _logistic(woe, rows, bads, penalty)
        if not len(used) or found[1:].max() < 0:
            break
        worst = found[1:].argmax()
        used, woe = np.delete(used, worst), np.delete(woe, worst, axis=1)
    coefficient = np.full(len(bins), np.nan)
    coefficient[used] = found[1:]
    return float(found[0]), coefficient


def _cells(place: Ints, is_bad: Flags) -> tuple[Ints, Floats, Floats]:
    """Cases that lie in the same bins of all attributes are one: their bins in a fixed order, how many, and how many bad; so that no order of cases shows."""
    cells, cell = np.unique(place, axis=0, return_inverse=True)
    cell = cell.reshape(-1)
    rows, bads = np.bincount(cell, minlength=len(cells)), np.bincount(cell, is_bad, len(cells))
    return cells, rows.astype(np.float64), bads.astype(np.float64)


def _logistic(woe: Floats, rows: Floats, bads: Floats, penalty: float) -> Floats:
    """Intercept and coefficients of the log odds of bad, by Newton's method; squares of coefficients cost 1/(2C) each."""
    told = np.column_stack([np.ones(len(woe)), woe])
    cost = np.append(0.0, np.full(woe.shape[1], 1 / penalty))
    found = np.append(np.log(bads.sum() / (rows - bads).sum()), np.zeros(woe.shape[1]))
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-(told @ found)))
        slope = told.T @ (bads - rows * chance) - cost * found
        bend = (told * (rows * chance * (1 - chance))[:, None]).T @ told + np.diag(cost)
        step = np.linalg.solve(bend, slope)
        longest = np.abs(step).max()
        found = found + step * min(1.0, _LONGEST_STEP / max(longest, _STANDS_STILL))
        if longest <= _STANDS_STILL:
            break
    return found


def _log_odds(facts: pd.DataFrame, bins: tuple[Bins, ...], intercept: float, coefficient: Floats) -> Floats:
    odds = np.full(len(facts), intercept)
    for one, weight in zip(bins, coefficient.tolist(), strict=True):
        if np.isfinite(weight):
            odds += weight * one.woe[one.place(facts[one.attribute].to_numpy(dtype=np.float64))]
    return odds


# Points --------------------------------------------------------------------------------------------------------------


def factor(rules: StatisticalCard) -> float:
    """Points per unit of log odds."""
    return float(rules.doubling_points) / float(np.log(2))


def offset(rules: StatisticalCard) -> float:
    """Points of even odds."""
    return float(rules.base_points) - factor(rules) * float(np.log(float(rules.base_odds)))


def points(card: Card, rules: StatisticalCard) -> tuple[Floats, ...]:
    """The points of each bin, by attribute; NaN for one that is not used. The level is shared out evenly, so that those of a customer just add up."""
    used = max(len(card.used()), 1)
    share = (offset(rules) - factor(rules) * card.intercept) / used
    return tuple(
        share - factor(rules) * weight * one.woe
        for one, weight in zip(card.bins, card.coefficient.tolist(), strict=True)
    )


@dataclass(frozen=True)
class Scored:
    """What a fitted card says of customers, one element or row each.

    `chance` of going bad within the label's time; `points`; `score`: 0 to 100, what grades are cut from where this card grades; `lost`: a
    column per attribute used, the score it costs against its best bin; `is_missing`: alike, whether its fact is; `best`: by attribute used, the
    most it can cost; `stand_in`: what of that is left where the fact is missing.
    """

    chance: Floats
    points: Floats
    score: Floats
    lost: pd.DataFrame
    is_missing: pd.DataFrame
    best: pd.Series[float]
    stand_in: pd.Series[float]


def score(card: Card, facts: pd.DataFrame, rules: StatisticalCard) -> Scored:
    """Score customers with a card that is fitted; `facts` as those it was fitted with."""
    per_point = float(rules.score_per_doubling) / float(rules.doubling_points)
    given = {one.attribute: worth for one, worth in zip(card.bins, points(card, rules), strict=True)}
    total, lost, missing = np.zeros(len(facts)), {}, {}
    for one, _ in card.used():
        values, worth = facts[one.attribute].to_numpy(dtype=np.float64), given[one.attribute]
        own = worth[one.place(values)]
        total += own
        lost[one.attribute], missing[one.attribute] = (worth.max() - own) * per_point, np.isnan(values)
    names = [one.attribute for one, _ in card.used()]
    worst = pd.Series({name: given[name].min() for name in names})
    raw: Floats = float(rules.score_at_base) + (total - float(rules.base_points)) * per_point
    return Scored(
        chance=1 / (1 + np.exp((total - offset(rules)) / factor(rules))),
        points=total,
        score=np.clip(np.round(raw, _PLACES), 0.0, 100.0).astype(np.float64, copy=False),
        lost=pd.DataFrame(lost, index=facts.index),
        is_missing=pd.DataFrame(missing, index=facts.index),
        best=pd.Series({name: given[name].max() - worst[name] for name in names}) * per_point,
        stand_in=pd.Series({name: given[name][-1] - worst[name] for name in names}) * per_point,
    )
