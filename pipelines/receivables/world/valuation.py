"""What each allocation of the sample is worth in ledger currency, so that the ledger ties to the last unit.

Values follow the open rest: before and after every allocation the rest of an instalment, credit note or receipt is valued at its
booking ratio, and the allocation gets the difference. What is left in document currency and what is left in ledger currency
therefore always agree, however often a foreign item is paid in parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from receivables.world.draws import NONE, Flags, Ints, at, convert, local_units, running_before
from receivables.world.ledger import Ledger
from receivables.world.records import AllocKind


@dataclass(frozen=True)
class Values:
    """One element per allocation, in ledger units of 0.0001.

    `carrying` is what is cleared of the target, `money` the value of what was drawn, `discount` the discount's share of
    the carrying value; `fx` = carrying - money - discount, positive is a loss. `effective` is the day it takes effect.
    """

    effective: Ints
    carrying: Ints
    money: Ints
    discount: Ints
    fx: Ints


@dataclass(frozen=True)
class _Uses:
    """One element per use of an item: which item, on which day, how many cents, and the item's two amounts in cents."""

    item: Ints
    day: Ints
    cents: Ints
    lasting: Flags
    whole: Ints
    local: Ints


def receipt_local(ledger: Ledger) -> Ints:
    """Value the receipts in ledger cents at the rate of their date."""
    receipts = ledger.receipts
    return convert(receipts.amount, ledger.rates.at(receipts.currency, receipts.pay_day))


def value(ledger: Ledger) -> Values:
    """Value every allocation of the ledger."""
    alloc, instalments = ledger.allocations, ledger.instalments
    effective, lasting = _effective_days(ledger), alloc.void_day == NONE
    whole, local = instalments.amount[alloc.inst], instalments.local[alloc.inst]
    carrying = _consumed(_Uses(alloc.inst, effective, alloc.cleared, lasting, whole, local))
    sourced = alloc.kind != AllocKind.WRITE_OFF
    money = np.zeros(len(alloc), dtype=np.int64)
    money[sourced] = _consumed(_source_uses(ledger, effective, sourced))
    discount = local_units(alloc.discount, whole, local)
    return Values(effective, carrying, money, discount, np.where(sourced, carrying - money - discount, 0))


def _effective_days(ledger: Ledger) -> Ints:
    """Find the day an allocation takes effect: its own, or the later date of one of its ends."""
    alloc, documents = ledger.allocations, ledger.documents
    target = documents.post_day[ledger.instalments.doc[alloc.inst]]
    paid, credited = at(ledger.receipts.pay_day, alloc.payment), at(documents.post_day, alloc.credit)
    return np.maximum(np.maximum(alloc.day, target), np.maximum(paid, credited))


def _source_uses(ledger: Ledger, effective: Ints, sourced: Flags) -> _Uses:
    """Number receipts and credit notes in one row, and read off what each allocation drew of which."""
    alloc, documents, receipts = ledger.allocations, ledger.documents, ledger.receipts
    by_cash = (alloc.payment != NONE)[sourced]
    payment, credit = alloc.payment[sourced], alloc.credit[sourced]
    return _Uses(
        item=np.where(by_cash, payment, len(receipts) + credit),
        day=effective[sourced],
        cents=alloc.drawn[sourced],
        lasting=np.ones(len(payment), dtype=np.bool_),
        whole=np.where(by_cash, receipts.amount[payment], -documents.amount[credit]),
        local=np.where(by_cash, receipt_local(ledger)[payment], -documents.local[credit]),
    )


def _consumed(uses: _Uses) -> Ints:
    """Value each use in ledger units: the item's rest before it less the rest after it.

    A use that was voided leaves the rest for the next one as it was.
    """
    order = np.lexsort((uses.day, uses.item)).astype(np.int64)
    cents, whole, local = uses.cents[order], uses.whole[order], uses.local[order]
    rest = whole - running_before(np.where(uses.lasting[order], cents, 0), uses.item[order])
    consumed = np.empty(len(order), dtype=np.int64)
    consumed[order] = local_units(rest, whole, local) - local_units(rest - cents, whole, local)
    return consumed


def named_instalments(ledger: Ledger, effective: Ints | None) -> Flags:
    """Say which allocations must name their instalment, and let the others leave it to the oldest-first rule.

    Oldest first gives the same answer where a document has one instalment, or where its instalments were paid whole and
    in order; without `effective` they may become known in any order. Of the single ones every second document names it all
    the same, as systems differ.
    """
    inst, alloc = ledger.instalments, ledger.allocations
    doc = inst.doc[alloc.inst]
    single, by_habit = inst.of[alloc.inst] == 1, ledger.documents.serial[doc] % 2 == 0
    if effective is None:
        told_apart: Flags = ~single | by_habit
        return told_apart
    size = len(inst)
    uses = np.bincount(alloc.inst, minlength=size)
    whole = (alloc.cleared == inst.amount[alloc.inst]) & (alloc.void_day == NONE)
    clean = uses == np.bincount(alloc.inst[whole], minlength=size)
    day = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
    day[alloc.inst] = effective
    follows = inst.seq[1:] > 1
    wrong = ~clean | (uses > 1)
    wrong[1:] |= follows & (day[1:] < day[:-1])
    doc_wrong = np.zeros(len(ledger.documents), dtype=np.bool_)
    doc_wrong[inst.doc[wrong & (inst.of > 1)]] = True
    return np.where(single, by_habit, doc_wrong[doc])
