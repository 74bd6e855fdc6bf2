"""What a short record is worth: a customer's own rates and means drawn towards those of its segment, by how much the record holds.

Priors are learnt from one set of customers and may be used on another, so that what is tested on later customers never saw them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from receivables.distributions import beta_quantile

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import Shrinkage

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_JEFFREYS: Final = 0.5
"""Added to the hits and to the misses of all: what never happened yet may."""


@dataclass(frozen=True)
class Prior:
    """What is usual: in all, and by segment; a segment that is not among them is as all are."""

    overall: float
    by_segment: pd.Series[float]

    def of(self, segment: pd.Series[Any]) -> Floats:
        """What is usual for each row's segment."""
        place = self.by_segment.index.get_indexer(pd.Index(segment))
        return np.append(self.by_segment.to_numpy(dtype=np.float64), self.overall)[place]


# Rates ---------------------------------------------------------------------------------------------------------------


def rate_prior(hits: Floats, cases: Floats, segment: pd.Series[Any], rules: Shrinkage) -> Prior:
    """Learn the rates of segments; a small segment is drawn towards all as a customer is towards it. NaN without any case.

    Args:
        hits: per customer, of its cases; parts of a case count in part.
        cases: per customer.
        segment: whom each is likened to.
        rules: how many cases at the rate of all count in each segment.
    """
    if not cases.sum():
        return Prior(float("nan"), pd.Series(dtype=np.float64))
    overall = float((hits.sum() + _JEFFREYS) / (cases.sum() + 2 * _JEFFREYS))
    total = pd.DataFrame({"hits": hits, "cases": cases}).groupby(segment.to_numpy(), sort=True).sum()
    by_segment = (total["hits"] + float(rules.rate_cases) * overall) / (total["cases"] + float(rules.rate_cases))
    return Prior(overall, by_segment)


def shrunk_rate(hits: Floats, cases: Floats, usual: Floats, rules: Shrinkage) -> Floats:
    """Each customer's rate with cases at its segment's rate added to its own: the mean of a beta distribution."""
    a, b = _beta(hits, cases, usual, rules)
    rate: Floats = a / (a + b)
    return rate


def rate_interval(hits: Floats, cases: Floats, usual: Floats, rules: Shrinkage) -> tuple[Floats, Floats]:
    """Between what each customer's true rate lies with the confidence of the rules."""
    a, b = _beta(hits, cases, usual, rules)
    tail = (1 - float(rules.confidence)) / 2
    told, low, high = np.isfinite(a + b), np.full(len(a), np.nan), np.full(len(a), np.nan)
    pairs, place = np.unique(np.stack([a[told], b[told]]), axis=1, return_inverse=True)
    for end, share in ((low, tail), (high, 1 - tail)):
        end[told] = beta_quantile(share, *pairs)[place]
    return low, high


def _beta(hits: Floats, cases: Floats, usual: Floats, rules: Shrinkage) -> tuple[Floats, Floats]:
    added = float(rules.rate_cases)
    return hits + added * usual, cases - hits + added * (1 - usual)


# Means ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MeanPrior:
    """What means are usual, and how many cases at it are added to each customer's own: the more, the more alike customers are."""

    usual: Prior
    cases: float


def mean_prior(mean: Floats, variance: Floats, cases: Floats, segment: pd.Series[Any], rules: Shrinkage) -> MeanPrior:
    """Learn the means of segments, and how far customers of a segment differ, by the method of moments.

    Args:
        mean: per customer, of its cases.
        variance: of the cases of each, with one less than their number below; what it is of a single case does not count.
        cases: per customer; who has none is left out.
        segment: whom each is likened to.
        rules: how many cases are added at least.
    """
    told = cases > 0
    mean, cases, variance = mean[told], cases[told], variance[told]
    names, place = np.unique(segment.to_numpy()[told], return_inverse=True)
    if not len(names):
        return MeanPrior(Prior(float("nan"), pd.Series(dtype=np.float64)), float("inf"))
    held = np.bincount(place, cases)
    usual = np.bincount(place, cases * mean) / held
    prior = Prior(float((cases * mean).sum() / cases.sum()), pd.Series(usual, index=pd.Index(names)))
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(cases > 1, (cases - 1) * variance, 0.0).sum() / (cases - 1).sum()
        apart = (cases * (mean - usual[place]) ** 2).sum() - (len(cases) - len(names)) * within
        between = apart / (cases.sum() - (np.bincount(place, cases**2) / held).sum())
        # where customers differ no more than their cases do, or nobody has two, all are alike
        alike = within / between if between > 0 else np.inf
    return MeanPrior(prior, max(float(alike), float(rules.mean_cases_min)))


def shrunk_mean(mean: Floats, cases: Floats, segment: pd.Series[Any], prior: MeanPrior) -> Floats:
    """Each customer's mean with cases at its segment's mean added to its own; without any case it is that of the segment."""
    usual = prior.usual.of(segment)
    return usual + cases / (cases + prior.cases) * np.where(cases > 0, mean - usual, 0.0)
