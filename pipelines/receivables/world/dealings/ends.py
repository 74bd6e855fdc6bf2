"""When there is nothing more to ask a customer for: the end of every instalment as the ledger has it, or will have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from receivables.world.bands import Cause
from receivables.world.customers import CustomerType
from receivables.world.draws import NONE, Flags, Ints, at, sum_by, weekday
from receivables.world.ledger import Ledger
from receivables.world.plants import PlantKind
from receivables.world.records import AllocKind, State, Tag

FAR: Final = 1 << 40
"""Later than any day: it never comes."""


@dataclass(frozen=True)
class Ends:
    """One element per instalment of an invoice.

    It may be asked for from `since` to the day before `closed`; `due` is the day its lateness counts from. `cash` is the day the last money
    comes (`FAR`: none does), also after the as-of date. Of a part paid before: day and cents; of a payment that bounced: the day it came
    and the day it went back; of a credit set against it: day and cents (days `NONE`: there is none).
    """

    customer: Ints
    since: Ints
    due: Ints
    cash: Ints
    closed: Ints
    part_day: Ints
    part: Ints
    tried: Ints
    back: Ints
    credit_day: Ints
    credited: Ints

    def rest(self, rows: Ints, day: Ints, amount: Ints) -> Ints:
        """Say how many cents of the instalments of `rows`, worth `amount`, are still owed on a day."""
        credited = np.where((self.credit_day[rows] != NONE) & (self.credit_day[rows] <= day), self.credited[rows], 0)
        paid = np.where((self.part_day[rows] != NONE) & (self.part_day[rows] < day), self.part[rows], 0)
        left: Ints = np.maximum(amount - credited - paid, 1)
        return left


def ends(ledger: Ledger) -> Ends:
    """Read the ends off the ledger; what has not ended by the as-of date ends as it is bound to."""
    inst, documents, alloc, size = ledger.instalments, ledger.documents, ledger.allocations, len(ledger.outcomes.cause)
    doc = inst.doc[:size]
    paid = (alloc.kind == AllocKind.PAYMENT) & (alloc.inst < size)
    standing, in_part = alloc.void_day == NONE, alloc.tag == Tag.PART
    final, part, bounced = paid & standing & ~in_part, paid & standing & in_part, paid & ~standing
    came = at(ledger.receipts.pay_day, alloc.payment)
    by_note = (alloc.kind == AllocKind.CREDIT_NOTE) & (alloc.inst < size)
    credited = sum_by(alloc.inst[by_note], alloc.cleared[by_note], size)
    credit_day = _placed(alloc.inst, alloc.day, by_note, size)
    given_up = _placed(alloc.inst, alloc.day, alloc.kind == AllocKind.WRITE_OFF, size)
    cash = _placed(alloc.inst, came, final, size)
    whole = np.where(credited >= inst.amount[:size], credit_day, NONE)
    open_still = (documents.state[doc] == State.POSTED) & (cash == NONE) & (given_up == NONE) & (whole == NONE)
    later, cause = np.maximum(ledger.outcomes.end_day, ledger.spec.as_of_day + 1), ledger.outcomes.cause
    cash = _far(np.where(open_still & (cause == Cause.CASH), later, cash))
    given_up = _far(np.where(open_still & (cause == Cause.LOSS), later, given_up))
    closed = np.minimum(np.minimum(cash, given_up), np.minimum(_far(whole), _undone(ledger)[doc]))
    put_off = (inst.due_day[:size] != inst.due_original[:size]) & ~edited(ledger)
    return Ends(
        customer=documents.customer[doc],
        since=documents.post_day[doc],
        due=np.where(put_off, inst.due_day[:size], ledger.outcomes.due_day),
        cash=cash,
        closed=closed,
        part_day=_placed(alloc.inst, came, part, size),
        part=sum_by(alloc.inst[part], alloc.cleared[part], size),
        tried=_placed(alloc.inst, came, bounced, size),
        back=_placed(alloc.inst, alloc.void_day, bounced, size),
        credit_day=credit_day,
        credited=credited,
    )


def _placed(inst: Ints, day: Ints, which: Flags, size: int) -> Ints:
    """Put the days of the marked allocations at their instalments."""
    placed = np.full(size, NONE, dtype=np.int64)
    placed[inst[which]] = day[which]
    return placed


def _far(day: Ints) -> Ints:
    return np.where(day == NONE, FAR, day)


def _undone(ledger: Ledger) -> Ints:
    """Say from which day on each document counts no more; drafts never did."""
    documents = ledger.documents
    never = (documents.state == State.DRAFT) | ((documents.state == State.CANCELLED) & (documents.cancel_day == NONE))
    reversed_day = at(documents.post_day, documents.reversed_by)
    return np.select(
        [never, documents.state == State.CANCELLED, documents.state == State.REVERSED],
        [np.zeros(len(documents), dtype=np.int64), documents.cancel_day, reversed_day],
        default=FAR,
    )


def edited(ledger: Ledger) -> Flags:
    """Say which due dates of invoices were changed with nobody's leave."""
    size, inst, documents = len(ledger.outcomes.cause), ledger.instalments, ledger.documents
    doc = inst.doc[:size]
    marked = ledger.plants.marked(
        PlantKind.DUE_DATE_EDIT, documents.customer[doc], documents.doc_day[doc], len(ledger.customers.name)
    )
    found: Flags = marked & (inst.due_day[:size] != inst.due_original[:size])
    return found


def behaviour(ledger: Ledger, customer: Ints, doc_day: Ints) -> Ints:
    """Say as what type each customer behaves about a document: a malicious one is punctual as long as that serves it."""
    kinds = ledger.customers.type[customer]
    harmless = (kinds == CustomerType.MALICIOUS) & (doc_day < ledger.customers.turn_day[customer])
    return np.where(harmless, CustomerType.PUNCTUAL, kinds).astype(np.int64)


def last_office_day(day: int) -> int:
    """Go back to the last day of work."""
    return int(day - max(int(weekday(np.array([day]))[0]) - 4, 0))
