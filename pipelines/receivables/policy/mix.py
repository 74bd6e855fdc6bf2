"""Whether a customer's business changed direction: its mix of product groups in the latest span against that of as many months before.

Shares are of money; how much they tell is counted in orders of equal worth (the square of the sum over the sum of squares). The mix may have moved as that of the whole
company did. What differs by chance is learnt from all customers, as orders of one customer are more alike than draws are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from receivables.distributions import gamma_tail

if TYPE_CHECKING:
    import numpy.typing as npt

    from receivables.settings import AnomalyBuying

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

MONEY: Final = 10_000
_SEED: Final = 20180407
_ROUNDS: Final = 20
_SEEN: Final = 10
"""Shuffles as far apart as the truth from which on their share is its chance; from fewer it is read off the distribution all of them form."""

_TOLD_BELOW: Final = 0.5
_LEAST_NOISE: Final = 0.2


@dataclass(frozen=True)
class Mix:
    """Who bought what in both spans.

    `customers` are those with orders enough in both; `earlier` and `recent`: their shares of product groups, `earlier_orders` and `recent_orders` of how many orders of equal
    worth. `moved`: by group, how much larger its share in the whole company's sales became. `g`: how far both mixes lie apart beyond that, in G's of `freedom`; `p_value`.
    """

    rules: AnomalyBuying
    test_day: np.datetime64
    customers: pd.Index[Any]
    groups: pd.Index[Any]
    earlier: Floats
    recent: Floats
    recent_amount: Floats
    moved: Floats
    g: Floats
    freedom: Ints
    p_value: Floats


def mixes(
    groups: pd.DataFrame, months: pd.DataFrame, test_day: np.datetime64, rules: AnomalyBuying
) -> Mix | tuple[str, int, int]:
    """Compare the mixes of a company's customers, or tell what it lacks: what it is of, how much there is, and how much there must be.

    Args:
        groups: a row per customer, product group and month: customer_id, product_group, month_start, amount (ledger units of the last decimal), square (of ledger units, summed over orders).
        months: a row per customer and month: customer_id, month_start, orders; history_from, the company's first day told.
        test_day: the last day that is known.
        rules: how long the spans are, and how much must be known of each.
    """
    last = _month(np.array([test_day]))[0]
    began = _month(months["history_from"].to_numpy()).min()
    spans = 2 * rules.mix_months
    if last - began + 1 < spans:
        return ("months", int(last - began + 1), spans)
    named = groups.loc[groups["product_group"] != "", "product_group"]
    if named.nunique() < _GROUPS_MIN:
        return ("product_groups", int(named.nunique()), _GROUPS_MIN)
    customers = pd.Index(months["customer_id"].unique())
    orders = _by_span(months, customers, last, rules.mix_months, months["orders"].to_numpy(dtype=np.float64))
    is_told = (orders >= rules.mix_orders_min).all(axis=1)
    if not is_told.any():
        return ("orders", int(orders.min(axis=1).max(initial=0)), rules.mix_orders_min)
    customers = customers[is_told]
    groups = groups[groups["customer_id"].isin(customers) & (groups["amount"] > 0)]
    names = pd.Index(groups.groupby("product_group")["amount"].sum().nlargest(rules.mix_groups_max).index)
    return _compared(groups, customers, names, test_day, rules)


_GROUPS_MIN: Final = 2


def _month(days: npt.NDArray[np.datetime64]) -> Ints:
    return days.astype("M8[M]").astype(np.int64)


def _by_span(told: pd.DataFrame, customers: pd.Index[Any], last: int, length: int, values: Floats) -> Floats:
    """Sum values by customer and span: the earlier one, the recent one."""
    ago = last - _month(told["month_start"].to_numpy())
    inside = ago < 2 * length
    cell = customers.get_indexer(pd.Index(told["customer_id"]))[inside] * 2 + (ago[inside] < length)
    return np.bincount(cell, values[inside], 2 * len(customers)).reshape(-1, 2).astype(np.float64, copy=False)


def _compared(
    groups: pd.DataFrame, customers: pd.Index[Any], names: pd.Index[Any], test_day: np.datetime64, rules: AnomalyBuying
) -> Mix:
    last = int(_month(np.array([test_day]))[0])
    amount, square = groups["amount"].to_numpy(dtype=np.float64) / MONEY, groups["square"].to_numpy(dtype=np.float64)
    place = names.get_indexer(pd.Index(groups["product_group"]))
    # groups beyond the largest are one, the last
    place = np.where(place < 0, len(names), place)
    parts = []
    for group in range(len(names) + 1):
        mine = place == group
        parts.append(_by_span(groups[mine], customers, last, rules.mix_months, amount[mine]))
    by_group = np.stack(parts, axis=2)
    squares = _by_span(groups, customers, last, rules.mix_months, square)
    whole = by_group.sum(axis=2)
    share = np.divide(by_group, whole[:, :, np.newaxis], out=np.zeros_like(by_group), where=whole[:, :, np.newaxis] > 0)
    orders = np.divide(whole**2, squares, out=np.zeros_like(whole), where=squares > 0)
    told = np.flatnonzero((whole > 0).all(axis=1))
    share, orders = share[told], orders[told]
    counted = share * orders[:, :, np.newaxis]
    in_all = counted.sum(axis=0)
    in_all = in_all / np.maximum(in_all.sum(axis=1, keepdims=True), _TINY)
    moved = np.divide(in_all[1], in_all[0], out=np.ones(len(names) + 1), where=in_all.min(axis=0) > 0)
    g = distance(counted[:, 0], counted[:, 1], moved)
    freedom = np.maximum((counted.sum(axis=1) > 0).sum(axis=1) - 1, 0)
    p_value = np.ones(len(told))
    some = freedom > 0
    if some.any():
        # what the median of chi-square would be, by Wilson and Hilferty
        noise = max(float(np.median(g[some] / (freedom[some] * (1 - 2 / (9 * freedom[some])) ** 3))), _LEAST_NOISE)
        p_value[some] = gamma_tail(g[some] / noise / 2, freedom[some] / 2)
    return Mix(
        rules,
        test_day,
        customers[told],
        names.append(pd.Index([""])),
        share[:, 0],
        share[:, 1],
        by_group[told, 1],
        moved,
        g,
        freedom.astype(np.int64),
        p_value,
    )


_TINY: Final = 1e-12


def distance(earlier: Floats, recent: Floats, moved: Floats) -> Floats:
    """How far two rows of counts lie apart beyond what has moved for all: the G of the table with both, whose shares are those that fit both best."""
    whole = earlier + recent
    before, after = earlier.sum(axis=1, keepdims=True), recent.sum(axis=1, keepdims=True)
    share = whole / np.maximum(whole.sum(axis=1, keepdims=True), _TINY)
    for _ in range(_ROUNDS):
        share = whole / np.maximum(
            before + after * moved / np.maximum((share * moved).sum(axis=1, keepdims=True), _TINY), _TINY
        )
        share /= np.maximum(share.sum(axis=1, keepdims=True), _TINY)
    later = share * moved
    later /= np.maximum(later.sum(axis=1, keepdims=True), _TINY)
    parts = [_surprise(earlier, before * share), _surprise(recent, after * later)]
    return 2 * (parts[0] + parts[1])


def _surprise(seen: Floats, expected: Floats) -> Floats:
    ratio = np.divide(seen, expected, out=np.ones_like(seen), where=(seen > 0) & (expected > 0))
    found: Floats = (seen * np.log(ratio)).sum(axis=1)
    return found


def jensen_shannon(first: Floats, second: Floats) -> Floats:
    """The distance of Jensen and Shannon between rows of shares: 0 the same, 1 nothing in common."""
    between = (first + second) / 2
    apart = (_surprise(first, between) + _surprise(second, between)) / (2 * np.log(2))
    found: Floats = np.sqrt(np.clip(apart, 0.0, 1.0))
    return found


def furthest(mix: Mix) -> pd.Index[Any]:
    """The customers whose orders are worth shuffling: those whose mixes lie furthest apart."""
    order = np.argsort(-mix.g, kind="stable")[: mix.rules.mix_permuted]
    return mix.customers[np.sort(order)]


def permuted(mix: Mix, orders: pd.DataFrame) -> pd.Series[float]:
    """By customer, the chance of mixes so far apart when its orders are shuffled between both spans.

    Args:
        mix: the mixes of all.
        orders: of some customers, a row per order and product group: customer_id, item_id, day, product_group, amount (ledger units of the last decimal).
    """
    found = {
        customer_id: _shuffled(mix, mine, np.random.default_rng((_SEED, number)))
        for number, (customer_id, mine) in enumerate(orders.groupby("customer_id", sort=True))
    }
    return pd.Series(found, dtype=np.float64)


def _shuffled(mix: Mix, orders: pd.DataFrame, rng: np.random.Generator) -> float:
    last, length = int(_month(np.array([mix.test_day]))[0]), mix.rules.mix_months
    ago = last - _month(orders["day"].to_numpy())
    orders, ago = orders[(ago < 2 * length) & (orders["amount"] > 0)], ago[(ago < 2 * length) & (orders["amount"] > 0)]
    number, items = pd.factorize(orders["item_id"], sort=True)
    place = mix.groups.get_indexer(pd.Index(orders["product_group"]))
    amount = np.zeros((len(items), len(mix.groups)))
    np.add.at(
        amount,
        (number, np.where(place < 0, len(mix.groups) - 1, place)),
        orders["amount"].to_numpy(dtype=np.float64) / MONEY,
    )
    is_recent = np.zeros(len(items), dtype=np.bool_)
    is_recent[number] = ago < length
    drawn = np.empty((mix.rules.mix_permutations + 1, len(items)))
    drawn[0] = is_recent
    for row in range(1, len(drawn)):
        drawn[row] = rng.permutation(is_recent)
    g = distance(_counted(1 - drawn, amount), _counted(drawn, amount), mix.moved)
    beyond = int((g[1:] >= g[0]).sum())
    if beyond >= _SEEN:
        return (beyond + 1) / len(g)
    mean, variance = g[1:].mean(), g[1:].var()
    if not mean > 0 or not variance > 0:
        return 1.0
    return float(gamma_tail(g[0] * mean / variance, mean**2 / variance))


def _counted(chosen: Floats, amount: Floats) -> Floats:
    """For each choice of orders, its shares of product groups times its orders of equal worth."""
    by_group = chosen @ amount
    whole, squares = by_group.sum(axis=1), chosen @ (amount**2).sum(axis=1)
    found: Floats = by_group * np.divide(whole, squares, out=np.zeros_like(whole), where=squares > 0)[:, np.newaxis]
    return found


def mix_signs(mix: Mix, shuffled: pd.Series[float]) -> pd.DataFrame:
    """The signs of a change of mix: what the customer buys more of and what less, in shares of its purchases; a change too small counts as none.

    Args:
        mix: the mixes of all.
        shuffled: by customer, the chance that shuffling its orders told, where they were; the larger of both chances counts.
    """
    apart = jensen_shannon(mix.earlier, mix.recent)
    checked = shuffled.reindex(mix.customers).to_numpy(dtype=np.float64, na_value=0.0)
    p_value = np.where(apart >= float(mix.rules.mix_distance_min), np.maximum(mix.p_value, checked), 1.0)
    change = mix.recent - mix.earlier
    is_told = p_value < _TOLD_BELOW
    places = np.flatnonzero(is_told)
    severity = np.where(apart[places] >= float(mix.rules.mix_distance_grave), "high", "medium")
    parts = []
    for code, group in (("mix_gain", change[places].argmax(axis=1)), ("mix_loss", change[places].argmin(axis=1))):
        name = mix.groups.to_numpy()[group]
        told = {
            "customer_id": mix.customers[places],
            "code": np.where(name == "", f"{code}_rest", code),
            "severity": severity,
            "measured": mix.recent[places, group],
            "usual": mix.earlier[places, group],
            "amount_local": np.rint(mix.recent_amount[places, group] * MONEY).astype(np.int64),
            "word": pd.Series(name, dtype="object").where(name != "", None).to_numpy(),
            "p_value": p_value[places],
        }
        parts.append(pd.DataFrame(told))
    rest = np.flatnonzero(~is_told)
    parts.append(pd.DataFrame({"customer_id": mix.customers[rest], "p_value": p_value[rest]}))
    found = pd.concat([part for part in parts if len(part)], ignore_index=True)
    return found.assign(subject=found["customer_id"], seen_on=mix.test_day)
