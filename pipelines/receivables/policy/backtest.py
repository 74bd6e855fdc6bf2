"""Whether a score was right: how well it ranks customers and how true its probabilities are, how sure that is, and what it adds to simple ones.

A customer's cases at several snapshots hang together: intervals come from leaving out customers, never cases. Higher predictions mean
more danger. What has only good or only bad cases cannot be told: NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from receivables.distributions import chi_square_quantile, interval, jackknife_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from receivables.distributions import Scale
    from receivables.settings import Backtest

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

SCALES: Final[Mapping[str, Scale]] = {
    "auc": "share",
    "average_precision": "share",
    "ks": "share",
    "amount_auc": "share",
    "brier": "share",
    "brier_base": "share",
    "brier_skill": "plain",
    "log_loss": "ratio",
    "observed_expected": "ratio",
    "calibration_intercept": "plain",
    "calibration_slope": "plain",
}
"""The measures that have an interval, and the scale it is made on; that of Gini, twice the AUC less 1, follows from the AUC's.

In simulated worlds of 80, 300 and 1,500 customers at four snapshots 92 to 98 % of the intervals held the true value.
"""

LESS_IS_BETTER: Final = ("brier", "log_loss")
RANKING: Final = ("auc", "average_precision")

NO_INTERVAL: Final = (float("nan"), float("nan"))

_AT_ONCE: Final = 1_000_000
"""Distinct predictions times groups left out in one piece: some ten arrays of so many doubles."""

_STEPS: Final = 40
_LONGEST_STEP: Final = 2.0
_STANDS_STILL: Final = 1e-10
"""Steps to a calibration line at most, the longest of them, and what a step is below once it is found."""


@dataclass(frozen=True)
class Cases:
    """Customers at snapshots whose time has run out, one element each.

    `customer`: whose it is, numbered from 0; `is_bad`: what became of it; `amount`: its exposure then, not below 0, in whole units of
    one currency (the weight of `amount_auc`).
    """

    customer: Ints
    is_bad: Flags
    amount: Floats

    def where(self, chosen: Flags) -> Cases:
        """Leave out the other cases."""
        return Cases(self.customer[chosen], self.is_bad[chosen], self.amount[chosen])


def measure(cases: Cases, predicted: Floats, rules: Backtest, *, is_probability: bool = True) -> pd.DataFrame:
    """Measure predictions against what happened, with 95 % intervals by customer.

    Args:
        cases: what became of them.
        predicted: how bad each was held to be; cases without one (NaN) are left out.
        rules: how many customers an interval asks for, and in how many groups they are left out.
        is_probability: whether predictions are probabilities of bad; else only measures of rank are told.

    Returns:
        A row per measure with value, lo and hi: those of `SCALES`, gini, and spiegelhalter_z, which has no interval as it is a test
        itself, one that takes cases for independent; and rows cases, bads and customers that count them.

    Raises:
        ValueError: probabilities outside 0 to 1.
    """
    told = np.isfinite(predicted)
    known = cases.where(told)
    found = _measured(known, predicted[told], rules, is_probability=is_probability)
    rows = {name: (found.value(name), *found.bounds(name)) for name in found.samples}
    value, lo, hi = rows["auc"]
    rows["gini"] = (2 * value - 1, 2 * lo - 1, 2 * hi - 1)
    counts = {"cases": len(known.is_bad), "bads": known.is_bad.sum(), "customers": found.customers}
    rows |= {name: (float(count), *NO_INTERVAL) for name, count in counts.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["value", "lo", "hi"]).rename_axis("metric")


def compare(
    cases: Cases, predicted: Floats, baselines: Mapping[str, Floats], rules: Backtest, *, is_probability: bool = True
) -> pd.DataFrame:
    """Hold predictions against simple ones on the same cases: those that each of them has a prediction for.

    Args:
        cases: what became of them.
        predicted: how bad each was held to be.
        baselines: the same said in simple ways, by name; `base_rate`, the share of bad cases said of everybody, is always among them.
        rules: as in `measure`.
        is_probability: whether all are probabilities of bad; else they are compared by rank alone.

    Returns:
        A row per baseline and metric (index) with value, baseline_value, difference (above 0: better than the baseline), its lo and hi,
        and verdict: better, worse, or undecided where the interval holds 0 or there is none.

    Raises:
        ValueError: probabilities outside 0 to 1.
    """
    told = np.logical_and.reduce([np.isfinite(said) for said in (predicted, *baselines.values())])
    known = cases.where(told)
    simple = {
        "base_rate": np.full(len(known.is_bad), known.is_bad.mean() if len(known.is_bad) else 0.0),
        **{name: said[told] for name, said in baselines.items()},
    }
    own = _measured(known, predicted[told], rules, is_probability=is_probability)
    rows = {}
    for name, said in simple.items():
        other = _measured(known, said, rules, is_probability=is_probability)
        for metric in (*RANKING, *LESS_IS_BETTER) if is_probability else RANKING:
            gain, lo, hi = own.gain(other, metric)
            verdict = "better" if lo > 0 else "worse" if hi < 0 else "undecided"
            rows[name, metric] = (own.value(metric), other.value(metric), gain, lo, hi, verdict)
    columns = ["value", "baseline_value", "difference", "lo", "hi", "verdict"]
    names = pd.MultiIndex.from_tuples(list(rows), names=["baseline", "metric"])
    return pd.DataFrame(list(rows.values()), index=names, columns=columns)


# Intervals by customer -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Measured:
    """Samples of every measure: that of all cases, and then those with each group of customers left out."""

    samples: dict[str, Floats]
    customers: int
    is_enough: bool

    def value(self, name: str) -> float:
        return float(self.samples[name][0])

    def bounds(self, name: str) -> tuple[float, float]:
        return self._interval(self.samples[name], SCALES[name]) if name in SCALES else NO_INTERVAL

    def gain(self, other: _Measured, name: str) -> tuple[float, float, float]:
        """How much better a measure is than another's, and the interval of that."""
        gains = (self.samples[name] - other.samples[name]) * (-1 if name in LESS_IS_BETTER else 1)
        return (float(gains[0]), *self._interval(gains, "plain"))

    def _interval(self, samples: Floats, scale: Scale) -> tuple[float, float]:
        if not self.is_enough:
            return NO_INTERVAL
        low, high = interval(samples[0], jackknife_error(samples[1:]), len(samples) - 1, scale)
        return float(low), float(high)


@dataclass(frozen=True)
class _Layout:
    """Where each case stands: the place of its prediction among the distinct ones, rising, and the group it is left out with."""

    place: Ints
    places: int
    group: Ints
    groups: int

    def sums(self, by_case: Floats) -> Floats:
        """Sum what each case adds: over all, then without each group."""
        by_group = np.bincount(self.group, by_case, self.groups)
        whole = by_group.sum()
        return np.concatenate([[whole], whole - by_group])

    def at(self, weight: Floats) -> Floats:
        """Weights by place."""
        return np.bincount(self.place, weight, self.places).astype(np.float64, copy=False)

    def at_without(self, weight: Floats, groups: slice) -> Floats:
        """Weights by place, without each of some groups in turn."""
        count = groups.stop - groups.start
        these = np.flatnonzero((self.group >= groups.start) & (self.group < groups.stop))
        cell = (self.group[these] - groups.start) * self.places + self.place[these]
        part = np.bincount(cell, weight[these], count * self.places).reshape(count, self.places)
        return self.at(weight) - part


def _measured(cases: Cases, predicted: Floats, rules: Backtest, *, is_probability: bool) -> _Measured:
    if is_probability and ((predicted < 0) | (predicted > 1)).any():
        raise ValueError("a probability lies between 0 and 1")
    distinct, place = np.unique(predicted, return_inverse=True)
    own, customer = np.unique(cases.customer, return_inverse=True)
    layout = _Layout(
        place, max(len(distinct), 1), customer % rules.interval_groups, min(len(own), rules.interval_groups)
    )
    # in whole numbers, so that nothing is left where a group was all there is
    good, bad, amount = (~cases.is_bad).astype(np.float64), cases.is_bad.astype(np.float64), np.rint(cases.amount)
    with np.errstate(all="ignore"):
        found = {
            "auc": _auc(layout, good, bad),
            **_swept(layout, good, bad),
            "amount_auc": _auc(layout, good * amount, bad * amount),
        }
        if is_probability:
            found |= _accuracy(layout, predicted, bad) | _calibration(layout, predicted, bad)
    has_both = (layout.sums(good) > 0) & (layout.sums(bad) > 0)
    samples = {name: np.where(has_both, value, np.nan) for name, value in found.items()}
    return _Measured(samples, len(own), is_enough=len(own) >= rules.customers_min)


# Measures, each of all cases and without each group ------------------------------------------------------------------


def _auc(layout: _Layout, good: Floats, bad: Floats) -> Floats:
    """The chance that a bad case is held to be worse than a good one, ties by half.

    Pairs with a case of a group are those of its bad cases, those of its good ones, less those of both, counted twice.
    """
    good_below = _below(layout.at(good))[layout.place]
    bad_above = bad.sum() - _below(layout.at(bad))[layout.place]
    cells, cell = np.unique(layout.group * layout.places + layout.place, return_inverse=True)
    good_in: Floats = np.bincount(cell, good, len(cells)).astype(np.float64, copy=False)
    starts = np.searchsorted(cells // layout.places, layout.group)
    before_group = np.concatenate([[0.0], np.cumsum(good_in)])[starts]
    within = layout.sums(bad * (_below(good_in)[cell] - before_group))
    won = layout.sums(bad * good_below)
    won[1:] += layout.sums(good * bad_above)[1:] - won[0] + within[0] - within[1:]
    return won / (layout.sums(good) * layout.sums(bad))


def _below(mass: Floats) -> Floats:
    """The mass at lower places, and half of that at the same."""
    return np.cumsum(mass) - mass / 2


def _swept(layout: _Layout, good: Floats, bad: Floats) -> dict[str, Floats]:
    """Measures that ask for a walk over all places: how pure what is held worst is, and how far the good and the bad lie apart."""
    pieces = [_walked(layout.at(good), layout.at(bad))]
    at_once = max(_AT_ONCE // max(layout.places, 1), 1)
    for first in range(0, layout.groups, at_once):
        groups = slice(first, min(first + at_once, layout.groups))
        pieces.append(_walked(layout.at_without(good, groups), layout.at_without(bad, groups)))
    return {name: np.concatenate([np.atleast_1d(piece[name]) for piece in pieces]) for name in pieces[0]}


def _walked(good: Floats, bad: Floats) -> dict[str, Floats]:
    good_up_to, bad_up_to = np.cumsum(good, axis=-1), np.cumsum(bad, axis=-1)
    goods, bads = good_up_to[..., -1:], bad_up_to[..., -1:]
    caught, held = bads - bad_up_to + bad, goods - good_up_to + good
    precision = caught / np.where(caught > 0, caught + held, 1.0)
    return {
        "average_precision": (bad * precision).sum(axis=-1) / bads[..., 0],
        "ks": np.abs(bad_up_to / bads - good_up_to / goods).max(axis=-1),
    }


def _accuracy(layout: _Layout, predicted: Floats, bad: Floats) -> dict[str, Floats]:
    """How far probabilities lie from what happened, and whether that is more than chance (Spiegelhalter 1986)."""
    count, happened = layout.sums(np.ones_like(bad)), layout.sums(bad)
    brier, weight = layout.sums((bad - predicted) ** 2) / count, 1 - 2 * predicted
    base = happened / count * (1 - happened / count)
    return {
        "brier": brier,
        "brier_base": base,
        "brier_skill": 1 - brier / base,
        "log_loss": layout.sums(-np.log(np.where(bad > 0, predicted, 1 - predicted))) / count,
        "observed_expected": happened / layout.sums(predicted),
        "spiegelhalter_z": layout.sums((bad - predicted) * weight)
        / np.sqrt(layout.sums(weight**2 * predicted * (1 - predicted))),
    }


def _calibration(layout: _Layout, predicted: Floats, bad: Floats) -> dict[str, Floats]:
    """The straight line from predicted to true log odds, by Newton's method; 0 and 1 are as it should be.

    Without a group it is one step away from that of all cases (Pregibon 1981). None is found where bad and good cases do not overlap.
    """
    odds = np.log(predicted) - np.log1p(-predicted)
    line, found = np.array([0.0, 1.0]), np.full((2, layout.groups + 1), np.nan)
    for _ in range(_STEPS):
        steps = _newton(layout, odds, bad, line)
        if np.abs(steps[:, 0]).max() <= _STANDS_STILL:
            found = line[:, None] + steps
            break
        line = line + np.clip(steps[:, 0], -_LONGEST_STEP, _LONGEST_STEP)
    return {"calibration_intercept": found[0], "calibration_slope": found[1]}


def _newton(layout: _Layout, odds: Floats, bad: Floats, line: Floats) -> Floats:
    """The step from a line towards the best one: of all cases, then without each group."""
    fitted = 1 / (1 + np.exp(-(line[0] + line[1] * odds)))
    miss, spread = bad - fitted, fitted * (1 - fitted)
    missed, missed_odds = layout.sums(miss), layout.sums(miss * odds)
    of_all, of_odds, of_squares = (layout.sums(spread * odds**power) for power in range(3))
    determinant = of_all * of_squares - of_odds**2
    return (
        np.stack([of_squares * missed - of_odds * missed_odds, of_all * missed_odds - of_odds * missed]) / determinant
    )


# Drift of the customers scored ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drift:
    """How far scores now are distributed unlike those a score was made with.

    `psi`: the population stability index; `critical`: what chance alone exceeds as seldom as the rules say; `is_alert`: whether somebody
    should look; `upper_edges`: of all bins but the last, inclusive; `before` and `now`: customers by bin.
    """

    psi: float
    critical: float
    is_alert: bool
    upper_edges: Floats
    before: Ints
    now: Ints


def drift(before: Floats, now: Floats, rules: Backtest) -> Drift:
    """Compare the scores of now with those before, in bins of equal numbers of those before; NaN, no score, is left out."""
    before, now = before[np.isfinite(before)], now[np.isfinite(now)]
    inner = np.arange(1, rules.drift_bins) / rules.drift_bins
    edges = np.unique(np.quantile(before, inner, method="inverted_cdf")) if len(before) else np.empty(0)
    edges = edges[edges < before.max(initial=-np.inf)]
    counts = [
        np.bincount(np.searchsorted(edges, score, side="left"), minlength=len(edges) + 1).astype(np.int64)
        for score in (before, now)
    ]
    index = stability_index(*counts)
    critical = critical_index(len(before), len(now), len(edges) + 1, float(rules.drift_chance))
    return Drift(index, critical, index > max(float(rules.drift_min), critical), edges, *counts)


def stability_index(before: Ints, now: Ints) -> float:
    """The population stability index of customers by bin; an empty bin counts as half a customer. NaN where there are none at all."""
    if not before.sum() or not now.sum():
        return float("nan")
    old, new = (np.maximum(count, 0.5) / count.sum() for count in (before, now))
    return float(((new - old) * np.log(new / old)).sum())


def critical_index(before: int, now: int, bins: int, chance: float) -> float:
    """The index that so many customers exceed by chance as seldom as said: without change it is nearly chi-square (Yurdakul 2018); NaN without any."""
    if not before or not now or bins < 2:
        return float("nan")
    return chi_square_quantile(1 - chance, bins - 1) * (1 / before + 1 / now)
