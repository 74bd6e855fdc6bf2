"""The finished sample ledger: documents, instalments, receipts and allocations that fit together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from receivables.world.bands import Cause
from receivables.world.cash import Book, draw_legs
from receivables.world.credits import draw_credits
from receivables.world.customers import Customers, draw_customers, ended
from receivables.world.dials import Spec
from receivables.world.disputes import Disputes, draw_disputes
from receivables.world.draws import NONE, Ints, below, next_weekday, pick, stream, sum_by
from receivables.world.invoices import Billing, Copies, blank_documents, draw_invoices, priced, reverse, split
from receivables.world.outcomes import Outcomes, draw_outcomes
from receivables.world.plants import PlantKind, Plants, draw_plants
from receivables.world.rates import Rates, draw_rates
from receivables.world.receipts import Cash, gather
from receivables.world.records import (
    Allocations,
    AllocKind,
    Documents,
    DueSource,
    Instalments,
    Kind,
    Receipts,
    Series,
    State,
    Tag,
    stack,
    take,
)
from receivables.world.sales import Sales


@dataclass(frozen=True)
class Ledger:
    """A whole sample ledger with the causes behind it; row numbers in `allocations` point into the other tables.

    The invoices are the first documents, and their instalments the first instalments; `outcomes` and `copies` have one element for
    each of these. Outcomes also tell what happens after the as-of date; nothing else does.
    """

    spec: Spec
    customers: Customers
    plants: Plants
    rates: Rates
    documents: Documents
    instalments: Instalments
    receipts: Receipts
    allocations: Allocations
    outcomes: Outcomes
    copies: Copies
    disputes: Disputes
    sales: Sales


def build(spec: Spec) -> Ledger:
    """Make the sample ledger of a specification."""
    rates, customers = draw_rates(spec), draw_customers(spec)
    plants = draw_plants(spec, customers)
    customers = _planted_to_fail(customers, plants)
    invoices, copies, sales = draw_invoices(spec, customers, plants, rates)
    invoices, reversals = reverse(spec, invoices)
    parts = split(spec, plants, invoices)
    billing = Billing(invoices, copies, parts)
    outcomes = draw_outcomes(spec, customers, plants, billing)
    disputes = draw_disputes(spec, billing, outcomes)
    invoices = replace(invoices, disputed=disputes.open_on(spec.as_of_day, parts, len(invoices)))
    notes = draw_credits(spec, customers, rates, billing._replace(invoices=invoices))
    book = Book(customers, invoices, parts, notes, outcomes)
    cash = gather(spec, book, plants, draw_legs(spec, book, rates))
    book = replace(book, invoices=_cancelled_after_cash(spec, book, cash))
    refunds, refund_parts = _refunds(cash, rates, len(invoices) + len(reversals) + len(notes.documents))
    allocations = stack(
        _payments(cash),
        _credit_uses(book, len(invoices) + len(reversals)),
        _refund_uses(cash, len(parts)),
        _write_offs(spec, book, cash),
    )
    receipts, allocations = _in_order(cash.receipts, allocations)
    documents = stack(book.invoices, reversals, notes.documents, refunds)
    instalments = stack(parts, refund_parts)
    return Ledger(
        spec, customers, plants, rates, documents, instalments, receipts, allocations, outcomes, copies, disputes, sales
    )


def _planted_to_fail(customers: Customers, plants: Plants) -> Customers:
    """Let those planted to close or to become insolvent do so, and end their orders soon after."""
    fail = customers.fail_day.copy()
    for plant in plants.of(PlantKind.CLOSURE, PlantKind.INSOLVENCY):
        fail[plant.customer] = plant.day
    return replace(customers, fail_day=fail, end_day=ended(customers.end_day, fail))


def _cancelled_after_cash(spec: Spec, book: Book, cash: Cash) -> Documents:
    """Cancel a few paid invoices and leave their allocations standing: the money becomes unapplied again."""
    rng = stream(spec.seed, "late cancellations")
    legs, invoices, inst = cash.legs, book.invoices, book.instalments
    doc = inst.doc[legs.inst]
    used = np.zeros(len(invoices), dtype=np.bool_)
    used[doc[legs.void_day != NONE]] = True
    used[inst.doc[book.credits.inst[book.credits.used > 0]]] = True
    plain = (legs.tag == Tag.FULL) & (inst.of[legs.inst] == 1) & ~used[doc]
    chosen = pick(rng, plain & (legs.alloc_day < spec.as_of_day - 70), spec.dials.cancelled_after_cash)
    state, cancel_day = invoices.state.copy(), invoices.cancel_day.copy()
    state[doc[chosen]] = State.CANCELLED
    cancel_day[doc[chosen]] = (legs.alloc_day + 10 + below(rng, 50, len(doc)))[chosen]
    return replace(invoices, state=state, cancel_day=cancel_day)


def _refunds(cash: Cash, rates: Rates, offset: int) -> tuple[Documents, Instalments]:
    """Write a refund document, of one part, for each overpayment that goes back."""
    which = cash.refund_day != NONE
    receipt, day, excess = cash.overpaid[which], cash.refund_day[which], cash.excess[which]
    blank = blank_documents(Series.DV, Kind.REFUND, cash.receipts.customer[receipt], day)
    documents = priced(blank, cash.receipts.currency[receipt], excess, rates)
    size = len(documents)
    one, none = np.ones(size, dtype=np.int64), np.full(size, NONE, dtype=np.int64)
    parts = Instalments(
        doc=offset + np.arange(size, dtype=np.int64),
        seq=one,
        of=one,
        due_day=day,
        due_original=day,
        due_source=one * DueSource.FILE,
        amount=documents.amount,
        local=documents.local,
        disc_day=none,
        disc_amount=0 * one,
    )
    return documents, parts


def _allocations(kind: AllocKind, inst: Ints, cleared: Ints, day: Ints) -> Allocations:
    """Make allocations that draw on nothing, for `dataclasses.replace` to give a source."""
    none, zero = np.full(len(inst), NONE, dtype=np.int64), np.zeros(len(inst), dtype=np.int64)
    return Allocations(
        kind=zero + kind,
        payment=none,
        credit=none,
        inst=inst,
        drawn=zero,
        cleared=cleared,
        discount=zero,
        day=day,
        void_day=none,
        tag=none,
    )


def _payments(cash: Cash) -> Allocations:
    legs = cash.legs
    paid = _allocations(AllocKind.PAYMENT, legs.inst, legs.cleared, legs.alloc_day)
    return replace(
        paid, payment=legs.receipt, drawn=legs.cash, discount=legs.discount, void_day=legs.void_day, tag=legs.tag
    )


def _credit_uses(book: Book, offset: int) -> Allocations:
    notes = book.credits
    rows = np.flatnonzero(notes.used > 0)
    used = notes.used[rows]
    uses = _allocations(AllocKind.CREDIT_NOTE, notes.inst[rows], used, notes.use_day[rows])
    return replace(uses, credit=offset + rows, drawn=used)


def _refund_uses(cash: Cash, offset: int) -> Allocations:
    """Set each refund against the receipt it returns, on the day it leaves."""
    which = cash.refund_day != NONE
    excess = cash.excess[which]
    inst = offset + np.arange(len(excess), dtype=np.int64)
    uses = _allocations(AllocKind.PAYMENT, inst, excess, cash.refund_day[which])
    return replace(
        uses, payment=cash.overpaid[which], drawn=excess, tag=np.full(len(excess), Tag.REFUND, dtype=np.int64)
    )


def _write_offs(spec: Spec, book: Book, cash: Cash) -> Allocations:
    """Give up what is left of the instalments that end as a loss, once nothing else happens to them."""
    inst, legs = book.instalments, cash.legs
    size = len(inst)
    credited, _ = book.credits.on_instalments(size)
    rest = inst.amount - credited - sum_by(legs.inst, legs.cleared * (legs.void_day == NONE), size)
    day = np.where(book.outcomes.cause == Cause.LOSS, next_weekday(book.outcomes.end_day), NONE)
    last = np.zeros(size, dtype=np.int64)
    np.maximum.at(last, legs.inst, np.maximum(legs.alloc_day, legs.void_day) + 1)
    used = book.credits.used > 0
    np.maximum.at(last, book.credits.inst[used], book.credits.use_day[used] + 1)
    lost = (day != NONE) & (np.maximum(day, last) <= spec.as_of_day) & (rest > 0)
    posted = book.invoices.state == State.POSTED
    rows = np.flatnonzero(lost & posted[inst.doc])
    return _allocations(AllocKind.WRITE_OFF, rows, rest[rows], np.maximum(day, last)[rows])


def _in_order(receipts: Receipts, allocations: Allocations) -> tuple[Receipts, Allocations]:
    """Number receipts and allocations by their dates, as a real ledger would."""
    order = np.argsort(receipts.pay_day, kind="stable").astype(np.int64)
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order] = np.arange(len(order), dtype=np.int64)
    place[NONE] = NONE
    moved = replace(allocations, payment=place[allocations.payment])
    return take(receipts, order), take(moved, np.argsort(moved.day, kind="stable").astype(np.int64))
