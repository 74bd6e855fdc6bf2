"""Expected cash: when what is open will bring money, from how such money came before.

Money is followed by its delay, days after the original due date, negative before it; what is seen late enters late. The rate at
which it leaves at a delay is the payer's own, drawn to that of its segment, which is drawn to the company's. Money comes on
paying days only: what came on a Monday was ready on Saturday, Sunday or Monday, so each of them holds a third of it, and what
becomes ready on a day comes on the next paying day. A forecast knows what had been told by its day and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Flags = npt.NDArray[np.bool_]

CASH: Final = 1
"""The cause of `marts.payment_tranche` that is money received."""

_AT_ONCE: Final = 2_000_000
"""Numbers laid out at once; more would only take memory."""


@dataclass(frozen=True)
class Book:
    """Units of money as rows, in the order of their payers; days are counted from 1970-01-01.

    A payer is a customer with what it owes in one segment. `seen_after`: its money is seen open after that day. `told_on` and
    `exit_told_on`: when the debt and what became of it were told. `exit_day` of what is still open is the last day told.
    """

    payer: Ints
    due: Ints
    doc_date: Ints
    counts_from: Ints
    seen_after: Ints
    told_on: Ints
    exit_day: Ints
    exit_told_on: Ints
    cause: Ints
    amount: Floats
    count: Ints

    def rows(self, these: Flags) -> Book:
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[these] for name in self.__dataclass_fields__})


@dataclass(frozen=True)
class Payers:
    """Whose money it is, by payer in rising order of company, customer and segment."""

    company: Ints
    customer: Ints
    segment: Ints

    @property
    def companies(self) -> int:
        """How many companies there are."""
        return int(self.company[-1]) + 1 if len(self.company) else 0

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return int(self.customer[-1]) + 1 if len(self.customer) else 0

    def company_of_customer(self) -> Ints:
        """The company of each customer."""
        found = np.zeros(self.customers, dtype=np.int64)
        found[self.customer] = self.company
        return found

    def company_of_segment(self) -> Ints:
        """The company of each segment."""
        found = np.zeros(int(self.segment.max()) + 1 if len(self.segment) else 0, dtype=np.int64)
        found[self.segment] = self.company
        return found


def known(book: Book, day: int, *, as_told: bool) -> Book:
    """The book at the end of a day: later debts are not in it, what left later is open.

    Args:
        book: all that is known now.
        day: the day.
        as_told: only what had been told by then counts, whatever its own date.
    """
    told = book.counts_from <= day
    left = (book.cause > 0) & (book.exit_day <= day)
    if as_told:
        told &= book.told_on <= day
        left &= book.exit_told_on <= day
    then = replace(book, cause=np.where(left, book.cause, 0), exit_day=np.where(left, book.exit_day, day))
    return then.rows(told)


@dataclass(frozen=True)
class Habits:
    """Money under observation: seen after `entry` until `exit` (delays in days), when it left or was seen last."""

    payer: Ints
    entry: Ints
    exit: Ints
    weight: Floats
    has_left: Flags
    is_cash: Flags


def habits(then: Book, window_from: int, last_before: Callable[[Ints, Ints], Ints]) -> Habits:
    """What the months looked at say of when money leaves.

    Args:
        then: the book as known at a day.
        window_from: the first day looked at.
        last_before: the last paying day of a payer at or before a day.
    """
    after = np.where(then.doc_date < window_from, np.maximum(then.seen_after, window_from), then.seen_after)
    seen = after < then.exit_day
    then, after = then.rows(seen), after[seen]
    has_left = then.cause > 0
    is_paying = last_before(then.payer, then.exit_day) == then.exit_day
    waited = then.exit_day - last_before(then.payer, then.exit_day - 1)
    days = np.where(has_left & is_paying, np.minimum(waited, then.exit_day - after), 1)
    from_row = np.repeat(np.arange(len(days)), days)
    back = np.arange(len(from_row)) - np.repeat(np.cumsum(days) - days, days)
    return Habits(
        payer=then.payer[from_row],
        entry=(after - then.due)[from_row],
        exit=(then.exit_day - then.due)[from_row] - back,
        weight=(then.amount / days)[from_row],
        has_left=has_left[from_row],
        is_cash=(then.cause == CASH)[from_row],
    )


@dataclass(frozen=True)
class Open:
    """What is open at a day, by payer and due day."""

    payer: Ints
    due: Ints
    amount: Floats


def still_open(then: Book) -> Open:
    """What of the book is open."""
    these = then.rows(then.cause == 0)
    shift = int(these.due.min()) if len(these.due) else 0
    span = int(these.due.max()) - shift + 1 if len(these.due) else 1
    keys, place = np.unique(these.payer * span + these.due - shift, return_inverse=True)
    amount = np.bincount(place, these.amount, len(keys)).astype(np.float64)
    return Open(keys // span, keys % span + shift, amount)


@dataclass(frozen=True)
class Chances:
    """Per row of what is open and period: the chance of cash in it, and of being open after it."""

    cash: Floats
    still: Floats


@dataclass(frozen=True)
class Periods:
    """Per row of what is open, the last paying day by which it has not come, and the last one of each period after it."""

    start: Ints
    ends: Ints


def chances(seen: Habits, owed: Open, payers: Payers, when: Periods, shrinkage_customers: float) -> Chances:
    """The chances of what is open.

    Args:
        seen: how money left before.
        owed: what is open.
        payers: whose it is.
        when: the periods asked for.
        shrinkage_customers: how many average customers' money a payer's own rates are drawn to its segment's by.
    """
    cash, still = np.zeros(when.ends.shape), np.ones(when.ends.shape)
    left_at = seen.exit[seen.has_left]
    if not len(owed.payer) or not len(left_at):
        return Chances(cash, still)
    age, reach = when.start - owed.due, when.ends - when.start[:, None]
    lower = max(int(age.min()) + 1, int(left_at.min()))
    upper = max(min(int(age.max()) + max(int(reach.max()), 1), int(left_at.max())), lower)
    rates = _Rates(seen, payers, lower, upper - lower + 1, shrinkage_customers)
    asked, row = np.unique(owed.payer, return_inverse=True)
    by_payer = np.searchsorted(row, np.arange(len(asked) + 1))  # rows stand in the order of payers
    step = max(_AT_ONCE // rates.width, 1)
    since = np.clip(age + 1 - lower, 0, rates.width)
    until = np.clip(age[:, None] + reach + 1 - lower, 0, rates.width)
    for first in range(0, len(asked), step):
        gone, paid = rates.of(asked[first : first + step])
        rows = slice(by_payer[first], by_payer[first + len(gone)])
        cash[rows], still[rows] = _followed(gone, paid, row[rows] - first, since[rows], until[rows])
    return Chances(cash, still)


_HARDLY_ANY: Final = 1e-4
"""Of what was ever owed, the share so long overdue that dividing by it would cost figures: what is older is followed on its own, day by day."""


def _followed(gone: Floats, paid: Floats, payer: Ints, since: Ints, until: Ints) -> tuple[Floats, Floats]:
    """The cash of rows in each of their periods, and what is open after it, from the rates of their payers and the places where a row and its periods begin and end."""
    still, cash = _since_first(gone, paid)
    left = still[payer, since]
    is_few = left < _HARDLY_ANY
    left = np.where(is_few, 1.0, left)
    came = (cash[payer[:, None], until] - cash[payer, since][:, None]) / left[:, None]
    after = still[payer[:, None], until] / left[:, None]
    for at in np.flatnonzero(is_few).tolist():
        days = slice(since[at], until[at, -1])
        alone = _since_first(gone[payer[at] : payer[at] + 1, days], paid[payer[at] : payer[at] + 1, days])
        after[at], came[at] = (line[0, until[at] - since[at]] for line in alone)
    return np.diff(came, axis=1, prepend=0.0), after


def _since_first(gone: Floats, paid: Floats) -> tuple[Floats, Floats]:
    """What is open, and what has come in cash, of money that is open before the first of days, before each of them and after the last."""
    before = np.zeros((len(gone), 1))
    still = np.concatenate([before + 1.0, np.cumprod(1.0 - gone, axis=1)], axis=1)
    return still, np.concatenate([before, np.cumsum(still[:, :-1] * paid, axis=1)], axis=1)


class _Rates:
    """The rates at which money leaves at each delay, for any payer."""

    def __init__(self, seen: Habits, payers: Payers, lower: int, width: int, shrinkage_customers: float) -> None:
        self.seen, self.payers, self.lower, self.width = seen, payers, lower, width
        company_of, segment_of = payers.company[seen.payer], payers.segment[seen.payer]
        at_risk, gone, paid = self._moved(slice(None), company_of, payers.companies)
        is_seen = np.bincount(payers.customer[seen.payer], minlength=payers.customers) > 0
        customers = np.bincount(payers.company_of_customer()[is_seen], minlength=payers.companies)
        self.weight = shrinkage_customers * at_risk / np.maximum(customers, 1)[:, None]
        self.company = _rate(gone, at_risk), _rate(paid, at_risk)
        of = payers.company_of_segment()
        at_risk, gone, paid = self._moved(slice(None), segment_of, len(of))
        weight = self.weight[of]
        self.segment = tuple(
            _rate(moved + weight * above[of], at_risk + weight)
            for moved, above in zip((gone, paid), self.company, strict=True)
        )

    def of(self, some: Ints) -> tuple[Floats, Floats]:
        """The rates of all that leaves and of cash, for payers in rising order."""
        begin, end = np.searchsorted(self.seen.payer, (some[0], some[-1] + 1))
        place = np.searchsorted(some, self.seen.payer[begin:end])
        asked = some[np.minimum(place, len(some) - 1)] == self.seen.payer[begin:end]
        at_risk, gone, paid = self._moved(slice(begin, end), np.where(asked, place, len(some)), len(some) + 1)
        company, segment = self.payers.company[some], self.payers.segment[some]
        weight = self.weight[company]
        both = []
        for moved, above in zip((gone, paid), self.segment, strict=True):
            both.append(_rate(moved[:-1] + weight * above[segment], at_risk[:-1] + weight))
        return both[0], both[1]

    def _moved(self, rows: slice, whose: Ints, size: int) -> tuple[Floats, Floats, Floats]:
        """What is at risk at each delay, what of it leaves, and what of that is cash."""
        entry, leave, weight = self.seen.entry[rows], self.seen.exit[rows], self.seen.weight[rows]
        flow = np.zeros((size, self.width + 1))
        for place, sign in ((entry, 1.0), (leave, -1.0)):
            at = np.clip(place + 1 - self.lower, 0, self.width)
            flow += sign * _summed(whose, at, weight, flow.shape)
        inside = self.seen.has_left[rows] & (leave >= self.lower) & (leave < self.lower + self.width)
        paid = inside & self.seen.is_cash[rows]
        gone, cash = (
            _summed(whose[these], leave[these] - self.lower, weight[these], (size, self.width))
            for these in (inside, paid)
        )
        at_risk = np.maximum(np.cumsum(flow, axis=1)[:, : self.width], 0.0)
        return at_risk, gone, cash


def _summed(whose: Ints, at: Ints, weight: Floats, shape: tuple[int, int]) -> Floats:
    flat: Floats = np.bincount(whose * shape[1] + at, weight, shape[0] * shape[1]).astype(np.float64)
    return flat.reshape(shape)


_NOTHING: Final = 1e-5
"""Money below the ledger's last decimal is what subtraction left of none."""


def _rate(moved: Floats, at_risk: Floats) -> Floats:
    rate = np.divide(moved, at_risk, out=np.zeros_like(moved), where=at_risk > _NOTHING)
    return np.minimum(rate, 1.0)


def variance(owed: Open, found: Chances, payers: Payers) -> Floats:
    """The variance of the cash of each company and period, were all that a customer owes to come or stay away together.

    Money of one customer varies more than its invoices would alone.
    """
    whose, company = payers.customer[owed.payer], payers.company_of_customer()
    sums = np.zeros((payers.companies, found.cash.shape[1]))
    for period, chance in enumerate(found.cash.T):
        spread = owed.amount * np.sqrt(np.clip(chance * (1 - chance), 0, None))
        of_customer = np.bincount(whose, spread, payers.customers)
        sums[:, period] = np.bincount(company, np.square(of_customer), payers.companies)
    return sums


def by_company(owed: Open, share: Floats, payers: Payers, these: Flags | None = None) -> Floats:
    """What is open times a share of it per period, by company and period; of some rows only."""
    amount = owed.amount if these is None else owed.amount * these
    company = payers.company[owed.payer]
    return np.stack([np.bincount(company, amount * part, payers.companies) for part in share.T], axis=1)


def came(book: Book, payers: Payers, day: int, weeks: int, *, of_open: bool, as_told: bool) -> Floats:
    """The cash that came in each week after a day, by company.

    Args:
        book: all that is known now.
        payers: whose it is.
        day: the day before the first week.
        weeks: how many.
        of_open: only from what was known as open on the day.
        as_told: what had been told by the day decides what was open.
    """
    week = (book.exit_day - day - 1) // 7
    these = (book.cause == CASH) & (book.exit_day > day) & (week < weeks)
    if of_open:
        these &= book.counts_from <= day
        if as_told:
            these &= book.told_on <= day
    company = payers.company[book.payer[these]]
    return _summed(company, week[these], book.amount[these], (payers.companies, weeks))


def at_median_delay(then: Book, owed: Open, payers: Payers, day: int, weeks: int) -> Floats:
    """The forecast were every customer to pay at its median delay so far (of invoices, whatever they amount to), by company and week.

    A customer that never paid is taken at the company's median; what should have come by now comes in the first week.
    """
    paid = then.rows(then.cause == CASH)
    delay = paid.exit_day - paid.due
    of_company = _medians(payers.company[paid.payer], delay, paid.count, payers.companies)
    of_customer = _medians(payers.customer[paid.payer], delay, paid.count, payers.customers)
    usual = of_customer[payers.customer[owed.payer]]
    company = payers.company[owed.payer]
    usual = np.where(np.isnan(usual), of_company[company], usual)
    told = ~np.isnan(usual)
    comes = np.maximum(owed.due[told] + usual[told].astype(np.int64), day + 1)
    week = (comes - day - 1) // 7
    near = week < weeks
    return _summed(company[told][near], week[near], owed.amount[told][near], (payers.companies, weeks))


def _medians(whose: Ints, delay: Ints, count: Ints, size: int) -> Floats:
    """The lower median delay of each, NaN of those without one."""
    least, most = (int(delay.min()), int(delay.max())) if len(delay) else (0, 0)
    order = np.argsort(whose * (most - least + 1) + delay - least)  # one key sorts in a third of the time of two
    whose, delay, count = whose[order], delay[order], count[order]
    total = np.bincount(whose, count, size)
    until = np.cumsum(count)
    before = np.concatenate([[0.0], np.cumsum(total)])[:-1]
    medians = np.full(size, np.nan)
    has = total > 0
    medians[has] = delay[np.searchsorted(until, before[has] + total[has] / 2)]
    return medians
