"""Receipts of the sample world: payments gathered per customer and day, bounces, overpayments and money on account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.cash import Book
from receivables.world.customers import Customers
from receivables.world.dials import PER_MILLE, Spec
from receivables.world.draws import NONE, Flags, Ints, below, next_weekday, pick, stream, sum_by
from receivables.world.plants import PlantKind, Plants
from receivables.world.records import LEDGER_CURRENCY, Legs, PayKind, Receipts, Tag, stack, take

ALONE: Final = (Tag.PART, Tag.REST, Tag.PREPAID, Tag.CROSS)
"""Payments that always come as a receipt of their own."""

LOOSE_DAYS: Final = 120
"""Money on account and money without a name is looked into and gone after so long."""

SETTLING_DAYS: Final = 60
"""Receipts younger than this are not overpaid: what follows would lie after the as-of date."""


@dataclass(frozen=True)
class Cash:
    """Receipts with the legs they pay, and what was paid too much: a row of `receipts`, cents, refund day or `NONE`."""

    receipts: Receipts
    legs: Legs
    overpaid: Ints
    excess: Ints
    refund_day: Ints


def gather(spec: Spec, book: Book, plants: Plants, legs: Legs) -> Cash:
    """Turn legs into receipts."""
    customers = book.customers
    receipts, legs = _grouped(legs, book.invoices.customer[book.instalments.doc[legs.inst]])
    receipts = _with_kinds(spec, receipts, legs)
    receipts, legs = _bounced(spec, book, receipts, legs)
    overpaid, excess, refund_day = _overpaid(spec, receipts)
    amount = receipts.amount.copy()
    amount[overpaid] += excess
    loose = _loose_money(spec, customers, len(receipts))
    twice = _paid_twice(spec, plants, receipts)
    return Cash(stack(replace(receipts, amount=amount), loose, twice), legs, overpaid, excess, refund_day)


def _paid_twice(spec: Spec, plants: Plants, receipts: Receipts) -> Receipts:
    """Repeat the first payment of the customers planted to pay twice, some days later."""
    rng = stream(spec.seed, "paid twice")
    rows, days = [], []
    for plant in plants.of(PlantKind.DUPLICATE_PAYMENT):
        standing = (receipts.customer == plant.customer) & (receipts.reversal_day == NONE)
        found = np.flatnonzero(standing & (receipts.pay_day >= plant.day) & (receipts.pay_day < spec.as_of_day - 9))
        for row in found[np.argsort(receipts.pay_day[found], kind="stable")][:1].tolist():
            rows.append(row)
            days.append(int(next_weekday(receipts.pay_day[row] + 1 + below(rng, 5, 1))[0]))
    return replace(take(receipts, np.array(rows, dtype=np.int64)), pay_day=np.array(days, dtype=np.int64))


def _grouped(legs: Legs, payer: Ints) -> tuple[Receipts, Legs]:
    """Gather what one customer pays on one day into one receipt."""
    days = int(legs.pay_day.max(initial=0)) + 1
    together = payer * days + legs.pay_day
    apart = int(together.max(initial=0)) + 1 + np.arange(len(payer), dtype=np.int64)
    key = np.where(np.isin(legs.tag, ALONE), apart, together)
    _, first, receipt = np.unique(key, return_index=True, return_inverse=True)
    receipt = receipt.astype(np.int64)
    size = len(first)
    receipts = Receipts(
        customer=payer[first],
        pay_day=legs.pay_day[first],
        currency=legs.currency[first],
        kind=np.where(legs.tag[first] == Tag.PREPAID, PayKind.PREPAYMENT, PayKind.RECEIPT).astype(np.int64),
        amount=sum_by(receipt, legs.cash, size),
        reversal_day=np.full(size, NONE, dtype=np.int64),
    )
    return receipts, replace(legs, receipt=receipt)


def _with_kinds(spec: Spec, receipts: Receipts, legs: Legs) -> Receipts:
    """Let a third of the customers pay by direct debit or card."""
    usual = np.array([PayKind.RECEIPT, PayKind.RECEIPT, PayKind.DIRECT_DEBIT, PayKind.RECEIPT, PayKind.CARD])
    habit = usual[(receipts.customer * 7 + spec.seed) % len(usual)]
    across = _has(legs, legs.tag == Tag.CROSS, len(receipts))
    plain = (receipts.kind == PayKind.RECEIPT) & ~across
    return replace(receipts, kind=np.where(plain, habit, receipts.kind).astype(np.int64))


def _has(legs: Legs, which: Flags, size: int) -> Flags:
    """Say which receipts hold at least one of the marked legs."""
    held = np.zeros(size, dtype=np.bool_)
    held[legs.receipt[which]] = True
    return held


def _bounced(spec: Spec, book: Book, receipts: Receipts, legs: Legs) -> tuple[Receipts, Legs]:
    """Let some receipts be the second try: the first came some weeks before and bounced."""
    rng = stream(spec.seed, "bounces")
    size = len(receipts)
    latest_doc = np.zeros(size, dtype=np.int64)
    np.maximum.at(latest_doc, legs.receipt, book.invoices.post_day[book.instalments.doc[legs.inst]])
    day = next_weekday(receipts.pay_day - 14 - below(rng, 20, size))
    back = next_weekday(day + 3 + below(rng, 7, size))
    ordinary = ~_has(legs, np.isin(legs.tag, (Tag.PREPAID, Tag.CROSS, Tag.DISCOUNT, Tag.REST)), size)
    again = np.flatnonzero(pick(rng, ordinary & (day > latest_doc) & (back < receipts.pay_day), spec.dials.bounce))
    first = replace(take(receipts, again), pay_day=day[again], reversal_day=back[again])
    twin = np.full(size, NONE, dtype=np.int64)
    twin[again] = np.arange(len(again), dtype=np.int64)
    repeated = twin[legs.receipt] != NONE
    tried = take(legs, repeated)
    which = twin[tried.receipt]
    tried = replace(
        tried, pay_day=day[again][which], alloc_day=day[again][which], void_day=back[again][which], receipt=size + which
    )
    tag = np.where(repeated & (legs.tag == Tag.FULL), Tag.REPAID, legs.tag)
    return stack(receipts, first), stack(replace(legs, tag=tag), tried)


def _overpaid(spec: Spec, receipts: Receipts) -> tuple[Ints, Ints, Ints]:
    """Choose the receipts that bring too much, how much, and when it goes back."""
    rng = stream(spec.seed, "overpayments")
    plain = (receipts.reversal_day == NONE) & (receipts.kind != PayKind.PREPAYMENT)
    settled = receipts.pay_day <= spec.as_of_day - SETTLING_DAYS
    rows = np.flatnonzero(pick(rng, plain & settled, spec.dials.overpayment))
    excess = np.maximum(500, receipts.amount[rows] * (20 + below(rng, 130, len(rows))) // 1000)
    returned = pick(rng, np.ones(len(rows), dtype=np.bool_), spec.dials.refund)
    day = next_weekday(receipts.pay_day[rows] + 15 + below(rng, 30, len(rows)))
    return rows, excess, np.where(returned, day, NONE)


def _loose_money(spec: Spec, customers: Customers, ordinary: int) -> Receipts:
    """Draw recent money on account that nothing is set against, and money nobody has put a name to."""
    rng, dials = stream(spec.seed, "loose money"), spec.dials
    recent = ordinary * LOOSE_DAYS // (spec.as_of_day - spec.start_day)
    account = max(dials.on_account.least, recent * dials.on_account.per_mille // PER_MILLE)
    unknown = max(dials.unidentified.least, recent * dials.unidentified.per_mille // PER_MILLE)
    size = account + unknown
    known = np.arange(size) < account
    customer = np.where(known, below(rng, spec.customers, size), NONE)
    day = next_weekday(spec.as_of_day - LOOSE_DAYS + below(rng, LOOSE_DAYS - 3, size))
    scale = customers.scale[np.maximum(customer, 0)] if size else np.zeros(0, dtype=np.int64)
    return Receipts(
        customer=customer,
        pay_day=day,
        currency=np.where(known, customers.currency[np.maximum(customer, 0)], LEDGER_CURRENCY),
        kind=np.full(size, PayKind.RECEIPT, dtype=np.int64),
        amount=np.maximum(1_000, scale * (100 + below(rng, 400, size)) // PER_MILLE),
        reversal_day=np.full(size, NONE, dtype=np.int64),
    )
