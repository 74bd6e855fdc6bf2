"""The sample ledger as Odoo books it: moves, receivable lines and partial reconciliations.

Odoo keeps cents and knows the as-of date only: what was taken back is gone, what has not happened yet is not there. An
item's cents in company currency follow its open rest, so that the rest in both currencies always agrees. Where a
receipt is worth more or less than what it clears, the difference is an entry of its own, as Odoo books it: its line has
no amount in a foreign currency and is reconciled with the line that has too much left.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.draws import NONE, Flags, Ints, at, running_before, sum_by
from receivables.world.ledger import Ledger
from receivables.world.records import LEDGER_CURRENCY, Kind, State, stack, take
from receivables.world.text import Text, joined, numbers, padded, words
from receivables.world.valuation import Values, receipt_local

PARTIALS_PER_USE: Final = 3
MATCHING_DAYS: Final = 5
"""Receipts younger than this are not on a bank statement yet: what they settle is `in_payment`."""


class Journal(IntEnum):
    """Where a move is booked; its name is the prefix of the number."""

    INV = 0
    RINV = 1
    PBNK1 = 2
    BNK1 = 3
    MISC = 4
    EXCH = 5


class MoveState(IntEnum):
    """State of a move and of its lines."""

    DRAFT = 0
    POSTED = 1
    CANCEL = 2


LINE_TEXTS: Final = (
    "Customer Payment",
    "Customer Reimbursement",
    "Early payment discount",
    "Write-off",
    "Currency exchange rate difference",
)
RECEIVED, RETURNED, DISCOUNT, WRITTEN_OFF, EXCHANGE = range(len(LINE_TEXTS))
JOURNALS: Final = (Journal.INV, Journal.RINV, Journal.BNK1)
"""By kind of document."""


@dataclass(frozen=True)
class Moves:
    """One element per move: the documents, the receipts, discounts and write-offs, exchange differences.

    `id` and `serial` come from the row of the document, receipt or allocation, so that later exports name the same move the same way.
    """

    id: Ints
    serial: Ints
    journal: Ints
    state: Ints
    day: Ints
    shown: Flags

    def __len__(self) -> int:
        return len(self.journal)


@dataclass(frozen=True)
class Lines:
    """One element per receivable line: signed cents, `seq` is `NONE` without instalments, `text` where it has a number."""

    id: Ints
    move: Ints
    customer: Ints
    due_day: Ints
    seq: Ints
    text: Ints
    currency: Ints
    amount: Ints
    balance: Ints

    def __len__(self) -> int:
        return len(self.move)


@dataclass(frozen=True)
class Partials:
    """One element per reconciliation of two lines, all amounts positive; `exchange` is a move or `NONE`."""

    id: Ints
    debit: Ints
    credit: Ints
    amount: Ints
    debit_amount: Ints
    credit_amount: Ints
    day: Ints
    exchange: Ints

    def __len__(self) -> int:
        return len(self.debit)


@dataclass(frozen=True)
class Standing:
    """What the as-of date makes of documents and receipts; `undone` documents have met their reversal."""

    state: Ints
    shown: Flags
    undone: Flags
    received: Flags
    bounced: Flags


@dataclass(frozen=True)
class _Used:
    """One element per allocation in effect: its two lines, and the cents it moves in company currency.

    `carrying` is taken from the target and `money` from the source; `given` is the part of the target that no source
    covers, a discount or a write-off, `given_doc` the same in document currency. `source` is `NONE` for a write-off.
    """

    row: Ints
    target: Ints
    source: Ints
    day: Ints
    carrying: Ints
    money: Ints
    given: Ints
    given_doc: Ints


@dataclass(frozen=True)
class Matching:
    """What of each line is open, in cents of both currencies, and how it is reconciled: full or as a group `P<n>`."""

    rest: Ints
    rest_local: Ints
    full: Ints
    group: Ints


@dataclass(frozen=True)
class Book:
    """The ledger as Odoo's tables, whose rows refer to one another by row number."""

    ledger: Ledger
    standing: Standing
    moves: Moves
    lines: Lines
    partials: Partials
    matching: Matching
    unmatched: Flags
    names: Text


def _same(value: int, like: Ints) -> Ints:
    return np.full(len(like), value, dtype=np.int64)


def keep(ledger: Ledger, values: Values) -> Book:
    """Turn the ledger into moves, lines and partials."""
    standing = _standing(ledger)
    alone = np.flatnonzero(np.bincount(ledger.instalments.doc, minlength=len(ledger.documents)) == 0)
    lines = stack(_instalment_lines(ledger), _single_lines(ledger, alone), _receipt_lines(ledger))
    moves = stack(_document_moves(ledger, standing), _receipt_moves(ledger, standing))
    single = _same(NONE, ledger.documents.serial)
    single[alone] = len(ledger.instalments) + np.arange(len(alone), dtype=np.int64)
    used = _used(ledger, values, standing, (lines, single))

    given = np.flatnonzero(used.given_doc > 0)
    own_lines, own_moves = len(lines), len(moves)
    lines, first = stack(lines, _given_lines(used, given, lines, own_moves)), own_lines
    covered = _covered(used, given, first)
    moves = stack(moves, _entries(Journal.MISC, used.day[given], own_moves + 2 * used.row[given], used.row[given]))

    paid, gap = _paid(ledger, used, lines, len(moves))
    differing = np.flatnonzero(gap)
    behind = used.row[used.source != NONE][differing]
    extra = replace(_exchange_lines(paid, gap, differing, lines), id=own_lines + 2 * behind + 1)
    exchanged = _exchanged(paid, gap[differing], extra, len(lines))
    lines = stack(lines, extra)
    moves = stack(moves, _entries(Journal.EXCH, paid.day[differing], own_moves + 2 * behind + 1, behind))

    uses = used.row[used.source != NONE]
    reversed_ = _reversed(ledger, standing, single)
    partials = stack(
        replace(covered, id=PARTIALS_PER_USE * used.row[given]),
        replace(paid, id=PARTIALS_PER_USE * uses + 1),
        replace(exchanged, id=PARTIALS_PER_USE * behind + 2),
        replace(reversed_, id=PARTIALS_PER_USE * len(ledger.allocations) + reversed_.debit),
    )
    partials = take(partials, np.argsort(partials.day, kind="stable").astype(np.int64))
    cancelled = moves.state[lines.move] == MoveState.CANCEL
    return Book(
        ledger=ledger,
        standing=standing,
        moves=moves,
        lines=lines,
        partials=partials,
        matching=_matching(lines, partials, cancelled),
        unmatched=_unmatched(ledger, used),
        names=move_names(moves),
    )


def _standing(ledger: Ledger) -> Standing:
    """Read states and visibility off the dates; an undated cancellation was always there."""
    docs, receipts, day = ledger.documents, ledger.receipts, ledger.spec.as_of_day
    draft, cancelled = docs.state == State.DRAFT, (docs.state == State.CANCELLED) & (docs.cancel_day <= day)
    state = np.select([draft, cancelled], [MoveState.DRAFT, MoveState.CANCEL], default=MoveState.POSTED)
    reversal = docs.reversed_by
    return Standing(
        state=state.astype(np.int64),
        shown=docs.post_day <= day,
        undone=(reversal != NONE) & (at(docs.post_day, reversal) <= day),
        received=receipts.pay_day <= day,
        bounced=(receipts.reversal_day != NONE) & (receipts.reversal_day <= day),
    )


def _instalment_lines(ledger: Ledger) -> Lines:
    inst, docs = ledger.instalments, ledger.documents
    return Lines(
        id=np.arange(len(inst), dtype=np.int64),
        move=inst.doc,
        customer=docs.customer[inst.doc],
        due_day=inst.due_day,
        seq=np.where(inst.of > 1, inst.seq, NONE),
        text=np.where(docs.kind[inst.doc] == Kind.REFUND, RETURNED, NONE),
        currency=docs.currency[inst.doc],
        amount=inst.amount,
        balance=inst.local,
    )


def _single_lines(ledger: Ledger, rows: Ints) -> Lines:
    """Give each document without instalments one line, due on its own date."""
    docs = ledger.documents
    return Lines(
        id=len(ledger.instalments) + np.arange(len(rows), dtype=np.int64),
        move=rows,
        customer=docs.customer[rows],
        due_day=docs.doc_day[rows],
        seq=_same(NONE, rows),
        text=_same(NONE, rows),
        currency=docs.currency[rows],
        amount=docs.amount[rows],
        balance=docs.local[rows],
    )


def _receipt_lines(ledger: Ledger) -> Lines:
    receipts = ledger.receipts
    rows = np.arange(len(receipts), dtype=np.int64)
    # a document has instalments or one line of its own
    lineless = len(ledger.documents) - len(np.unique(ledger.instalments.doc))
    return Lines(
        id=len(ledger.instalments) + lineless + rows,
        move=len(ledger.documents) + rows,
        customer=receipts.customer,
        due_day=receipts.pay_day,
        seq=_same(NONE, rows),
        text=_same(RECEIVED, rows),
        currency=receipts.currency,
        amount=-receipts.amount,
        balance=-receipt_local(ledger),
    )


def _document_moves(ledger: Ledger, standing: Standing) -> Moves:
    docs = ledger.documents
    journal = np.array(JOURNALS, dtype=np.int64)[docs.kind]
    rows = np.arange(len(docs), dtype=np.int64)
    return Moves(rows, rows + 1, journal=journal, state=standing.state, day=docs.post_day, shown=standing.shown)


def _receipt_moves(ledger: Ledger, standing: Standing) -> Moves:
    """Cancel the receipts that bounced, as Odoo does with a rejected payment."""
    pay_day = ledger.receipts.pay_day
    state = np.where(standing.bounced, MoveState.CANCEL, MoveState.POSTED).astype(np.int64)
    rows = np.arange(len(pay_day), dtype=np.int64)
    return Moves(
        id=len(ledger.documents) + rows,
        serial=rows + 1,
        journal=_same(Journal.PBNK1, pay_day),
        state=state,
        day=pay_day,
        shown=standing.received,
    )


def _entries(journal: Journal, day: Ints, ids: Ints, use: Ints) -> Moves:
    """Make posted entries that come from allocations in effect, so that all of them are seen; `use` is the allocation's row."""
    return Moves(
        id=ids,
        serial=use + 1,
        journal=_same(journal, day),
        state=_same(MoveState.POSTED, day),
        day=day,
        shown=np.ones(len(day), dtype=np.bool_),
    )


def _in_effect(ledger: Ledger, values: Values, standing: Standing) -> Flags:
    """Say which allocations stand on the as-of date: begun, not voided, and both ends posted."""
    alloc, docs, day = ledger.allocations, ledger.documents, ledger.spec.as_of_day
    counted = standing.shown & (standing.state == MoveState.POSTED) & ~standing.undone & (docs.reverses == NONE)
    held = standing.received & ~standing.bounced
    kept = (alloc.void_day == NONE) | (day < alloc.void_day)
    source = np.where(alloc.payment == NONE, True, np.append(held, False)[alloc.payment])
    source &= np.where(alloc.credit == NONE, True, np.append(counted, False)[alloc.credit])
    effect: Flags = (values.effective <= day) & kept & source & counted[ledger.instalments.doc[alloc.inst]]
    return effect


def _used(ledger: Ledger, values: Values, standing: Standing, places: tuple[Lines, Ints]) -> _Used:
    """Value the allocations in effect; `places` are the lines so far and the line of each single document."""
    lines, single = places
    row = np.flatnonzero(_in_effect(ledger, values, standing)).astype(np.int64)
    kept, day = take(ledger.allocations, row), values.effective[row]
    first_receipt = len(lines) - len(ledger.receipts)
    source = np.where(kept.payment != NONE, first_receipt + kept.payment, at(single, kept.credit))
    sourced = source != NONE
    carrying = _consumed(lines, kept.inst, day, kept.cleared)
    money = np.zeros(len(row), dtype=np.int64)
    money[sourced] = _consumed(lines, source[sourced], day[sourced], kept.drawn[sourced])
    discount = _share(kept.discount, np.abs(lines.amount[kept.inst]), np.abs(lines.balance[kept.inst]))
    return _Used(
        row=row,
        target=kept.inst,
        source=source,
        day=day,
        carrying=carrying,
        money=money,
        given=np.where(sourced, np.minimum(discount, carrying), carrying),
        given_doc=np.where(sourced, kept.discount, kept.cleared),
    )


def _share(part: Ints, whole: Ints, local: Ints) -> Ints:
    """Value a part of a line at the line's own ratio, in cents, rounded half up."""
    return (2 * part * local + whole) // (2 * whole)


def _consumed(lines: Lines, line: Ints, day: Ints, cents: Ints) -> Ints:
    """Value each use of a line in company currency: the line's rest before it less the rest after it."""
    order = np.lexsort((day, line)).astype(np.int64)
    used, item = cents[order], line[order]
    whole, local = np.abs(lines.amount[item]), np.abs(lines.balance[item])
    rest = whole - running_before(used, item)
    consumed = np.empty(len(order), dtype=np.int64)
    consumed[order] = _share(rest, whole, local) - _share(rest - used, whole, local)
    return consumed


def _given_lines(used: _Used, given: Ints, lines: Lines, first_move: int) -> Lines:
    """Credit the customer with each discount and write-off."""
    target = used.target[given]
    return Lines(
        id=len(lines) + 2 * used.row[given],
        move=first_move + np.arange(len(given), dtype=np.int64),
        customer=lines.customer[target],
        due_day=used.day[given],
        seq=_same(NONE, given),
        text=np.where(used.source[given] == NONE, WRITTEN_OFF, DISCOUNT),
        currency=lines.currency[target],
        amount=-used.given_doc[given],
        balance=-used.given[given],
    )


def _covered(used: _Used, given: Ints, first_line: int) -> Partials:
    """Reconcile discounts and write-offs with what they reduce."""
    return Partials(
        id=_same(NONE, given),
        debit=used.target[given],
        credit=first_line + np.arange(len(given), dtype=np.int64),
        amount=used.given[given],
        debit_amount=used.given_doc[given],
        credit_amount=used.given_doc[given],
        day=used.day[given],
        exchange=_same(NONE, given),
    )


def _paid(ledger: Ledger, used: _Used, lines: Lines, first_exchange: int) -> tuple[Partials, Ints]:
    """Reconcile what has a source; also return by how much the target's share is worth more than the source's.

    The smaller of the two is reconciled. In company currency an amount is its own document amount.
    """
    rows = np.flatnonzero(used.source != NONE)
    debit, credit, alloc = used.target[rows], used.source[rows], used.row[rows]
    owed, money = (used.carrying - used.given)[rows], used.money[rows]
    amount, gap = np.minimum(owed, money), owed - money
    cleared = ledger.allocations.cleared[alloc] - used.given_doc[rows]
    number = first_exchange + np.cumsum(gap != 0) - 1
    partials = Partials(
        id=_same(NONE, rows),
        debit=debit,
        credit=credit,
        amount=amount,
        debit_amount=np.where(lines.currency[debit] == LEDGER_CURRENCY, amount, cleared),
        credit_amount=np.where(lines.currency[credit] == LEDGER_CURRENCY, amount, ledger.allocations.drawn[alloc]),
        day=used.day[rows],
        exchange=np.where(gap != 0, number, NONE),
    )
    return partials, gap


def _exchange_lines(paid: Partials, gap: Ints, differing: Ints, lines: Lines) -> Lines:
    """Write the differences: a loss credits the target, a gain debits the source."""
    difference = gap[differing]
    fixed = np.where(difference > 0, paid.debit[differing], paid.credit[differing])
    currency = lines.currency[fixed]
    return Lines(
        id=_same(NONE, differing),
        move=paid.exchange[differing],
        customer=lines.customer[fixed],
        due_day=paid.day[differing],
        seq=_same(NONE, differing),
        text=_same(EXCHANGE, differing),
        currency=currency,
        amount=np.where(currency == LEDGER_CURRENCY, -difference, 0),
        balance=-difference,
    )


def _exchanged(paid: Partials, difference: Ints, extra: Lines, first_line: int) -> Partials:
    """Reconcile each difference with the line it corrects."""
    loss, own = difference > 0, first_line + np.arange(len(extra), dtype=np.int64)
    main = np.flatnonzero(paid.exchange != NONE)
    return Partials(
        id=_same(NONE, own),
        debit=np.where(loss, paid.debit[main], own),
        credit=np.where(loss, own, paid.credit[main]),
        amount=np.abs(difference),
        debit_amount=np.abs(extra.amount),
        credit_amount=np.abs(extra.amount),
        day=extra.due_day,
        exchange=_same(NONE, own),
    )


def _reversed(ledger: Ledger, standing: Standing, single: Ints) -> Partials:
    """Reconcile every instalment of an undone document with the reversal."""
    inst, docs = ledger.instalments, ledger.documents
    rows = np.flatnonzero(standing.undone[inst.doc])
    reversal = docs.reversed_by[inst.doc[rows]]
    return Partials(
        id=_same(NONE, rows),
        debit=rows,
        credit=single[reversal],
        amount=inst.local[rows],
        debit_amount=inst.amount[rows],
        credit_amount=inst.amount[rows],
        day=np.maximum(docs.post_day[inst.doc[rows]], docs.post_day[reversal]),
        exchange=_same(NONE, rows),
    )


def _unmatched(ledger: Ledger, used: _Used) -> Flags:
    """Say which documents were paid, wholly or in part, with money that is not on a bank statement yet."""
    payment = ledger.allocations.payment[used.row]
    fresh = (payment != NONE) & (ledger.receipts.pay_day[payment] > ledger.spec.as_of_day - MATCHING_DAYS)
    flags = np.zeros(len(ledger.documents), dtype=np.bool_)
    flags[ledger.instalments.doc[used.target[fresh]]] = True
    return flags


def _matching(lines: Lines, partials: Partials, cancelled: Flags) -> Matching:
    """Find what is left of each line, and number the groups: a full one by its highest partial, any other by its lowest."""
    size, number = len(lines), partials.id + 1
    lowered = sum_by(partials.debit, partials.debit_amount, size) - sum_by(
        partials.credit, partials.credit_amount, size
    )
    lowered_local = sum_by(partials.debit, partials.amount, size) - sum_by(partials.credit, partials.amount, size)
    rest = np.where(cancelled, 0, lines.amount - lowered)
    rest_local = np.where(cancelled, 0, lines.balance - lowered_local)
    root = _roots(partials.debit, partials.credit, size)
    first, last = _same(int(number.max(initial=0)) + 1, rest), _same(NONE, rest)
    np.minimum.at(first, root[partials.debit], number)
    np.maximum.at(last, root[partials.debit], number)
    unfinished = np.zeros(size, dtype=np.bool_)
    unfinished[root[(rest != 0) | (rest_local != 0)]] = True
    touched = last[root] != NONE
    return Matching(
        rest=rest,
        rest_local=rest_local,
        full=np.where(touched & ~unfinished[root], last[root], NONE),
        group=np.where(touched & unfinished[root], first[root], NONE),
    )


def _roots(one: Ints, other: Ints, size: int) -> Ints:
    """Find the first line of each group of connected lines: hook the later root below the earlier one until none is left."""
    root = np.arange(size, dtype=np.int64)
    while True:
        left, right = root[one], root[other]
        apart = left != right
        if not apart.any():
            return root
        np.minimum.at(root, np.maximum(left, right)[apart], np.minimum(left, right)[apart])
        while (root[root] != root).any():
            root = root[root]


def years(day: Ints) -> Ints:
    """Find the calendar year of each day."""
    return day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970


def move_names(moves: Moves) -> Text:
    """Number the moves per journal, with the year before the number; a draft has no number yet."""
    named = moves.shown & (moves.state != MoveState.DRAFT)
    prefix = words([journal.name for journal in Journal], moves.journal)
    return pc.if_else(
        pa.array(named), joined([prefix, numbers(years(moves.day)), padded("", moves.serial, 5)], "/"), "/"
    )
