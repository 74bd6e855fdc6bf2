"""How and when customers pay: each instalment's payments, before they are gathered into receipts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.credits import Credits
from receivables.world.customers import BEHAVIOURS, Customers
from receivables.world.dials import Spec
from receivables.world.draws import (
    NONE,
    Flags,
    Ints,
    below,
    convert,
    month_start,
    next_month,
    next_weekday,
    pick,
    shaped,
    stream,
    weekday,
)
from receivables.world.rates import Rates
from receivables.world.records import LEDGER_CURRENCY, Documents, Instalments, Legs, State, Tag, stack, take

DELAYS: Final = (
    (-12, -6, -4, -3, -2, -1, -1, 0, 0, 0, 0, 1, 1, 2, 3, 5, 12),
    (2, 6, 9, 12, 14, 16, 18, 20, 22, 25, 28, 31, 35, 40, 46, 55, 75),
    (-10, -3, 0, 2, 4, 7, 11, 15, 20, 26, 34, 44, 56, 72, 95, 130, 240),
    (-6, -3, -1, 0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 19, 25, 40),
    (0, 3, 6, 9, 12, 15, 18, 22, 26, 31, 37, 44, 53, 64, 80, 110, 200),
)
"""Days from the due date to the payment by behaviour, as equally spaced quantiles."""

DRIFT_DAYS: Final = 10
"""A deteriorating customer takes one more day for each of these days after the first third of the history."""

PAYS_WITHOUT_DUE_DATE: Final = 35
DISPUTED_PAID_PCT: Final = 30
REST_PAID_PCT: Final = 65


@dataclass(frozen=True)
class Book:
    """What there is to pay: the invoices, their instalments and the credits against them."""

    customers: Customers
    invoices: Documents
    instalments: Instalments
    credits: Credits


@dataclass(frozen=True)
class _Plan:
    """One element per instalment: what is due in cash, when the first payment comes and what kind it is."""

    target: Ints
    day: Ints
    tag: Ints
    customer: Ints


def draw_legs(spec: Spec, book: Book, rates: Rates) -> Legs:
    """Draw every payment of every instalment up to the as-of date."""
    plan = _plan(spec, book)
    first = _first_legs(spec, book, plan)
    legs = stack(first, _second_legs(spec, book, plan, first))
    return _applied_later(spec, book, _across_currencies(legs, rates))


def _plan(spec: Spec, book: Book) -> _Plan:
    rng = stream(spec.seed, "pay days")
    inst, invoices, customers = book.instalments, book.invoices, book.customers
    customer = invoices.customer[inst.doc]
    doc_day = invoices.doc_day[inst.doc]
    behaviour = customers.behaviour[customer]
    due = np.where(inst.due_day == NONE, doc_day + PAYS_WITHOUT_DUE_DATE, inst.due_day)
    drift = np.maximum(doc_day - spec.start_day - (spec.as_of_day - spec.start_day) // 3, 0) // DRIFT_DAYS
    delay = shaped(rng, DELAYS, behaviour) + drift * (behaviour == BEHAVIOURS.index("deteriorating"))
    credited, credit_day = book.credits.on_instalments(len(inst))
    # a customer who waits for a credit note pays the rest after it has come
    ready = np.maximum(doc_day + 3, credit_day + 1)
    day = _pay_run(customers.pay_run[customer], np.maximum(due + delay, ready))
    tag = _tags(spec, book, credited)
    early = next_weekday(doc_day + 3 + below(rng, 5, len(inst)))
    advance = next_weekday(doc_day - 25 + below(rng, 20, len(inst)))
    day = np.select([tag == Tag.DISCOUNT, tag == Tag.PREPAID], [early, advance], default=day)
    return _Plan(inst.amount - credited, day, tag, customer)


def _pay_run(run: Ints, day: Ints) -> Ints:
    """Move a day to the customer's next pay run: any weekday, a Friday, the 5th or 20th, or the month's end."""
    friday = day + (4 - weekday(day)) % 7
    start, following = month_start(day), next_month(day)
    fortnight = np.where(day <= start + 4, start + 4, np.where(day <= start + 19, start + 19, following + 4))
    return np.choose(run, [next_weekday(day), friday, next_weekday(fortnight), next_weekday(following - 1)])


def _tags(spec: Spec, book: Book, credited: Ints) -> Ints:
    """Decide which instalments are paid in an unusual way; each in one way at most."""
    rng, dials = stream(spec.seed, "pay kinds"), spec.dials
    inst = book.instalments
    tag = np.full(len(inst), Tag.FULL, dtype=np.int64)
    posted = book.invoices.state[inst.doc] == State.POSTED
    plain = posted & (inst.of == 1) & (credited == 0)
    foreign = book.invoices.currency[inst.doc] != LEDGER_CURRENCY
    due = inst.due_day < spec.as_of_day - 20
    choices = (
        (Tag.DISCOUNT, plain & (inst.disc_day != NONE) & due, dials.discount),
        (Tag.PREPAID, plain, dials.prepayment),
        (Tag.CROSS, plain & foreign & due, dials.cross_currency),
        (Tag.SHORT, plain & (inst.amount >= 10_000) & due, dials.short_payment),
        (Tag.PART, posted & (inst.amount >= 10_000), dials.part_payment),
    )
    for value, eligible, dial in choices:
        tag[pick(rng, eligible & (tag == Tag.FULL), dial)] = value
    return tag


def _first_legs(spec: Spec, book: Book, plan: _Plan) -> Legs:
    """Pay each instalment for the first time, if its customer pays at all by then."""
    rng = stream(spec.seed, "first payments")
    inst, invoices = book.instalments, book.invoices
    size = len(inst)
    willing = ~invoices.disputed[inst.doc] | (below(rng, 100, size) < DISPUTED_PAID_PCT)
    known = (invoices.post_day[inst.doc] <= spec.as_of_day) & (plan.day <= _last_day(spec, book, plan))
    paid = np.flatnonzero((invoices.state[inst.doc] == State.POSTED) & known & willing)
    tag, target = plan.tag[paid], plan.target[paid]
    part = target * (300 + below(rng, 400, size)[paid]) // 1000
    short = target - 1 - below(rng, 45, size)[paid]
    cleared = np.select([tag == Tag.PART, tag == Tag.SHORT], [part, short], default=target)
    discount = np.where(tag == Tag.DISCOUNT, inst.disc_amount[paid], 0)
    return Legs(
        inst=paid,
        pay_day=plan.day[paid],
        alloc_day=plan.day[paid],
        cash=cleared - discount,
        cleared=cleared,
        discount=discount,
        currency=invoices.currency[inst.doc[paid]],
        tag=tag,
        receipt=np.full(len(paid), NONE, dtype=np.int64),
        void_day=np.full(len(paid), NONE, dtype=np.int64),
    )


def _last_day(spec: Spec, book: Book, plan: _Plan) -> Ints:
    return np.minimum(book.customers.stop_day[plan.customer], spec.as_of_day)


def _second_legs(spec: Spec, book: Book, plan: _Plan, first: Legs) -> Legs:
    """Pay the rest of most part payments some weeks later."""
    rng = stream(spec.seed, "second payments")
    part = take(first, first.tag == Tag.PART)
    size = len(part.inst)
    day = next_weekday(part.pay_day + 18 + below(rng, 60, size))
    paid: Flags = (below(rng, 100, size) < REST_PAID_PCT) & (day <= _last_day(spec, book, plan)[part.inst])
    rest = plan.target[part.inst] - part.cleared
    later = replace(
        part, pay_day=day, alloc_day=day, cash=rest, cleared=rest, tag=np.full(size, Tag.REST, dtype=np.int64)
    )
    return take(later, paid)


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
    late = pick(rng, legs.tag != Tag.PREPAID, spec.dials.applied_later) * (1 + below(rng, 12, size))
    doc_day = book.invoices.doc_day[book.instalments.doc[legs.inst]]
    waits = (legs.tag == Tag.PREPAID) & (np.arange(size) % 2 == 0)
    day = np.where(waits, doc_day, np.minimum(legs.pay_day + late, spec.as_of_day))
    return replace(legs, alloc_day=day)
