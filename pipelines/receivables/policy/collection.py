"""The collection curve: how money leaves the open items with the days overdue, by cause, with late entry; and how sure that is.

The estimator is Aalen and Johansen's (1978) for money as the subject: exits come before censoring at the same age, causes that tie
share one risk set, and nothing is drawn at random. Uncertainty comes from leaving out one customer at a time, since a customer's
invoices are not independent of each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

OPEN, CASH, LOSS, DILUTION, TRANSFERRED, ENTERED, ENTERED_DILUTION = range(7)
"""What can become of money at an age: the causes of `marts.exposure_tranche`, and coming under observation later than from the beginning."""

CHANNELS: Final = 7


@dataclass(frozen=True)
class Shares:
    """What has come of money per age in rising order along the last axis: cumulative fractions of 1; leading axes are samples of the same ages."""

    ages: Ints
    cash: Floats
    loss: Floats
    open_share: Floats


@dataclass(frozen=True)
class Curve(Shares):
    """An estimate: `at_risk` stands just before each age, the shares after it; all five of them sum to 1."""

    at_risk: Floats
    dilution: Floats
    transferred: Floats


def estimate(ages: Ints, moved: Floats, *, net: bool = False) -> Curve:
    """Estimate from what moves at each age.

    Args:
        ages: rising, in days.
        moved: weights by channel and age, shape (7, ..., ages); see `OPEN` and the names after it.
        net: leave dilution out, as if invoices had been smaller by their credits from the start.
    """
    gone = _gone(moved, net=net)
    at_risk = _at_risk(moved, gone, net=net)
    before, open_share = _open(at_risk, gone)
    cash, loss, dilution, transferred = (
        np.cumsum(before * left, axis=-1)
        for left in (moved[CASH], moved[LOSS], moved[DILUTION] * (not net), moved[TRANSFERRED])
    )
    return Curve(ages, cash, loss, open_share, at_risk, dilution, transferred)


def estimate_without_each(ages: Ints, moved: Floats, *, net: bool = False) -> Shares:
    """Estimate with each group in turn left out: samples along the first axis.

    Args:
        ages: as in `estimate`.
        moved: by channel, group and age, in whole numbers, so that nothing is left where a group was all there is.
        net: as in `estimate`.
    """
    leaving = _gone(moved, net=net)
    at_risk, gone, cash, loss = (
        part.sum(axis=0, keepdims=True) - part
        for part in (_at_risk(moved, leaving, net=net), leaving, moved[CASH], moved[LOSS])
    )
    before, open_share = _open(at_risk, gone)
    return Shares(ages, np.cumsum(before * cash, axis=-1), np.cumsum(before * loss, axis=-1), open_share)


def _gone(moved: Floats, *, net: bool) -> Floats:
    gone: Floats = moved[CASH] + moved[LOSS] + moved[TRANSFERRED]
    return gone if net else gone + moved[DILUTION]


def _at_risk(moved: Floats, gone: Floats, *, net: bool) -> Floats:
    """Who leaves at an age or later, less who comes under observation at that age or later."""
    flow = moved[OPEN] + gone
    flow -= moved[ENTERED]
    if net:
        flow += moved[ENTERED_DILUTION]
    return np.flip(np.cumsum(np.flip(flow, axis=-1), axis=-1), axis=-1)


def _open(at_risk: Floats, gone: Floats) -> tuple[Floats, Floats]:
    """What is open before each age per unit at risk, and what is after it."""
    per_risk: Floats = np.divide(1.0, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
    open_share = np.cumprod(1.0 - gone * per_risk, axis=-1)
    per_risk[..., 1:] *= open_share[..., :-1]
    return per_risk, open_share.astype(np.float64, copy=False)


@dataclass(frozen=True)
class Tranches:
    """Units of money as rows of `marts.exposure_tranche`: seen after `entry_age` (-1: from the beginning) until `exit_age`, leaving by `cause`.

    `group`: whose each is, numbered from 0 to below `groups`.
    """

    entry_age: Ints
    exit_age: Ints
    cause: Ints
    weight: Floats
    group: Ints
    groups: int

    def ages(self, also: Sequence[int] = ()) -> Ints:
        """Every age at which something moves, and others to be told of."""
        known = [np.asarray(also, dtype=np.int64), self.entry_age[self.entry_age >= 0], self.exit_age]
        found: Ints = np.unique(np.concatenate(known))
        return found

    def moved(self, ages: Ints) -> Floats:
        """Lay them out by channel, group and age, shape (7, groups, ages); what is never under observation is left out."""
        seen = self.entry_age < self.exit_age
        late = seen & (self.entry_age >= 0)
        channels = [
            (self.cause, seen, self.exit_age),
            (np.full_like(self.cause, ENTERED), late, self.entry_age),
            (np.full_like(self.cause, ENTERED_DILUTION), late & (self.cause == DILUTION), self.entry_age),
        ]
        moved = np.zeros((CHANNELS, self.groups, len(ages)))
        for channel, these, at in channels:
            place = np.searchsorted(ages, at[these])
            moved += _laid_out(channel[these], self.group[these], place, self.weight[these], moved.shape[1:])
        return moved


@dataclass(frozen=True)
class _Band:
    """What happens in bands of age: most at risk in each, and of what is open at its beginning the shares that leave in it, by cause along the first axis."""

    at_risk: Floats
    leaving: Floats


def _in_bands(curve: Curve, ends: Ints) -> _Band:
    until = np.searchsorted(curve.ages, ends, side="right")
    begin = np.concatenate([[0], until[:-1]])
    still = _from_nothing(curve.open_share, 1.0)[begin]
    per_open = np.divide(1.0, still, out=np.zeros_like(still), where=still > 0)
    left = (_from_nothing(share, 0.0) for share in (curve.cash, curve.loss, curve.dilution, curve.transferred))
    at_risk = _most(curve.at_risk, begin, until) * (still > 0)
    return _Band(at_risk, np.stack([(share[until] - share[begin]) * per_open for share in left]))


def _most(at_risk: Floats | Ints, begin: Ints, until: Ints) -> Floats:
    """The most at risk at any age of each band: money may come under observation after the band's first age. Of a band without an age that at the next one."""
    lasts = np.stack([begin, np.maximum(until, begin + 1)], axis=1).ravel()
    most: Floats = np.maximum.reduceat(np.append(at_risk.astype(np.float64), [0.0, 0.0]), lasts)[::2]
    return most


def drawn_to(own: Curve, whole: Curve, whole_customers: Ints, customers: float, ends: Ints) -> Curve:
    """Draw the curve of a part to that of the whole, the more the less stands behind it.

    In each band the share of the part that leaves is `(d + m h) / (Y + m)`: d of the Y at most at risk left of the part, h of the whole, and m
    is what so many average customers of the whole then have at risk. With nothing at risk it is the whole's, with m 0 its own.

    Args:
        own: the part's curve.
        whole: that of the whole.
        whole_customers: how many customers of the whole are at risk at each of its ages.
        customers: how many of them the whole counts for.
        ends: the last age of each band, rising; the first band begins before everything.
    """
    mine, others = _in_bands(own, ends), _in_bands(whole, ends)
    until = np.searchsorted(whole.ages, ends, side="right")
    weight = customers * others.at_risk / np.maximum(_most(whole_customers, np.append(0, until[:-1]), until), 1)
    together = mine.at_risk + weight
    leaving = np.divide(
        mine.at_risk * mine.leaving + weight * others.leaving,
        together,
        out=np.zeros_like(mine.leaving),
        where=together > 0,
    )
    open_share = np.cumprod(1.0 - leaving.sum(axis=0))
    before = _from_nothing(open_share, 1.0)[:-1]
    cash, loss, dilution, transferred = np.cumsum(before * leaving, axis=-1)
    return Curve(ends, cash, loss, open_share, mine.at_risk, dilution, transferred)


@dataclass(frozen=True)
class Success:
    """The chance that what is open after `overdue_days` brings cash by `until_days`, a question each along the last axis.

    `loss` is the chance of loss in the same time, `upper_bound` that of cash were all that is then still open to be paid. NaN
    beyond the last age told and where nothing is open.
    """

    overdue_days: Ints
    until_days: Ints
    p: Floats
    loss: Floats
    upper_bound: Floats


def conditional_success(shares: Shares, overdue_days: Ints, until_days: Ints, last_age: int) -> Success:
    """Read p(u, H) = (F(u + H) - F(u)) / S(u) off a curve; "ever" is asked for as until its last age."""
    u, v = (np.searchsorted(shares.ages, days, side="right") for days in (overdue_days, until_days))
    cash, loss = (_from_nothing(part, 0.0) for part in (shares.cash, shares.loss))
    still = _from_nothing(shares.open_share, 1.0)
    known = (until_days <= last_age) & (overdue_days <= last_age) & (still[..., u] > 0)
    per_open = np.divide(1.0, still[..., u], out=np.full_like(still[..., u], np.nan), where=known)
    collected, lost = (_grown(part, u, v) for part in (cash, loss))
    return Success(
        overdue_days,
        until_days,
        collected * per_open,
        lost * per_open,
        (collected + still[..., v]) * per_open,
    )


_ROUNDING: Final = 1e-12
"""Shares that are added up differ by less where nothing moved between two ages: as much as the order in which an engine adds."""


def _grown(share: Floats, begin: Ints, until: Ints) -> Floats:
    grown = share[..., until] - share[..., begin]
    return np.where(np.abs(grown) < _ROUNDING, 0.0, grown)


def _from_nothing(share: Floats, at_first: float) -> Floats:
    """Shares with what they are before the first age put in front."""
    return np.concatenate([np.full_like(share[..., :1], at_first), share], axis=-1)


@dataclass(frozen=True)
class Support:
    """Who stands behind each age of a curve: customers at risk, and the largest customer's share of what is at risk."""

    customers: Ints
    largest_share: Floats

    def reasons(self, min_customers: int, max_share: float) -> list[str | None]:
        """Why an age is not told, per age: `few_customers`, `one_customer`, or None where it is."""
        few, one = self.customers < min_customers, self.largest_share > max_share
        return ["few_customers" if f else "one_customer" if o else None for f, o in zip(few, one, strict=True)]

    def last_age(self, ages: Ints, min_customers: int) -> int | None:
        """The last age with customers enough; None where no age has."""
        enough = np.flatnonzero(self.customers >= min_customers)
        return int(ages[enough[-1]]) if len(enough) else None


@dataclass(frozen=True)
class Cells:
    """Weights of a segment by customer, channel and age: customers numbered from 0 in rising order, each from its last age to its first."""

    customer: Ints
    channel: Ints
    place: Ints
    weight: Floats
    customers: int
    ages: int

    def grouped(self, groups: int) -> Floats:
        """Lay the customers out in so many groups, or each alone where they are no more."""
        count = min(groups, self.customers)
        return _laid_out(self.channel, self.customer % count, self.place, self.weight, (count, self.ages))


def _laid_out(channel: Ints, whose: Ints, place: Ints, weight: Floats, shape: tuple[int, ...]) -> Floats:
    size = CHANNELS * shape[0] * shape[1]
    flat: Floats = np.bincount((channel * shape[0] + whose) * shape[1] + place, weight, size).astype(np.float64)
    return flat.reshape(CHANNELS, *shape)


def support(customers: Ints, grouped: Floats, *, net: bool = False) -> Support:
    """Say who is at risk at each age, and the largest share that one customer has of it.

    Args:
        customers: how many have anything at risk, by `customers_at_risk`.
        grouped: the customers laid out in groups; where these are fewer the share is that of a group, which is no less.
        net: as in `estimate`.
    """
    at_risk = _at_risk(grouped, _gone(grouped, net=net), net=net)
    total = at_risk.sum(axis=0)
    share: Floats = np.divide(at_risk.max(axis=0), total, out=np.zeros_like(total), where=total > 0)
    return Support(customers, share)


def customers_at_risk(cells: Cells, *, net: bool = False) -> Ints:
    """Count the customers of whom anything is at risk at each age: between two ages at which something of one moves nothing of it changes.

    Args:
        cells: each weighing more than nothing.
        net: as in `estimate`.
    """
    sign = np.ones(CHANNELS)
    sign[ENTERED] = -1
    sign[ENTERED_DILUTION] = 1 if net else 0
    sign[DILUTION] = 0 if net else 1
    customer, place = cells.customer, cells.place
    flow = np.cumsum(sign[cells.channel] * cells.weight)
    is_last = np.append(customer[1:] != customer[:-1], [True] * (len(customer) > 0))
    before = np.concatenate([[0.0], flow[is_last][:-1]]) if len(flow) else flow
    held = flow - np.repeat(before, np.diff(np.concatenate([[-1], np.flatnonzero(is_last)])))
    first = np.where(is_last, 0, np.append(place[1:] + 1, [0] * (len(place) > 0)))
    counts = (held > 0) & (first <= place)
    change = np.zeros(cells.ages + 1, dtype=np.int64)
    np.add.at(change, first[counts], 1)
    np.add.at(change, place[counts] + 1, -1)
    return np.cumsum(change)[:-1]
