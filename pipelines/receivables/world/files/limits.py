"""How much credit each account was given, by whom and why: reviews, cuts and blocks, each from what was known that day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from receivables.world.customers import TERMS, CustomerType
from receivables.world.draws import NONE, Flags, Ints, below, next_weekday, running_before, sum_by
from receivables.world.files.events import events, stopped
from receivables.world.files.facts import (
    YEAR,
    carriers,
    carries,
    chance,
    drawing,
    entered,
    planned_purchases,
)
from receivables.world.files.vocabulary import DECIDERS, HOME_LANGUAGE, LIMIT_REASONS
from receivables.world.ids import customer_ids
from receivables.world.ledger import Ledger
from receivables.world.outcomes import HABITUAL_DAYS
from receivables.world.plants import PlantKind
from receivables.world.records import CURRENCIES, Kind, State, stack, take
from receivables.world.tables import Later, Table, empty
from receivables.world.text import Text, days, decimals, only, padded, quoted, words

ROUND: Final = 10_000
"""Limits are whole hundreds; in cents."""

LEAST_LIMIT: Final = 50_000
RESERVE_PCT: Final = 120
LARGEST_PCT: Final = 130
LATE_GRADE: Final = 2
LATEST: Final = 60
"""Days late that a limit makes room for."""

ENOUGH_HISTORY: Final = 90
MONTH_END_DAYS: Final = 15
CLASSES: Final = ("A", "B", "C", "D", "E")
CLASS_EDGES: Final = (6, 15, 35)
"""Mean days late up to which an account is in the first classes; E is blocked."""

CLASS_PCT: Final = (100, 100, 90, 75)
OPENED, REVIEWED, REVIEWED_LATE, CUT, DEFAULTED, FAILED = range(6)
CUT_PCT: Final = {CustomerType.HARDSHIP: 85, CustomerType.CHAIN_DEBT: 50}
"""How many in trouble have their limit cut before the next review."""

CUT_AFTER: Final = 60
STOPPED_AFTER: Final = 75
USED_UP_PCT: Final = 97
"""How much of the limit those planted to buy up to it use at the most."""

SHARED_SIZE: Final = 3
CUSTOMERS_PER_SHARED: Final = 60


@dataclass(frozen=True)
class Decisions:
    """One element per decision on an account, in the order of accounts and days; amounts in cents, accounts beyond the customers are shared."""

    account: Ints
    day: Ints
    amount: Ints
    grade: Ints
    reason: Ints


def shared_accounts(ledger: Ledger) -> Ints:
    """Number the account that some customers share with others of their group, country and currency; `NONE`: its own."""
    customers, size = ledger.customers, ledger.spec.customers
    alike = (customers.type <= CustomerType.SLOW) & (customers.first_day == ledger.spec.start_day)
    alike &= ~carries(ledger) & (customers.end_day >= ledger.spec.as_of_day)
    alike[events(ledger).customer] = False
    found = np.full(size, NONE, dtype=np.int64)
    number, wanted = 0, max(1, size // CUSTOMERS_PER_SHARED)
    rows = np.flatnonzero(alike)
    family = customers.territory[rows] * 16 + customers.group[rows]
    for code in np.unique(family).tolist():
        members = rows[family == code]
        # at most a few of each family, so that shared accounts are found everywhere
        for start in range(0, min(len(members), SHARED_SIZE * (1 + wanted // 8)) - SHARED_SIZE + 1, SHARED_SIZE):
            if number < wanted:
                found[members[start : start + SHARED_SIZE]] = number
                number += 1
    return found


def credit_account(ledger: Ledger) -> Text:
    """Name the credit account that a customer shares; empty where it has its own."""
    shared = shared_accounts(ledger)
    return only(padded("GA-", shared + 1, 4), shared != NONE)


@dataclass(frozen=True)
class _Reviews:
    """One row per customer, one column per yearly review: the day, and the limit (cents) and class that what was known then leads to."""

    day: Ints
    amount: Ints
    grade: Ints

    def last(self, customer: Ints, day: Ints) -> Ints:
        """Find the last review of a customer until a day; the first if there was none."""
        passed = (day - self.day[customer, 0]) // YEAR
        number: Ints = np.clip(passed, 0, self.day.shape[1] - 1)
        return number


def _reviews(ledger: Ledger) -> _Reviews:
    """Review every customer each year: monthly purchases times the months they stay open, and a reserve."""
    spec, customers = ledger.spec, ledger.customers
    known = ledger.customers.since_day
    first = known + YEAR * (np.maximum(spec.start_day - known, 0) // YEAR)
    count = (spec.as_of_day - spec.start_day) // YEAR + 2
    day = first[:, np.newaxis] + YEAR * np.arange(count, dtype=np.int64)
    monthly, late = _monthly_purchases(ledger, day), _usual_lateness(ledger, day)
    term = np.array([t.days[-1] + MONTH_END_DAYS * t.from_month_end for t in TERMS] + [HABITUAL_DAYS], dtype=np.int64)
    exposure = monthly * (term[customers.terms][:, np.newaxis] + late) // 30 * RESERVE_PCT // 100
    grade = np.searchsorted(np.array(CLASS_EDGES, dtype=np.int64), late, side="right").astype(np.int64)
    # a sound customer can at least place its largest order again
    exposure = np.where(grade < LATE_GRADE, np.maximum(exposure, _largest(ledger, day) * LARGEST_PCT // 100), exposure)
    amount = exposure * np.array(CLASS_PCT, dtype=np.int64)[grade] // 100
    return _Reviews(day, np.maximum((amount + ROUND // 2) // ROUND * ROUND, LEAST_LIMIT), grade)


def _invoiced(ledger: Ledger, day: Ints) -> tuple[Ints, Ints]:
    """Say of every standing invoice before which review it was written (counted through all customers), and its cents."""
    documents, count = ledger.documents, day.shape[1]
    rows = np.flatnonzero((documents.kind == Kind.INVOICE) & (documents.state == State.POSTED))
    customer = documents.customer[rows]
    return customer * count + (documents.doc_day[rows] - day[customer, 0]) // YEAR, documents.amount[rows]


def _largest(ledger: Ledger, day: Ints) -> Ints:
    """Find the largest invoice of the year before each review."""
    year, amount = _invoiced(ledger, day)
    largest = np.zeros(day.size, dtype=np.int64)
    np.maximum.at(largest, year, amount)
    first = np.zeros((len(day), 1), dtype=np.int64)
    return np.hstack([first, largest.reshape(day.shape)[:, :-1]])


def _monthly_purchases(ledger: Ledger, day: Ints) -> Ints:
    """Average what was invoiced in the year before each review; before there is history enough, what was planned."""
    spec, size = ledger.spec, len(day)
    year, amount = _invoiced(ledger, day)
    bought = sum_by(year, amount, day.size).reshape(day.shape)
    begins = np.maximum(day, np.maximum(ledger.customers.first_day, spec.start_day)[:, np.newaxis])
    seen = day + YEAR - begins
    found = np.where(seen >= ENOUGH_HISTORY, bought * 30 // np.maximum(seen, 1), NONE)
    planned = np.broadcast_to(planned_purchases(ledger)[:, np.newaxis] // 12, (size, 1))
    before = np.hstack([planned, found[:, :-1]])
    return np.where(before == NONE, planned, before)


def _usual_lateness(ledger: Ledger, day: Ints) -> Ints:
    """Average the days late of what fell due in the year before each review, as far as that had shown by then."""
    ends, documents, inst = ledger.outcomes, ledger.documents, ledger.instalments
    size, count = day.shape
    doc = inst.doc[: len(ends.due_day)]
    rows = np.flatnonzero(documents.state[doc] == State.POSTED)
    customer, due, end = documents.customer[doc[rows]], ends.due_day[rows], ends.end_day[rows]
    year = (due - day[customer, 0]) // YEAR
    inside = np.flatnonzero((year >= 0) & (year < count))
    customer, due, end, year = customer[inside], due[inside], end[inside], year[inside]
    review = day[customer, 0] + YEAR * (year + 1)
    late = np.clip(np.where((end == NONE) | (end > review), review, end) - due, 0, LATEST)
    key = customer * count + year
    total = sum_by(key, late, size * count) // np.maximum(np.bincount(key, minlength=size * count), 1)
    mean: Ints = total.reshape(size, count)
    return np.hstack([np.zeros((size, 1), dtype=np.int64), mean[:, :-1]])


def decisions(ledger: Ledger) -> Decisions:
    """List all decisions on limits: the reviews, the cuts in trouble, and the blocks, after which there is nothing to decide."""
    reviews = _reviews(ledger)
    made = stack(_reviewed(ledger, reviews), _shared(ledger, reviews), _cuts(ledger, reviews), *_blocks(ledger))
    made = take(made, np.lexsort((made.reason, made.day, made.account)))
    # one decision a day, the gravest; only then is it plain which come after a block
    made = take(made, np.append((np.diff(made.account) != 0) | (np.diff(made.day) != 0), True))
    earlier = running_before((made.reason >= DEFAULTED).astype(np.int64), made.account)
    return _used_up(ledger, take(made, (earlier == 0) & (made.day <= ledger.spec.as_of_day)))


def _reviewed(ledger: Ledger, reviews: _Reviews) -> Decisions:
    """Decide each year on the accounts that are not shared, as long as the customer buys."""
    own = np.broadcast_to((shared_accounts(ledger) == NONE)[:, np.newaxis], reviews.day.shape)
    buys = reviews.day <= (ledger.customers.end_day + ENOUGH_HISTORY)[:, np.newaxis]
    customer, number = np.nonzero(own & buys)
    return _by_review(ledger, reviews, customer, number)


def _by_review(ledger: Ledger, reviews: _Reviews, customer: Ints, number: Ints) -> Decisions:
    day, grade = reviews.day[customer, number], reviews.grade[customer, number]
    new = (number == 0) & (ledger.customers.since_day[customer] == day)
    reason = np.where(new, OPENED, np.where(grade >= LATE_GRADE, REVIEWED_LATE, REVIEWED))
    return Decisions(customer, day, reviews.amount[customer, number], grade, reason)


def _shared(ledger: Ledger, reviews: _Reviews) -> Decisions:
    """Decide on shared accounts when their first member is reviewed, on what is known of all members by then."""
    shared, size = shared_accounts(ledger), ledger.spec.customers
    member = np.flatnonzero(shared != NONE)
    number, count = shared[member], reviews.day.shape[1]
    leader = member[np.unique(number, return_index=True)[1]]
    day = reviews.day[leader]
    amount, grade = np.zeros_like(day), np.zeros_like(day)
    for column in range(count):
        known = reviews.last(member, day[number, column])
        amount[:, column] = sum_by(number, reviews.amount[member, known], len(leader))
        np.maximum.at(grade[:, column], number, reviews.grade[member, known])
    account = size + np.repeat(np.arange(len(leader), dtype=np.int64), count)
    reason = np.where(grade >= LATE_GRADE, REVIEWED_LATE, REVIEWED)
    return Decisions(account, day.ravel(), amount.ravel(), grade.ravel(), reason.ravel())


def _cuts(ledger: Ledger, reviews: _Reviews) -> Decisions:
    """Cut the limits of customers in trouble, some months after it began."""
    customers, rng, size = ledger.customers, drawing(ledger, "limit cuts"), ledger.spec.customers
    share = np.array([CUT_PCT.get(t, 0) for t in CustomerType], dtype=np.int64)[customers.type]
    day = np.maximum(customers.turn_day, customers.first_day) + CUT_AFTER + below(rng, 120, size)
    left = 30 + below(rng, 31, size)
    rows = np.flatnonzero(chance(rng, share, size) & (customers.turn_day != NONE) & (day <= customers.end_day))
    before = reviews.amount[rows, reviews.last(rows, day[rows])]
    amount = np.maximum(before * left[rows] // 100 // ROUND * ROUND, ROUND)
    return Decisions(rows, next_weekday(day[rows]), amount, np.full(len(rows), 3), np.full(len(rows), CUT))


def _blocks(ledger: Ledger) -> list[Decisions]:
    """Stop supply to those that do not pay what they bought last, and to the failed and closed."""
    customers, rng, size = ledger.customers, drawing(ledger, "limit blocks"), ledger.spec.customers
    unpaid = np.maximum(customers.turn_day, customers.first_day) + STOPPED_AFTER + below(rng, 75, size)
    unpaid = np.where(customers.type == CustomerType.MALICIOUS, unpaid, NONE)
    failed = stopped(ledger, events(ledger))
    failed = np.where(failed == NONE, NONE, failed + 1 + below(rng, 4, size))
    return [_blocked(day, reason) for day, reason in ((unpaid, DEFAULTED), (failed, FAILED))]


def _blocked(day: Ints, reason: int) -> Decisions:
    rows = np.flatnonzero(day != NONE)
    size = len(rows)
    return Decisions(
        rows,
        day[rows],
        np.zeros(size, dtype=np.int64),
        np.full(size, len(CLASSES) - 1, dtype=np.int64),
        np.full(size, reason, dtype=np.int64),
    )


def _used_up(ledger: Ledger, made: Decisions) -> Decisions:
    """Let the limit in force of those planted to buy up to it be what their open invoices then nearly reach, and stay so long."""
    amount, kept = made.amount.copy(), np.ones(len(made.day), dtype=np.bool_)
    peaks = peak_open(ledger)
    for plant in ledger.plants.of(PlantKind.UP_TO_LIMIT):
        of = made.account == plant.customer
        kept &= ~(of & (made.day > plant.day) & (made.day <= plant.until))
        in_force = np.flatnonzero(of & (made.day <= plant.day))[-1:]
        amount[in_force] = -(-peaks[plant.customer] * 100 // USED_UP_PCT // ROUND) * ROUND
    columns = (made.account, made.day, amount, made.grade, made.reason)
    return Decisions(*(column[kept] for column in columns))


def peak_open(ledger: Ledger) -> dict[int, int]:
    """Find the most that the invoices of each customer planted to buy up to its limit leave open on a day of the plant, in cents."""
    documents, inst, alloc = ledger.documents, ledger.instalments, ledger.allocations
    carrier = list(carriers(ledger, PlantKind.UP_TO_LIMIT))
    counts = np.isin(documents.customer, carrier) & (documents.kind == Kind.INVOICE)
    counts &= documents.state == State.POSTED
    doc = np.flatnonzero(counts)
    use = np.flatnonzero(counts[inst.doc[alloc.inst]])
    payer = documents.customer[inst.doc[alloc.inst[use]]]
    peaks = {}
    for plant in ledger.plants.of(PlantKind.UP_TO_LIMIT):
        own, paid = doc[documents.customer[doc] == plant.customer], use[payer == plant.customer]
        peaks[plant.customer] = max(
            int(documents.amount[own[documents.post_day[own] <= day]].sum())
            - int(alloc.cleared[paid[_in_force(alloc.day[paid], alloc.void_day[paid], day)]].sum())
            for day in range(plant.day, plant.until + 1)
        )
    return peaks


def _in_force(begins: Ints, ends: Ints, day: int) -> Flags:
    held: Flags = (begins <= day) & ((ends == NONE) | (ends > day))
    return held


def credit_limit_table(ledger: Ledger) -> Iterator[Table]:
    """Write the limits: one ends the day before the next begins, and is told to end when that is decided."""
    made, size = decisions(ledger), ledger.spec.customers
    rows = len(made.day)
    shared = shared_accounts(ledger)
    member = np.flatnonzero(shared != NONE)
    leader = member[np.unique(shared[member], return_index=True)[1]]
    owner = np.concatenate([np.arange(size, dtype=np.int64), leader])[made.account]
    ids = pa.concat_arrays(
        [customer_ids(np.arange(size, dtype=np.int64)), padded("GA-", 1 + np.arange(len(leader), dtype=np.int64), 4)]
    )
    following = np.append(np.where(made.account[1:] == made.account[:-1], made.day[1:], NONE), NONE)[:rows]
    home = np.full(rows, HOME_LANGUAGE[ledger.spec.home], dtype=np.int64)
    rank = ledger.customers.rank[owner]
    decider = np.where(made.reason >= CUT, 2, np.where(rank < size // 20, 0, np.where(rank < size // 4, 1, 2)))
    blocked = made.reason >= DEFAULTED
    columns = {
        "credit_account_id": ids.take(pa.array(made.account)),
        "valid_from": days(made.day),
        "valid_to": days(np.where(following == NONE, NONE, following - 1)),
        "limit_amount": decimals(made.amount, 2),
        "currency": words(list(CURRENCIES), ledger.customers.currency[owner]),
        "risk_class": words(list(CLASSES), made.grade),
        "blocked": words(["false", "true"], blocked.astype(np.int64)),
        "decided_by": DECIDERS.say(home, decider),
        "reason": quoted(LIMIT_REASONS.say(home, made.reason)),
    }
    yield Table(
        columns,
        entered(ledger, made.day),
        {"valid_to": Later(np.where(following == NONE, NONE, entered(ledger, following)), empty(rows))},
    )
