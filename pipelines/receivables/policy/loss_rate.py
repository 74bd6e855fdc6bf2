"""What share of sales is written off, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from receivables.distributions import interval, jackknife_error

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import Curve

    Floats = npt.NDArray[np.float64]


_LOSERS_MIN: Final = 2


@dataclass(frozen=True)
class LossRate:
    """A share of sales written off with its 95 % interval; None where it cannot be told, and why: `no_sales`, `few_customers`. There is no interval where nobody's or only one customer's debt was lost, nor where without some the others bought nothing."""

    rate: float | None = None
    lo: float | None = None
    hi: float | None = None
    reason: str | None = None


def loss_rate(written_off: Floats, sales: Floats, rules: Curve) -> LossRate:
    """Divide what was written off by what was sold, leaving out one customer at a time for the interval.

    Args:
        written_off: per customer, whole units of one currency.
        sales: of the same customers in the same units; who only returned goods is below 0.
        rules: how many customers must stand behind a share, and in how many groups they are left out.
    """
    sold = float(sales.sum())
    if sold <= 0:
        return LossRate(reason="no_sales")
    if len(sales) < rules.min_customers:
        return LossRate(reason="few_customers")
    rate = float(written_off.sum()) / sold
    whose = np.arange(len(sales)) % rules.interval_groups
    lost, bought = (np.bincount(whose, part) for part in (written_off, sales))
    rest = bought.sum() - bought
    left_out = np.divide(lost.sum() - lost, rest, out=np.full(len(rest), np.nan), where=rest > 0)
    lo, hi = (float(end) for end in interval(np.asarray(rate), jackknife_error(left_out), len(rest), "ratio"))
    # of a single customer's loss nobody knows how often it comes
    if not np.isfinite([lo, hi]).all() or (written_off > 0).sum() < _LOSERS_MIN:
        return LossRate(rate)
    return LossRate(rate, lo, hi)
