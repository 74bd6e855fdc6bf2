"""The numbers the sample must come out at, computed from its own events: what is open, how old, and why it ties.

This is a second, independent telling of the replay rules in whole numbers; nothing of the product is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from receivables.world.draws import NONE, UNITS_PER_CENT, Flags, Ints, at, local_units, sum_by
from receivables.world.ledger import Ledger
from receivables.world.records import CURRENCIES, AllocKind, State
from receivables.world.valuation import Values, receipt_local

BUCKETS: Final = (
    "not_due",
    "d1_30",
    "d31_60",
    "d61_90",
    "d91_180",
    "d181_365",
    "d366_730",
    "d731_plus",
    "no_due_date",
    "unapplied",
)
UPPER_DAYS: Final = (0, 30, 60, 90, 180, 365, 730)
NO_DUE_DATE, UNAPPLIED = BUCKETS.index("no_due_date"), BUCKETS.index("unapplied")
TOLERANCE_CENTS: Final = 50
TOLERANCE_SHARE: Final = 1000
"""A rest up to one part in this many of the invoice closes with its last allocation."""


@dataclass(frozen=True)
class Items:
    """The open items of a day; `customer` is `NONE` for money without a name, amounts are cents and ledger units."""

    customer: Ints
    currency: Ints
    bucket: Ints
    open_doc: Ints
    open_local: Ints


@dataclass(frozen=True)
class Position:
    """The ledger on one day: its open items, and the legs of the proof in ledger units."""

    day: int
    items: Items
    legs: dict[str, int]


def position(ledger: Ledger, values: Values, day: int) -> Position:
    """Replay the ledger to the end of a day."""
    counted, received = documents_counted(ledger, day), receipts_counted(ledger, day)
    effect = in_effect(ledger, values, day, counted, received)
    invoices, tolerance = _invoice_items(ledger, effect, counted, day)
    items = _joined(invoices, _credit_items(ledger, effect, counted), _receipt_items(ledger, effect, received))
    return Position(day, items, _legs(ledger, values, (counted, received, effect), tolerance))


def documents_counted(ledger: Ledger, day: int) -> Flags:
    """Say which documents count: drafts never, cancelled and reversed ones until the day before, reversals never."""
    docs = ledger.documents
    undone_day = at(docs.post_day, docs.reversed_by)
    gone = np.select(
        [docs.state == State.CANCELLED, docs.state == State.REVERSED],
        [np.where(docs.cancel_day == NONE, 0, docs.cancel_day), undone_day],
        default=day + 1,
    )
    counted: Flags = (docs.state != State.DRAFT) & (docs.reverses == NONE) & (docs.post_day <= day) & (day < gone)
    return counted


def receipts_counted(ledger: Ledger, day: int) -> Flags:
    """Say which receipts count: from the day of payment until the day before they are taken back."""
    receipts = ledger.receipts
    standing = (receipts.reversal_day == NONE) | (day < receipts.reversal_day)
    received: Flags = (receipts.pay_day <= day) & standing
    return received


def in_effect(ledger: Ledger, values: Values, day: int, counted: Flags, received: Flags) -> Flags:
    """Say which allocations are in effect: begun, not voided, and both ends count."""
    alloc = ledger.allocations
    standing = (alloc.void_day == NONE) | (day < alloc.void_day)
    source = np.where(alloc.payment != NONE, received[alloc.payment], True)
    source &= np.where(alloc.credit != NONE, counted[alloc.credit], True)
    effect: Flags = (values.effective <= day) & standing & source & counted[ledger.instalments.doc[alloc.inst]]
    return effect


def _invoice_items(ledger: Ledger, effect: Flags, counted: Flags, day: int) -> tuple[Items, int]:
    """Find the open instalments; also return what the closing tolerance closed, in ledger units."""
    inst, docs, alloc = ledger.instalments, ledger.documents, ledger.allocations
    cleared = sum_by(alloc.inst[effect], alloc.cleared[effect], len(inst))
    rest = np.where(counted[inst.doc], inst.amount - cleared, 0)
    local = local_units(rest, inst.amount, inst.local)
    limit = np.maximum(TOLERANCE_CENTS, docs.amount[inst.doc] // TOLERANCE_SHARE)
    closed = (rest > 0) & (cleared > 0) & (rest <= limit)
    rows = np.flatnonzero((rest > 0) & ~closed)
    overdue = day - inst.due_day[rows]
    bucket = np.searchsorted(np.array(UPPER_DAYS), overdue, side="left").astype(np.int64)
    bucket = np.where(inst.due_day[rows] == NONE, NO_DUE_DATE, bucket)
    doc = inst.doc[rows]
    return Items(docs.customer[doc], docs.currency[doc], bucket, rest[rows], local[rows]), int(local[closed].sum())


def _credit_items(ledger: Ledger, effect: Flags, counted: Flags) -> Items:
    docs, alloc = ledger.documents, ledger.allocations
    drawn = effect & (alloc.credit != NONE)
    rest = -docs.amount - sum_by(alloc.credit[drawn], alloc.drawn[drawn], len(docs))
    rows = np.flatnonzero(counted & (docs.amount < 0) & (rest > 0))
    local = local_units(rest[rows], -docs.amount[rows], -docs.local[rows])
    bucket = np.full(len(rows), UNAPPLIED, dtype=np.int64)
    return Items(docs.customer[rows], docs.currency[rows], bucket, -rest[rows], -local)


def _receipt_items(ledger: Ledger, effect: Flags, received: Flags) -> Items:
    receipts, alloc = ledger.receipts, ledger.allocations
    drawn = effect & (alloc.payment != NONE)
    rest = receipts.amount - sum_by(alloc.payment[drawn], alloc.drawn[drawn], len(receipts))
    rows = np.flatnonzero(received & (rest > 0))
    local = local_units(rest[rows], receipts.amount[rows], receipt_local(ledger)[rows])
    bucket = np.full(len(rows), UNAPPLIED, dtype=np.int64)
    return Items(receipts.customer[rows], receipts.currency[rows], bucket, -rest[rows], -local)


def _joined(*pieces: Items) -> Items:
    def column(name: str) -> Ints:
        joined: Ints = np.concatenate([getattr(piece, name) for piece in pieces])
        return joined

    return Items(*(column(name) for name in ("customer", "currency", "bucket", "open_doc", "open_local")))


def _legs(ledger: Ledger, values: Values, counts: tuple[Flags, Flags, Flags], tolerance: int) -> dict[str, int]:
    """Sum the legs of the proof: open = documents - receipts - sourceless - discounts - tolerance - fx difference."""
    counted, received, effect = counts
    sourceless = effect & (ledger.allocations.kind == AllocKind.WRITE_OFF)
    return {
        "documents": int(ledger.documents.local[counted].sum()) * UNITS_PER_CENT,
        "receipts": int(receipt_local(ledger)[received].sum()) * UNITS_PER_CENT,
        "sourceless": int(values.carrying[sourceless].sum()),
        "discounts": int(values.discount[effect].sum()),
        "tolerance": tolerance,
        "fx_difference": int(values.fx[effect].sum()),
    }


def by_customer(items: Items) -> list[tuple[int, str, int, int, int]]:
    """Add the items up: customer, currency, number of items, open cents, open ledger units."""
    width = len(CURRENCIES)
    keys, group = np.unique((items.customer + 1) * width + items.currency, return_inverse=True)
    group = group.astype(np.int64)
    size = len(keys)
    number = np.bincount(group, minlength=size)
    doc, local = sum_by(group, items.open_doc, size), sum_by(group, items.open_local, size)
    return [
        (int(key) // width - 1, CURRENCIES[int(key) % width], int(count), int(cents), int(units))
        for key, count, cents, units in zip(keys, number, doc, local, strict=True)
    ]


def by_bucket(items: Items) -> list[tuple[str, int, int]]:
    """Add the items up: bucket, number of items, open ledger units; empty buckets too."""
    number = np.bincount(items.bucket, minlength=len(BUCKETS))
    local = sum_by(items.bucket, items.open_local, len(BUCKETS))
    return [(name, int(number[row]), int(local[row])) for row, name in enumerate(BUCKETS)]
