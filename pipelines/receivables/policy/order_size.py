"""Whether a customer's largest order of a month is one that its own orders make too seldom to be chance: a control chart of single orders (Shewhart), on the logarithm of their amounts.

A month of one or two orders comes to five times the usual by itself. A single order tells more: it is held against the orders of the months that a level is made of, by the
chance that as many orders as the month should bring hold one so large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from receivables.distributions import student_tail

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import AnomalyBuying

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

_STRENGTH_MAX: Final = 1000.0
"""Orders of the usual spread that are added to a customer's own at most: as if all had the same."""

_STRENGTH_MIN: Final = 4.0
"""And at least: below, spreads would differ without limit."""

_DEVIATION_MIN: Final = 0.1
"""The least deviation of logarithms: who always orders the same differs by a tenth through prices alone."""

_LEAST: Final = 2
"""Orders below which nothing is told of their spread."""


@dataclass(frozen=True)
class Sizes:
    """What customers' orders are worth, a row each.

    Of the months that a level is made of: how many `orders`, the `mean` and `variance` of the logarithms of their amounts, and the `largest` (ledger units of the last decimal).
    A column per month tested, the `newest`: the amount of its largest order, 0 where there is none.
    """

    orders: Ints
    mean: Floats
    variance: Floats
    largest: Floats
    newest: Floats

    @property
    def usual(self) -> Floats:
        """What a customer orders at a time: the geometric mean."""
        found: Floats = np.exp(self.mean)
        return found


def sizes(months: pd.DataFrame, customers: pd.Index[Any], numbers: Ints, span: tuple[int, int], tested: int) -> Sizes:
    """Gather the orders of some customers.

    Args:
        months: a row per customer and month: customer_id, month_start, sized_orders, log_sum, log_square_sum, largest (ledger units of the last decimal).
        customers: whose rows are made.
        numbers: the months looked at, counted from 1970.
        span: the columns of these months that a level is made of, the second not among them.
        tested: the first column tested.
    """
    column = months["month_start"].to_numpy().astype("M8[M]").astype(np.int64) - numbers[0]
    who = customers.get_indexer(pd.Index(months["customer_id"]))
    is_past, is_new = (column >= span[0]) & (column < span[1]), column >= tested

    def summed(name: str) -> Floats:
        told = months[name].to_numpy(dtype=np.float64)[is_past]
        return np.bincount(who[is_past], told, len(customers)).astype(np.float64, copy=False)

    amount = np.maximum(months["largest"].to_numpy(dtype=np.float64), 0.0)
    largest, newest = np.zeros(len(customers)), np.zeros((len(customers), len(numbers) - tested))
    np.maximum.at(largest, who[is_past], amount[is_past])
    newest[who[is_new], column[is_new] - tested] = amount[is_new]
    orders = summed("sized_orders").astype(np.int64)
    mean = summed("log_sum") / np.maximum(orders, 1)
    variance = (summed("log_square_sum") - orders * mean**2) / np.maximum(orders - 1, 1)
    return Sizes(orders, mean, np.maximum(variance, 0.0), largest, newest)


def is_known(told: Sizes) -> Flags:
    """Of which customers the spread of their orders is told at all."""
    return np.asarray(told.orders >= _LEAST)


def times(told: Sizes, money: float) -> tuple[Floats, Floats]:
    """By customer and month tested: the largest order over what the customer orders at a time, and the largest of its past orders over that."""
    unit = (money * told.usual)[:, np.newaxis]
    return told.newest / unit, np.broadcast_to(told.largest[:, np.newaxis] / unit, told.newest.shape)


def chances(told: Sizes, expected: Floats, money: float) -> Floats:
    """By customer and month tested, the chance that an order of the month is as large as its largest; 1 where there is none.

    A customer's spread is drawn towards that of all, the more the less customers differ in it; the tail is Student's, with the error of the mean in it.

    Args:
        told: the sizes of orders.
        expected: how many orders the month should bring.
        money: units of an amount in one of ledger currency, in which logarithms are taken.
    """
    free = np.where(is_known(told), told.orders - 1, 0)
    usual, strength = spread_of_all(told.variance, free)
    drawn = (free * told.variance + strength * usual) / (free + strength)
    deviation = np.sqrt(np.maximum(drawn, _DEVIATION_MIN**2))
    apart = np.log(np.maximum(told.newest, 1.0) / money) - told.mean[:, np.newaxis]
    score = apart / (deviation * np.sqrt(1 + 1 / np.maximum(told.orders, 1)))[:, np.newaxis]
    tail = student_tail(score, (free + strength)[:, np.newaxis])
    found = -np.expm1(-np.maximum(expected, 0.0) * tail)
    return np.where((told.newest > 0) & is_known(told)[:, np.newaxis], found, 1.0)


def spread_of_all(variance: Floats, free: Ints) -> tuple[float, float]:
    """The usual variance, and how many orders of it are to be added to a customer's own.

    By moments: variances of n + 1 normal values differ by 2/n of their square by chance; what they differ in beyond that, those of customers do (an inverse gamma, as of Smyth 2004).

    Args:
        variance: of each customer.
        free: its degrees of freedom, 0 where it tells none.
    """
    known = free > 0
    if not known.any():
        return 0.0, _STRENGTH_MIN
    told, weight = variance[known], free[known].astype(np.float64)
    usual = float((told * weight).sum() / weight.sum())
    if usual == 0:
        return 0.0, _STRENGTH_MAX
    differ = float((weight * (told / usual - 1) ** 2).sum() / weight.sum())
    by_chance = float(2 * known.sum() / weight.sum())
    beyond = max((differ - by_chance) / (1 + by_chance), 2 / (_STRENGTH_MAX - _STRENGTH_MIN))
    return usual, _STRENGTH_MIN + 2 / beyond


def large_orders(told: Sizes, chance: Floats, money: float, rules: AnomalyBuying) -> Flags:
    """By customer and month tested, whether its largest order is beyond the limit: too rare, larger than any of the past, and some times what the customer orders at a time."""
    found: Flags = (
        (chance * float(rules.large_order_months) <= 1)
        & (told.newest > told.largest[:, np.newaxis])
        & (told.newest >= float(rules.large_order_times) * money * told.usual[:, np.newaxis])
    )
    return found
