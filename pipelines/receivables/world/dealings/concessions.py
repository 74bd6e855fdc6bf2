"""What customers ask for when they cannot or will not pay in time - later, in parts, or less - and what they are granted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import IntEnum
from typing import Final

import numpy as np

from receivables.world.customers import CustomerType
from receivables.world.dealings.ends import Ends, edited, ends, last_office_day
from receivables.world.draws import NONE, Dial, Flags, Ints, below, next_weekday, pick, quota, stream, weekday
from receivables.world.ids import customer_ids, document_ids, every
from receivables.world.ledger import Ledger
from receivables.world.names import salespeople
from receivables.world.plants import Plant, PlantKind
from receivables.world.records import stack, take
from receivables.world.tables import Later, Slices, Table, empty, whole
from receivables.world.text import days, decimals, only, padded, words

LARGE_CENTS: Final = 500_000
"""What is worth more, in ledger currency, needs the leave of the head of credit."""

HEAD_OF_CREDIT: Final = "Dirección de riesgos"
IN_VAIN: Final = Dial(80, 4)
"""Of the late instalments of customers in hardship or a chain of debt: those they ask a favour for that is refused."""

IN_PARTS: Final = Dial(350, 3)
"""Of their instalments that are paid in two parts: those where that was agreed."""

FOR_LESS: Final = Dial(250, 3)
"""Of the hardship's credit notes: those that were begged for."""

LATE_DAYS: Final = 20
ASKED_AFTER: Final = (6, 52, 97)
"""Days into its window on which a punctual payer begins to ask."""

DEFERRED_DAYS: Final = 20


class Favour(IntEnum):
    """What is asked, as `concession.kind` spells it."""

    DEFERRAL = 0
    INSTALMENTS = 1
    REDUCTION = 2


@dataclass(frozen=True)
class Requests:
    """One element per request; days and cents that are not stated are `NONE`.

    `inst` is a row of the instalments or `NONE` for the account, `granted` the day it is granted (`NONE`: it is not), `answered` the day
    the customer hears.
    """

    customer: Ints
    inst: Ints
    kind: Ints
    requested: Ints
    granted: Ints
    answered: Ints
    old_due: Ints
    new_due: Ints
    cents: Ints

    def __len__(self) -> int:
        """Count the requests."""
        return len(self.inst)


def granted_days(ledger: Ledger) -> Ints:
    """Say on which day each put-off due date is told: the day it is granted, or the day it is edited; `NONE` where it was not put off."""
    told = np.full(len(ledger.instalments), NONE, dtype=np.int64)
    rows, _, granted = _put_off(ledger)
    told[rows] = granted
    return told


def requests(ledger: Ledger, found: Ends) -> Requests:
    """List all requests in the order they were made."""
    asked = stack(
        _granted(ledger, found),
        _refused(ledger, found),
        _agreed_parts(ledger, found),
        _agreed_less(ledger, found),
        _of_plants(ledger, found),
    )
    asked = take(asked, asked.requested <= ledger.spec.as_of_day)
    return take(asked, np.argsort(asked.requested, kind="stable"))


def concession(ledger: Ledger) -> Slices:
    """Write every request; what became of it is told when it is granted."""
    asked = requests(ledger, ends(ledger))
    size, inst, account = len(asked), ledger.instalments, asked.inst == NONE
    people = [*salespeople(ledger.spec.only_codepage), HEAD_OF_CREDIT]
    large = ~account & (inst.local[asked.inst] > LARGE_CENTS)
    by = np.where(large, len(people) - 1, ledger.customers.salesperson[asked.customer])
    granted = asked.granted != NONE
    columns = {
        "concession_id": padded("CN-", every(size) + 1, 6),
        "customer_id": customer_ids(asked.customer),
        "doc_id": document_ids(ledger, np.where(account, NONE, inst.doc[asked.inst])),
        "kind": words([favour.name.lower() for favour in Favour], asked.kind),
        "requested": days(asked.requested),
        "granted": days(asked.granted),
        "approved_by": only(words(people, by), granted),
        "old_due": days(asked.old_due),
        "new_due": days(asked.new_due),
        "amount_doc": only(decimals(asked.cents, 2), asked.cents != NONE),
    }
    later = {name: Later(asked.granted, empty(size)) for name in ("granted", "approved_by", "new_due")}
    return whole(Table(columns, asked.requested, later))


def _put_off(ledger: Ledger) -> tuple[Ints, Ints, Ints]:
    """Give the instalments whose due date was put off, the day that was asked for and the day it was done; an edit is never asked for."""
    inst, rng = ledger.instalments, stream(ledger.spec.seed, "put off")
    rows = np.flatnonzero(inst.due_day != inst.due_original).astype(np.int64)
    posted, last = ledger.documents.post_day[inst.doc[rows]], last_office_day(ledger.spec.as_of_day)
    original = inst.due_original[rows]
    asked = next_weekday(np.maximum(original - 12 + below(rng, 20, len(rows)), posted))
    asked = np.minimum(asked, last)
    granted = np.minimum(next_weekday(asked + 1 + below(rng, 4, len(rows))), ledger.spec.as_of_day)
    edit = np.minimum(np.maximum(next_weekday(original + 4 + below(rng, 18, len(rows))), posted), ledger.spec.as_of_day)
    is_edit = edited(ledger)[rows]
    return rows, np.where(is_edit, NONE, asked), np.where(is_edit, edit, granted)


def _requests(ledger: Ledger, kind: Ints, inst: Ints, requested: Ints, granted: Ints) -> Requests:
    """Make requests about instalments for all that is due; nothing is agreed yet about when."""
    none = np.full(len(inst), NONE, dtype=np.int64)
    parts, documents = ledger.instalments, ledger.documents
    return Requests(
        customer=documents.customer[parts.doc[inst]],
        inst=inst,
        kind=kind,
        requested=requested,
        granted=granted,
        answered=np.where(granted == NONE, next_weekday(requested + 2 + inst % 5), granted),
        old_due=parts.due_original[inst],
        new_due=none,
        cents=parts.amount[inst],
    )


def _granted(ledger: Ledger, found: Ends) -> Requests:
    """Ask for the due dates that were put off."""
    del found
    rows, asked, granted = _put_off(ledger)
    rows, asked, granted = (column[asked != NONE] for column in (rows, asked, granted))
    made = _requests(ledger, np.full(len(rows), Favour.DEFERRAL, dtype=np.int64), rows, asked, granted)
    return replace(made, new_due=ledger.instalments.due_day[rows])


def _hard_pressed(ledger: Ledger, found: Ends) -> Flags:
    """Mark the instalments of customers that cannot pay what they would, unless their due date was put off anyway."""
    kinds = ledger.customers.type[found.customer]
    inst, size = ledger.instalments, len(found.customer)
    own = inst.due_day[:size] == inst.due_original[:size]
    dated = inst.due_original[:size] != NONE
    pressed: Flags = np.isin(kinds, (CustomerType.HARDSHIP, CustomerType.CHAIN_DEBT)) & own & dated & (found.closed > 0)
    return pressed


def _refused(ledger: Ledger, found: Ends) -> Requests:
    """Let customers under pressure ask in vain for time, for parts, or for less."""
    rng, size = stream(ledger.spec.seed, "refused"), len(found.customer)
    late = _hard_pressed(ledger, found) & (found.closed > found.due + LATE_DAYS)
    asked = next_weekday(np.maximum(found.due - 5 + below(rng, LATE_DAYS, size), found.since))
    inst = np.flatnonzero(pick(rng, late & (asked < found.closed), IN_VAIN)).astype(np.int64)
    kind = quota(rng, len(inst), (45, 40, 15))
    made = _requests(ledger, kind, inst, asked[inst], np.full(len(inst), NONE, dtype=np.int64))
    less = made.cents * (100 + below(rng, 250, len(inst))) // 1000
    return replace(made, cents=np.where(kind == Favour.REDUCTION, less, made.cents))


def _agreed_parts(ledger: Ledger, found: Ends) -> Requests:
    """Agree on parts with those who then pay in parts."""
    rng, size = stream(ledger.spec.seed, "agreed parts"), len(found.customer)
    asked = next_weekday(found.part_day - 16 + below(rng, 8, size))
    could = _hard_pressed(ledger, found) & (found.part_day != NONE) & (asked >= found.since)
    inst = np.flatnonzero(pick(rng, could, IN_PARTS)).astype(np.int64)
    granted = next_weekday(asked[inst] + 1 + below(rng, 3, len(inst)))
    made = _requests(ledger, np.full(len(inst), Favour.INSTALMENTS, dtype=np.int64), inst, asked[inst], granted)
    last_part = next_weekday(np.maximum(made.old_due, granted) + 40 + below(rng, 30, len(inst)))
    return replace(made, new_due=last_part)


def _agreed_less(ledger: Ledger, found: Ends) -> Requests:
    """Let some credit notes of customers in hardship be what they begged for."""
    rng = stream(ledger.spec.seed, "agreed less")
    hardship = ledger.customers.type[found.customer] == CustomerType.HARDSHIP
    could = hardship & (found.credited > 0) & (found.credit_day > found.since + 2) & (found.closed > 0)
    inst = np.flatnonzero(pick(rng, could & _hard_pressed(ledger, found), FOR_LESS)).astype(np.int64)
    # credits are written on working days, whenever they are used
    day = found.credit_day[inst] - np.maximum(weekday(found.credit_day[inst]) - 4, 0)
    asked = np.minimum(next_weekday(np.maximum(day - 7, found.since[inst])), day)
    made = _requests(ledger, np.full(len(inst), Favour.REDUCTION, dtype=np.int64), inst, asked, day)
    return replace(made, cents=found.credited[inst])


def _of_plants(ledger: Ledger, found: Ends) -> Requests:
    """Realise the plants whose sign is a request."""
    rows = [
        *_punctual(ledger, found, PlantKind.PUNCTUAL_ASKS_DEFERRAL, Favour.DEFERRAL),
        *_punctual(ledger, found, PlantKind.PUNCTUAL_ASKS_INSTALMENTS, Favour.INSTALMENTS),
        *_overruns(ledger, found),
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, len(fields(Requests))).T
    return Requests(*columns)


def _punctual(ledger: Ledger, found: Ends, kind: PlantKind, favour: Favour) -> Iterator[tuple[int, ...]]:
    """Let punctual payers ask again and again, each time about what is open that day; they are refused and pay."""
    inst = ledger.instalments
    for plant in ledger.plants.of(kind):
        own, used = np.flatnonzero(found.customer == plant.customer), set()
        for after in ASKED_AFTER:
            asked = int(next_weekday(np.array([plant.day + after]))[0])
            going = own[(found.since[own] <= asked) & (found.closed[own] > asked)]
            rows = [int(row) for row in going if int(row) not in used]
            answered = int(next_weekday(np.array([asked + 3]))[0])
            row = rows[-1] if rows else NONE
            used.add(row)
            due, cents = (int(inst.due_day[row]), int(inst.amount[row])) if rows else (NONE, NONE)
            yield (plant.customer, row, favour, asked, NONE, answered, due, NONE, cents)


def _overruns(ledger: Ledger, found: Ends) -> Iterator[tuple[int, ...]]:
    """Grant time on an instalment of the plant's window that will not be paid by then either."""
    inst, documents, size = ledger.instalments, ledger.documents, len(found.customer)
    doc_day = documents.doc_day[inst.doc[:size]]
    plain = (inst.due_day[:size] == inst.due_original[:size]) & (inst.due_original[:size] != NONE)
    for plant in ledger.plants.of(PlantKind.CONCESSION_OVERRUN):
        own = np.flatnonzero(plain & (found.customer == plant.customer) & (found.closed > found.due + 1))
        dated = own[(doc_day[own] >= plant.day) & (doc_day[own] <= plant.until) & (found.since[own] < plant.until - 3)]
        chosen = _latest(found, dated) if len(dated) else _latest(found, _open_in(found, own, plant))
        if chosen != NONE:
            yield _overrun(ledger, found, plant, chosen)


def _open_in(found: Ends, own: Ints, plant: Plant) -> Ints:
    """Fall back on what is of older date and still open in the window."""
    asked = np.maximum(found.since[own], plant.day) + 7
    return own[(asked < plant.until) & (found.closed[own] > asked)]


def _latest(found: Ends, rows: Ints) -> int:
    """Choose the instalment that ends longest after its due date."""
    return int(rows[np.argmax(found.closed[rows] - found.due[rows])]) if len(rows) else NONE


def _overrun(ledger: Ledger, found: Ends, plant: Plant, row: int) -> tuple[int, ...]:
    """Put the due date off by a few weeks, or by less where the instalment ends before."""
    due, until = int(found.due[row]), min(plant.until, ledger.spec.as_of_day)
    first = max(int(found.since[row]), plant.day)
    asked = int(next_weekday(np.array([max(first, min(due - 6, until - 8))]))[0])
    granted = int(next_weekday(np.array([asked + 1]))[0])
    starts = max(due, granted)
    new_due = starts + min(DEFERRED_DAYS, max((int(found.closed[row]) - starts) // 2, 1))
    cents = int(ledger.instalments.amount[row])
    return (plant.customer, row, Favour.DEFERRAL, asked, granted, granted, due, new_due, cents)
