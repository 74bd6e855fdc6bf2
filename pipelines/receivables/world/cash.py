"""How and when customers pay: each instalment's payments, before they are gathered into receipts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.bands import Cause
from receivables.world.credits import Credits
from receivables.world.customers import Customers
from receivables.world.dials import Spec
from receivables.world.draws import NONE, Flags, Ints, below, convert, next_weekday, pick, stream, sum_by
from receivables.world.outcomes import Outcomes
from receivables.world.rates import Rates
from receivables.world.records import LEDGER_CURRENCY, Documents, Instalments, Legs, State, Tag, stack

LONGEST_WAIT: Final = 12
"""Days for which money lies unapplied at most; it is applied late only where that makes nobody late who was not."""

LONG_OVERDUE: Final = 30
SLOW_DAYS: Final = 10
"""Who is later than this may pay a part first."""


@dataclass(frozen=True)
class Book:
    """What there is to pay: the invoices, their instalments and the credits against them."""

    customers: Customers
    invoices: Documents
    instalments: Instalments
    credits: Credits
    outcomes: Outcomes


@dataclass(frozen=True)
class _Plan:
    """One element per instalment: what is due in cash, the day that ends it (`NONE`: no cash does) and what kind of payment it is."""

    target: Ints
    day: Ints
    tag: Ints


def draw_legs(spec: Spec, book: Book, rates: Rates) -> Legs:
    """Draw every payment of every instalment up to the as-of date."""
    plan = _plan(spec, book)
    parts = _part_legs(spec, book, plan)
    legs = stack(parts, _last_legs(spec, book, plan, parts))
    return _applied_later(spec, book, _across_currencies(legs, rates))


def _plan(spec: Spec, book: Book) -> _Plan:
    rng = stream(spec.seed, "pay days")
    inst, outcomes = book.instalments, book.outcomes
    doc_day = book.invoices.doc_day[inst.doc]
    credited, credit_day = book.credits.on_instalments(len(inst))
    # a customer who waits for a credit note pays the rest after it has come
    paid = outcomes.cause == Cause.CASH
    day = np.where(paid, np.maximum(outcomes.end_day, next_weekday(credit_day + 1)), NONE)
    tag = _tags(spec, book, credited)
    early = next_weekday(doc_day + 3 + below(rng, 5, len(inst)))
    advance = next_weekday(doc_day - 25 + below(rng, 20, len(inst)))
    day = np.select([tag == Tag.DISCOUNT, tag == Tag.PREPAID], [early, advance], default=day)
    return _Plan(inst.amount - credited, day, tag)


def _tags(spec: Spec, book: Book, credited: Ints) -> Ints:
    """Decide which instalments are paid in an unusual way; each in one way at most.

    Discounts and advance payments come from those who would have paid in time, so that neither changes how late the whole is.
    """
    rng, dials = stream(spec.seed, "pay kinds"), spec.dials
    inst, outcomes = book.instalments, book.outcomes
    tag = np.full(len(inst), Tag.FULL, dtype=np.int64)
    posted = book.invoices.state[inst.doc] == State.POSTED
    paid = posted & (outcomes.cause == Cause.CASH)
    plain = paid & (inst.of == 1) & (credited == 0)
    foreign = book.invoices.currency[inst.doc] != LEDGER_CURRENCY
    due = inst.due_day < spec.as_of_day - 20
    in_time = outcomes.end_day <= outcomes.due_day
    slow = ~paid | (outcomes.end_day > outcomes.due_day + SLOW_DAYS)
    choices = (
        (Tag.DISCOUNT, plain & (inst.disc_day != NONE) & due & in_time, dials.discount),
        (Tag.PREPAID, plain & in_time, dials.prepayment),
        (Tag.CROSS, plain & foreign & due, dials.cross_currency),
        (Tag.SHORT, plain & (inst.amount >= 10_000) & due, dials.short_payment),
        (Tag.PART, posted & (inst.amount >= 10_000) & slow & (credited < inst.amount), dials.part_payment),
    )
    for value, eligible, dial in choices:
        tag[pick(rng, eligible & (tag == Tag.FULL), dial)] = value
    return tag


def _known(spec: Spec, book: Book, day: Ints) -> Flags:
    """Say which payments of a day are in the books by the as-of date: of posted invoices, and made by then."""
    doc = book.instalments.doc
    posted = (book.invoices.state[doc] == State.POSTED) & (book.invoices.post_day[doc] <= spec.as_of_day)
    known: Flags = posted & (day != NONE) & (day <= spec.as_of_day)
    return known


def _part_legs(spec: Spec, book: Book, plan: _Plan) -> Legs:
    """Let some instalments be paid in part first; those that end in a loss see no other money."""
    rng = stream(spec.seed, "part payments")
    inst, outcomes = book.instalments, book.outcomes
    size = len(inst)
    doc_day = book.invoices.doc_day[inst.doc]
    before = plan.day - 8 - below(rng, 40, size)
    after_due = outcomes.due_day + 5 + below(rng, 90, size)
    day = next_weekday(np.maximum(np.where(plan.day == NONE, after_due, before), doc_day + 3))
    part = plan.target * (300 + below(rng, 400, size)) // 1000
    # where there is no time for two payments there is one
    apart = (plan.tag == Tag.PART) & ((plan.day == NONE) | (day < plan.day)) & (part > 0)
    rows = np.flatnonzero(apart & _known(spec, book, day))
    return _legs(book, rows, day[rows], part[rows], np.full(len(rows), Tag.PART, dtype=np.int64))


def _last_legs(spec: Spec, book: Book, plan: _Plan, parts: Legs) -> Legs:
    """Pay what is left of each instalment that ends in cash."""
    rng = stream(spec.seed, "last payments")
    in_part = sum_by(parts.inst, parts.cleared, len(book.instalments))
    rest = plan.target - in_part
    short = rest - 1 - below(rng, 45, len(rest))
    cleared = np.where(plan.tag == Tag.SHORT, short, rest)
    rows = np.flatnonzero(_known(spec, book, plan.day) & (cleared > 0))
    tag = np.where(in_part > 0, Tag.REST, np.where(plan.tag == Tag.PART, Tag.FULL, plan.tag))
    return _legs(book, rows, plan.day[rows], cleared[rows], tag[rows])


def _legs(book: Book, rows: Ints, day: Ints, cleared: Ints, tag: Ints) -> Legs:
    """Pay the instalments of these rows on a day; where the payment is a discounted one, the discount is taken off."""
    inst = book.instalments
    discount = np.where(tag == Tag.DISCOUNT, inst.disc_amount[rows], 0)
    none = np.full(len(rows), NONE, dtype=np.int64)
    return Legs(
        inst=rows,
        pay_day=day,
        alloc_day=day,
        cash=cleared - discount,
        cleared=cleared,
        discount=discount,
        currency=book.invoices.currency[inst.doc[rows]],
        tag=tag,
        receipt=none,
        void_day=none,
    )


def _across_currencies(legs: Legs, rates: Rates) -> Legs:
    """Let the chosen foreign invoices be paid in ledger currency, at the rate of the day."""
    across = legs.tag == Tag.CROSS
    in_ledger = legs.cash.copy()
    rate = rates.at(legs.currency[across], legs.pay_day[across])
    in_ledger[across] = convert(legs.cash[across], rate)
    return replace(legs, cash=in_ledger, currency=np.where(across, LEDGER_CURRENCY, legs.currency))


def _applied_later(spec: Spec, book: Book, legs: Legs) -> Legs:
    """Book some money in before anybody applies it; half of the advance payments wait for their invoice's date."""
    rng = stream(spec.seed, "applications")
    size = len(legs.inst)
    due = book.outcomes.due_day[legs.inst]
    room = np.where(legs.pay_day <= due, due - legs.pay_day, LONGEST_WAIT * (legs.pay_day > due + LONG_OVERDUE))
    waits_some = pick(rng, (legs.tag != Tag.PREPAID) & (room > 0), spec.dials.applied_later)
    late = waits_some * np.minimum(1 + below(rng, LONGEST_WAIT, size), room)
    doc_day = book.invoices.doc_day[book.instalments.doc[legs.inst]]
    waits = (legs.tag == Tag.PREPAID) & (np.arange(size) % 2 == 0)
    day = np.where(waits, doc_day, np.minimum(legs.pay_day + late, spec.as_of_day))
    return replace(legs, alloc_day=day)
