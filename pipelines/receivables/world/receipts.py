"""Receipts of the sample world: payments gathered per customer and day, bounces, overpayments and money on account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from receivables.world.customers import Customers
from receivables.world.dials import Spec
from receivables.world.draws import NONE, Flags, Ints, below, next_weekday, pick, stream, sum_by
from receivables.world.records import LEDGER_CURRENCY, Legs, PayKind, Receipts, Tag, stack, take

ALONE: Final = (Tag.PART, Tag.REST, Tag.PREPAID, Tag.CROSS, Tag.REPAID)
"""Payments that always come as a receipt of their own."""

SETTLING_DAYS: Final = 60
"""Receipts younger than this do not bounce and are not overpaid: what follows would lie after the as-of date."""

REPAID_PCT: Final = 65


@dataclass(frozen=True)
class Cash:
    """Receipts with the legs they pay, and what was paid too much: a row of `receipts`, cents, refund day or `NONE`."""

    receipts: Receipts
    legs: Legs
    overpaid: Ints
    excess: Ints
    refund_day: Ints


def gather(spec: Spec, customers: Customers, legs: Legs, payer: Ints) -> Cash:
    """Turn legs into receipts; `payer` is the customer of each leg."""
    receipts, legs = _grouped(legs, payer)
    receipts = _with_kinds(spec, receipts, legs)
    receipts, legs = _bounced(spec, receipts, legs)
    overpaid, excess, refund_day = _overpaid(spec, receipts)
    amount = receipts.amount.copy()
    amount[overpaid] += excess
    loose = _loose_money(spec, customers, len(receipts))
    return Cash(stack(replace(receipts, amount=amount), loose), legs, overpaid, excess, refund_day)


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


def _bounced(spec: Spec, receipts: Receipts, legs: Legs) -> tuple[Receipts, Legs]:
    """Take some receipts back some days later; most are paid again."""
    rng = stream(spec.seed, "bounces")
    ordinary = ~_has(legs, np.isin(legs.tag, (Tag.PREPAID, Tag.CROSS)), len(receipts))
    bounced = pick(rng, ordinary & (receipts.pay_day <= spec.as_of_day - SETTLING_DAYS), spec.dials.bounce)
    back = np.where(bounced, next_weekday(receipts.pay_day + 3 + below(rng, 9, len(receipts))), NONE)
    undone = bounced[legs.receipt]
    legs = replace(
        legs,
        void_day=back[legs.receipt],
        alloc_day=np.where(undone, legs.pay_day, legs.alloc_day),
    )
    receipts = replace(receipts, reversal_day=back)
    again = np.flatnonzero(bounced & (below(rng, 100, len(receipts)) < REPAID_PCT))
    return _repaid(receipts, legs, again, next_weekday(back[again] + 5 + below(rng, 35, len(again))))


def _repaid(receipts: Receipts, legs: Legs, again: Ints, day: Ints) -> tuple[Receipts, Legs]:
    """Repeat the receipts numbered `again` on a later day, leg by leg."""
    none = np.full(len(again), NONE, dtype=np.int64)
    kind = np.full(len(again), PayKind.RECEIPT, dtype=np.int64)
    repeated = replace(take(receipts, again), pay_day=day, reversal_day=none, kind=kind)
    twin = np.full(len(receipts), NONE, dtype=np.int64)
    twin[again] = np.arange(len(again), dtype=np.int64)
    copied = take(legs, twin[legs.receipt] != NONE)
    which = twin[copied.receipt]
    copied = replace(
        copied,
        pay_day=day[which],
        alloc_day=day[which],
        receipt=len(receipts) + which,
        void_day=np.full(len(which), NONE, dtype=np.int64),
        tag=np.full(len(which), Tag.REPAID, dtype=np.int64),
    )
    return stack(receipts, repeated), stack(legs, copied)


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
    """Draw money on account that nothing is set against, and money nobody has put a name to."""
    rng, dials = stream(spec.seed, "loose money"), spec.dials
    account = max(dials.on_account.least, ordinary * dials.on_account.per_mille // 1000)
    unknown = max(dials.unidentified.least, ordinary * dials.unidentified.per_mille // 1000)
    size = account + unknown
    known = np.arange(size) < account
    customer = np.where(known, below(rng, spec.customers, size), NONE)
    span = (spec.as_of_day - spec.start_day) // 2
    day = next_weekday(spec.as_of_day - span + below(rng, span - 3, size))
    scale = customers.scale[np.maximum(customer, 0)] if size else np.zeros(0, dtype=np.int64)
    return Receipts(
        customer=customer,
        pay_day=day,
        currency=np.where(known, customers.currency[np.maximum(customer, 0)], LEDGER_CURRENCY),
        kind=np.full(size, PayKind.RECEIPT, dtype=np.int64),
        amount=np.maximum(1_000, scale * (200 + below(rng, 900, size)) // 1000),
        reversal_day=np.full(size, NONE, dtype=np.int64),
    )
