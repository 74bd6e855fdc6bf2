"""What customers buy against what is usual for them at that time of the year, and what of it is a sign: bulk out of season, repeated bulk, more orders.

What is usual in a month is the customer's level times the factor of the month: how much of their levels the other customers bought of the same product groups, drawn
towards the season of the group where others are few, and towards the customer's own same months of past years. So neither November's peak nor a strong year of the
whole company is anybody's anomaly. The latest month may have only begun: it is held against a whole one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import AnomalyBuying

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

YEAR: Final = 12
_PEERS: Final = 40
"""Customers of equal size at the season of their group that are added to those whom a month's factor is made of: months of a company differ from its season by a fifth, those of a customer by
some six fifths."""

_ACTIVE_MONTHS: Final = 6
"""A customer without an order in so many months has left, and says nothing of what the others' month should be."""

_LEARNT_FROM: Final = 2_000
"""Customers, evenly chosen, whose past months say how far months differ from what is usual."""

_FIRST_DAYS: Final = 7
"""A company's first month counts as a whole one where its first order came within so many days."""

_JEFFREYS: Final = 0.5
"""Orders added to those of a rate's months."""

MONEY: Final = 10_000
"""Amounts come in and go out as whole ledger units of their last decimal."""


# The past ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class History:
    """What a company's customers bought, month by month; the last `window` months are those tested.

    `row_*`: amounts of a pair of customer and product group in a month (a column, from 0); `orders`: by customer and month; `since`: the first month of each customer.
    `told_season`: by group and calendar month, NaN where not told. `test_day`: the last day that is known. `rules`: what is looked at, and how much is bulk.
    """

    rules: AnomalyBuying
    test_day: np.datetime64
    customers: pd.Index[Any]
    groups: pd.Index[Any]
    month_numbers: Ints
    row_pair: Ints
    row_month: Ints
    row_amount: Floats
    pair_customer: Ints
    pair_group: Ints
    orders: Floats
    told_season: Floats

    @property
    def months(self) -> int:
        """Months looked at, those tested among them."""
        return len(self.month_numbers)

    @property
    def first_tested(self) -> int:
        """The column of the first month tested; as many whole months are known before."""
        return self.months - self.rules.window_months

    @property
    def span(self) -> tuple[int, int]:
        """The columns whose mean a customer's level is, the second not among them."""
        return _span(self.first_tested, self.rules)

    @property
    def calendar(self) -> Ints:
        """The calendar month of each column, January 0."""
        return self.month_numbers % YEAR

    @property
    def is_running(self) -> bool:
        """Whether the last month is not over yet."""
        following = _month(np.array([self.test_day + np.timedelta64(1, "D")]))
        return bool(following[0] == self.month_numbers[-1])

    @cached_property
    def since(self) -> Ints:
        """The column of each customer's first order."""
        has_any = self.orders.any(axis=1)
        return np.where(has_any, (self.orders > 0).argmax(axis=1), self.months).astype(np.int64)

    @cached_property
    def bought(self) -> Floats:
        """Amounts by customer and month."""
        cell = self.pair_customer[self.row_pair] * self.months + self.row_month
        whole = np.bincount(cell, self.row_amount, len(self.customers) * self.months)
        return np.maximum(whole.reshape(len(self.customers), self.months), 0.0)


def history(
    groups: pd.DataFrame, months: pd.DataFrame, test_day: np.datetime64, rules: AnomalyBuying
) -> History | None:
    """Gather the past of a company; None where no whole month lies before those tested.

    Args:
        groups: a row per customer, product group and month: customer_id, product_group, month_start, amount (ledger units of the last decimal), season (NaN: not told).
        months: a row per customer and month: customer_id, month_start, orders; history_from, the company's first day told.
        test_day: the last day that is known.
        rules: how many months are looked at.
    """
    last = int(_month(np.array([test_day]))[0])
    began = months["history_from"].to_numpy().astype("M8[D]").min()
    is_late = (began - began.astype("M8[M]").astype("M8[D]")).astype(np.int64) >= _FIRST_DAYS
    looked_at = rules.history_months + rules.window_months
    first = max(int(_month(np.array([began]))[0]) + int(is_late), last - looked_at + 1)
    if last - first < rules.window_months:
        return None
    customers, names = pd.Index(months["customer_id"].unique()), pd.Index(groups["product_group"].unique())
    ordered = _month(months["month_start"].to_numpy()) - first
    seen = ordered >= 0
    who = customers.get_indexer(pd.Index(months["customer_id"]))[seen]
    size = (len(customers), last - first + 1)
    counted = months["orders"].to_numpy(dtype=np.float64)[seen]
    orders: Floats = (
        np.bincount(who * size[1] + ordered[seen], counted, size[0] * size[1]).reshape(size).astype(np.float64)
    )
    groups = groups[_month(groups["month_start"].to_numpy()) >= first]
    month = _month(groups["month_start"].to_numpy()) - first
    what = names.get_indexer(pd.Index(groups["product_group"]))
    pair = customers.get_indexer(pd.Index(groups["customer_id"])) * len(names) + what
    pairs, place = np.unique(pair, return_inverse=True)
    told = np.full((len(names), YEAR), np.nan)
    told[what, (month + first) % YEAR] = groups["season"].to_numpy(dtype=np.float64)
    return History(
        rules=rules,
        test_day=test_day,
        customers=customers,
        groups=names,
        month_numbers=np.arange(first, last + 1),
        row_pair=place.astype(np.int64),
        row_month=month,
        row_amount=groups["amount"].to_numpy(dtype=np.float64) / MONEY,
        pair_customer=pairs // max(len(names), 1),
        pair_group=pairs % max(len(names), 1),
        orders=orders,
        told_season=told,
    )


def _month(days: npt.NDArray[np.datetime64]) -> Ints:
    return days.astype("M8[M]").astype(np.int64)


# What is usual -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Usual:
    """What is usual by season alone.

    `season`: sales of a product group in a calendar month over its average month, `is_out` where it is out of season. `ratio`: by customer and month, what was bought over
    what was usual; NaN before the months its level is made of, and where nothing was usual. `weight`: by row of the past, what it counts in what is usual for others.
    """

    season: Floats
    is_out: Flags
    ratio: Floats
    weight: Floats


def usual(past: History) -> Usual:
    """Tell what is usual in each month."""
    return _usual(past, np.ones(len(past.row_pair)))


def usual_without(past: History, then: Usual, is_unusual: Flags) -> Usual:
    """Tell it anew where some months (by customer and month) count only as far as they were usual."""
    customer = past.pair_customer[past.row_pair]
    ratio, marked = then.ratio[customer, past.row_month], is_unusual[customer, past.row_month]
    return _usual(past, np.divide(1.0, ratio, out=np.ones_like(ratio), where=marked & (ratio > 1)))


def _usual(past: History, weight: Floats) -> Usual:
    season = _season(past, weight)
    span = past.span
    pairs = _Pairs(np.arange(len(past.customers)), past.pair_customer, past.pair_group)
    level = _level(past, season, pairs, _base(past, *span), span)
    is_shown = np.arange(past.months) >= np.maximum(past.since, span[0])[:, np.newaxis]
    of_calendar = [pairs.summed(level * season[pairs.group, month]) for month in range(YEAR)]
    then = np.stack(of_calendar, axis=1)[:, past.calendar]
    ratio = np.divide(past.bought, then, out=np.full_like(then, np.nan), where=is_shown & (then > 0))
    return Usual(season, season < float(past.rules.off_season_index_max), ratio, weight)


def _season(past: History, weight: Floats) -> Floats:
    """Of each group, months over the average of their year, years counted back from the months tested; 1 where no year is known."""
    cell = past.pair_group[past.row_pair] * past.months + past.row_month
    shape = (len(past.groups), past.months)
    by_group = np.bincount(cell, past.row_amount * weight, shape[0] * shape[1]).reshape(shape)
    total, years = np.zeros((shape[0], YEAR)), np.zeros((shape[0], 1))
    for start in range(past.first_tested - YEAR, -1, -YEAR):
        year = by_group[:, start : start + YEAR]
        average = year.mean(axis=1, keepdims=True)
        part = np.divide(year, average, out=np.zeros_like(year), where=average > 0)
        total[:, past.calendar[start : start + YEAR]] += np.maximum(part, 0.0)
        years += average > 0
    season = np.divide(total, years, out=np.ones_like(total), where=years > 0)
    return np.where(np.isnan(past.told_season), season, past.told_season)


class _Pairs(NamedTuple):
    """Pairs of some customers and product groups: these customers, and by pair the place of its customer among them and its group."""

    customers: Ints
    customer: Ints
    group: Ints

    def summed(self, by_pair: Floats) -> Floats:
        """By customer."""
        return np.bincount(self.customer, by_pair, len(self.customers)).astype(np.float64, copy=False)


def _span(end: int, rules: AnomalyBuying) -> tuple[int, int]:
    """The columns whose mean a level is."""
    return max(end - rules.level_months, 0), end


def _base(past: History, start: int, end: int) -> Floats:
    """What each pair bought in the columns from start to before end."""
    inside = (past.row_month >= start) & (past.row_month < end)
    bought = np.bincount(past.row_pair[inside], past.row_amount[inside], len(past.pair_group))
    return np.maximum(bought, 0.0)


def _level(past: History, season: Floats, pairs: _Pairs, base: Floats, span: tuple[int, int]) -> Floats:
    """What each pair buys in an average month: what it bought over the seasons of the months that its customer was one."""
    none = np.zeros((len(season), 1))
    passed = np.concatenate([none, np.cumsum(season[:, past.calendar], axis=1)], axis=1)
    since = np.clip(past.since[pairs.customers], *span)[pairs.customer]
    seasons = passed[pairs.group, span[1]] - passed[pairs.group, since]
    level: Floats = np.divide(base, seasons, out=np.zeros_like(base), where=seasons > 0)
    return level


# What was expected ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cells:
    """Months of customers: what was bought, ordered, and expected, in the shape that was asked for.

    Amounts in units of the customer's usual order; `bought_out`: of product groups out of season, `level`: in an average month. `orders_size`: the size of the negative
    binomial that the rate of orders makes of them. `is_bulk_told`, `is_season_told`, `is_rate_told`: whether the customer's past is long enough for bulk, for bulk out of
    season, and for rates.
    """

    bought: Floats
    expected: Floats
    bought_out: Floats
    level: Floats
    orders: Floats
    expected_orders: Floats
    orders_size: Floats
    unit: Floats
    is_bulk_told: Flags
    is_season_told: Flags
    is_rate_told: Flags


_NAMES: Final = tuple(Cells.__dataclass_fields__)


class _Month(NamedTuple):
    """A month and the span its level is made of; by pair, what was bought in the span, and in the month: as it was, and as it counts for others."""

    column: int
    span: tuple[int, int]
    base: Floats
    amount: Floats
    counted: Floats


def tested(past: History, then: Usual) -> Cells:
    """The months tested of all customers: a row each, and a column per month."""
    pairs = _Pairs(np.arange(len(past.customers)), past.pair_customer, past.pair_group)
    base = _base(past, *past.span)
    wanted = _Wanted(
        *(months - past.rules.window_months for months in (past.rules.pooled_months_min, past.rules.months_min))
    )
    found = []
    for column in range(past.first_tested, past.months):
        rows = past.row_month == column
        amount, counted = (
            np.bincount(past.row_pair[rows], part[rows], len(base)).astype(np.float64, copy=False)
            for part in (past.row_amount, past.row_amount * then.weight)
        )
        month = _Month(column, past.span, base, amount, counted)
        found.append(_cells(past, then, pairs, month, wanted))
    return Cells(*(np.stack([getattr(cells, name) for cells in found], axis=1) for name in _NAMES))


def before(past: History, then: Usual) -> Cells:
    """Past months of some customers, each held against those before it as the months tested are: what dispersion is learnt from. One long row."""
    chosen = np.arange(0, len(past.customers), max(-(-len(past.customers) // _LEARNT_FROM), 1))
    place = np.full(len(past.customers), -1)
    place[chosen] = np.arange(len(chosen))
    is_in = place[past.pair_customer] >= 0
    pairs = _Pairs(chosen, place[past.pair_customer[is_in]], past.pair_group[is_in])
    number, rows = np.cumsum(is_in) - 1, is_in[past.row_pair]
    cell = number[past.row_pair[rows]] * past.months + past.row_month[rows]
    shape = (len(pairs.group), past.months)
    amounts, counts = (
        np.bincount(cell, part[rows], shape[0] * shape[1]).reshape(shape).astype(np.float64, copy=False)
        for part in (past.row_amount, past.row_amount * then.weight)
    )
    gap = past.rules.window_months - 1
    found = []
    for column in range(past.rules.rate_months_min + gap, past.first_tested):
        span = _span(column - gap, past.rules)
        base = np.maximum(amounts[:, slice(*span)].sum(axis=1), 0.0)
        month = _Month(column, span, base, amounts[:, column], counts[:, column])
        found.append(_cells(past, then, pairs, month, _Wanted(YEAR, YEAR)))
    return Cells(*(np.concatenate([getattr(cells, name) for cells in found] or [_nothing(name)]) for name in _NAMES))


def _nothing(name: str) -> Any:
    """No cell, in the type of a column."""
    return np.empty(0, dtype=np.bool_ if name.startswith("is_") else np.float64)


class _Wanted(NamedTuple):
    """Months of a customer's past that are asked for bulk, and for bulk out of season."""

    bulk: int
    season: int


def _cells(past: History, then: Usual, pairs: _Pairs, month: _Month, wanted: _Wanted) -> Cells:
    """One month of some customers."""
    rules = past.rules
    start, end = month.span
    orders, since = past.orders[pairs.customers], past.since[pairs.customers]
    ordered, bought = orders[:, start:end].sum(axis=1), pairs.summed(month.base)
    unit = np.divide(bought, ordered, out=np.zeros_like(bought), where=ordered > 0)
    level = _level(past, then.season, pairs, month.base, month.span)
    factor = _factor(past, then, pairs, level, month)
    own = _own_season(past, then, pairs, level, month)
    expected, is_out = level * factor * own[pairs.customer], then.is_out[pairs.group, past.calendar[month.column]]
    in_all = pairs.summed(expected)
    passed = 1 / np.maximum(end - np.maximum(since, start), 1)
    share = np.divide(in_all, bought, out=passed, where=bought > 0)

    def units(amount: Floats) -> Floats:
        whole = np.maximum(pairs.summed(amount), 0.0)
        found: Floats = np.divide(whole, unit, out=np.zeros_like(whole), where=unit > 0)
        return found

    return Cells(
        bought=units(month.amount),
        expected=units(expected),
        bought_out=units(month.amount * is_out),
        level=units(level),
        orders=orders[:, month.column],
        expected_orders=(ordered + _JEFFREYS) * share,
        orders_size=ordered + _JEFFREYS,
        unit=unit,
        is_bulk_told=(end - since >= wanted.bulk) & (ordered >= rules.orders_min) & (unit > 0),
        is_season_told=(end - since >= wanted.season) & (ordered >= rules.orders_min) & (unit > 0),
        is_rate_told=(end - since >= rules.rate_months_min) & (ordered >= rules.rate_orders_min),
    )


def _factor(past: History, then: Usual, pairs: _Pairs, level: Floats, month: _Month) -> Floats:
    """How much of their levels the other customers bought of each pair's group in the month; of a month not over yet, its season where that is more."""
    end = month.span[1]
    is_active: Flags = np.asarray(past.orders[pairs.customers, max(end - _ACTIVE_MONTHS, 0) : end].any(axis=1))
    counts = (level > 0) & is_active[pairs.customer]
    own, own_level = np.where(counts, month.counted, 0.0), np.where(counts, level, 0.0)
    bought, levels, squares = (
        np.bincount(pairs.group, part, len(past.groups))[pairs.group] - part for part in (own, own_level, own_level**2)
    )
    has_peers = np.bincount(pairs.group, counts, len(past.groups))[pairs.group] > counts
    season = then.season[pairs.group, past.calendar[month.column]]
    peers = np.divide(levels**2, squares, out=np.zeros_like(levels), where=has_peers)
    others = np.divide(bought, levels, out=season.copy(), where=has_peers)
    factor = (peers * np.maximum(others, 0.0) + _PEERS * season) / (peers + _PEERS)
    is_begun = past.is_running and month.column == past.months - 1
    found: Floats = np.maximum(factor, season if is_begun else 0.0)
    return found


def _own_season(past: History, then: Usual, pairs: _Pairs, level: Floats, month: _Month) -> Floats:
    """What customers bought in the same months of past years over what was usual, drawn towards 1 by some years."""
    start, end = month.span
    since, added = past.since[pairs.customers], float(past.rules.own_season_years)
    usual_then = pairs.summed(level * then.season[pairs.group, past.calendar[month.column]])
    bought, years = np.zeros_like(usual_then), np.zeros_like(usual_then)
    for column in range(month.column - YEAR, start - 1, -YEAR):
        if column < end:
            was_there = since <= column
            bought += np.where(was_there, past.bought[pairs.customers, column], 0.0)
            years += was_there
    whole = (years + added) * usual_then
    return np.divide(bought + added * usual_then, whole, out=np.ones_like(whole), where=whole > 0)


# Which months may be signs -------------------------------------------------------------------------------------------


def bulk_months(past: History, then: Usual, now: Cells) -> Flags:
    """Tested months in which a customer bought some times what is usual, and more of it than in any month its level is made of."""
    most = np.fmax.reduce(then.ratio[:, slice(*past.span)], axis=1, initial=float(past.rules.times_min))
    is_bulk: Flags = (now.bought > 0) & (now.bought >= most[:, np.newaxis] * now.expected)
    return is_bulk


def off_season_months(past: History, now: Cells) -> Flags:
    """Tested months of which most was bought out of season, and more than in an average month."""
    is_most = now.bought_out >= float(past.rules.off_season_share_min) * now.bought
    is_off: Flags = is_most & (now.bought_out >= float(past.rules.off_season_level_min) * now.level)
    return is_off


def rate_months(past: History, now: Cells) -> Flags:
    """Tested months in which a customer ordered some times as often as is usual."""
    is_more: Flags = (now.orders > 0) & (now.orders >= float(past.rules.times_min) * now.expected_orders)
    return is_more


# What is told of them ------------------------------------------------------------------------------------------------


class Chances(NamedTuple):
    """By customer and month tested: each month's chance, and whether it may be a sign; by customer, that of all together, and whether it is tested."""

    month: Floats
    may_be: Flags
    together: Floats
    is_told: Flags


def told_months(past: History, chances: Chances, measured: Floats, usual_then: Floats) -> pd.DataFrame:
    """A row per customer tested and month tested: customer_id, month_start, chance, may_be, p_value (of the customer), measured, usual."""
    chosen = np.flatnonzero(chances.is_told)
    window = past.rules.window_months
    month = past.month_numbers[past.first_tested :].astype("M8[M]").astype("M8[s]")
    return pd.DataFrame(
        {
            "customer_id": np.repeat(past.customers.to_numpy()[chosen], window),
            "month_start": np.tile(month, len(chosen)),
            "chance": chances.month[chosen].ravel(),
            "may_be": chances.may_be[chosen].ravel(),
            "p_value": np.repeat(chances.together[chosen], window),
            "measured": measured[chosen].ravel(),
            "usual": usual_then[chosen].ravel(),
        }
    )


def out_of_season(past: History, then: Usual, groups: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of customers' product groups and months, as in `history`, that are out of season in the months tested."""
    group = past.groups.get_indexer(pd.Index(groups["product_group"]))
    month = _month(groups["month_start"].to_numpy())
    is_tested = month >= past.month_numbers[past.first_tested]
    found: pd.DataFrame = groups[is_tested & then.is_out[group, month % YEAR]]
    return found


_LEAST: Final = 0.01
"""A share of an order is expected at least, so that times of it stay numbers."""


def times(now: Cells) -> tuple[Floats, Floats]:
    """What was bought in each month over what was expected, and that as an amount."""
    return now.bought / np.maximum(now.expected, _LEAST), now.expected * now.unit


# What is lacking -----------------------------------------------------------------------------------------------------


def season_lacks(past: History, then: Usual) -> tuple[str, int, int]:
    """What a company lacks in which bulk out of season can be told of nobody: what it is of, how much there is at most, and how much there must be."""
    lack = _lacks(past, past.rules.months_min, past.rules.orders_min, past.months)
    return lack if lack[0] == "months" or has_off_season(past, then) else ("season", 0, 1)


def bulk_lacks(past: History) -> tuple[str, int, int]:
    """The same for bulk of any time."""
    return _lacks(past, past.rules.pooled_months_min, past.rules.orders_min, past.months)


def rate_lacks(past: History) -> tuple[str, int, int]:
    """The same for rates of orders."""
    return _lacks(past, past.rules.rate_months_min, past.rules.rate_orders_min, past.first_tested)


def _lacks(past: History, months_min: int, orders_min: int, end: int) -> tuple[str, int, int]:
    lasted = int((end - past.since).max(initial=0))
    ordered = int(past.orders[:, slice(*past.span)].sum(axis=1).max(initial=0))
    return ("months", lasted, months_min) if lasted < months_min else ("orders", ordered, orders_min)


def has_off_season(past: History, then: Usual) -> bool:
    """Whether any product group is out of season in a month tested."""
    return bool(then.is_out[:, past.calendar[past.first_tested :]].any())
