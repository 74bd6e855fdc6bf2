"""Entries of the collection log that show what was planted: promises broken in a row, money said to be paid, changes at the customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from receivables.world.dealings.contacts import CLAIM_DAYS, GRACE_DAYS, promise_outcome
from receivables.world.dealings.ends import FAR, Ends
from receivables.world.dealings.entries import OFFICE_SECONDS, OPENS, Channel, Entries, Entry, Outcome, entries
from receivables.world.dealings.notes import Said
from receivables.world.draws import NONE, Flags, Ints, below, next_weekday, stream
from receivables.world.ledger import Ledger
from receivables.world.plants import Plant, PlantKind

PROMISED_DAYS: Final = (7, 2)
"""How far ahead the planted promises are; the shorter where money comes too soon for the longer."""

BROKEN: Final = 4
"""Promises broken in each window; one more than makes a habit."""

CHANGES: Final = {
    PlantKind.CONTACT_CHANGE: Said.NEW_CONTACT,
    PlantKind.SIGNATORY_CHANGE: Said.NEW_SIGNATORY,
    PlantKind.ADDRESS_CHANGE: Said.NEW_ADDRESS,
    PlantKind.ORGANISATION_ABOLISHED: Said.ABOLISHED,
}


def planted(ledger: Ledger, found: Ends) -> list[Entries]:
    """List the entries of all plants that show in the log."""
    return [_broken_promises(ledger, found), _claims(ledger, found), _changes(ledger)]


def _weekday(day: int) -> int:
    return int(next_weekday(np.array([day], dtype=np.int64))[0])


def _entries(ledger: Ledger, name: str, rows: list[tuple[int, int, int]]) -> tuple[Entries, np.random.Generator]:
    """Make the entries of (customer, instalment, day) rows, most of them calls."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3)
    rng = stream(ledger.spec.seed, name)
    second = OPENS + below(rng, OFFICE_SECONDS, len(columns))
    channel = np.where(below(rng, 4, len(columns)) == 0, Channel.VISIT, Channel.CALL).astype(np.int64)
    return replace(entries(columns[:, 0], columns[:, 1], columns[:, 2], second), channel=channel), rng


def _unpaid(found: Ends, own: Ints, day: int, until: int) -> Flags:
    """Say which instalments are owed on a day and see no money until another."""
    money = np.zeros(len(own), dtype=np.bool_)
    for came in (found.part_day[own], found.tried[own]):
        money |= (came >= day) & (came <= until)
    owed: Flags = (found.since[own] < day) & (found.closed[own] > until) & (found.cash[own] > until) & ~money
    return owed


def _best(found: Ends, own: Ints, day: int, until: int) -> int:
    """Choose what is owed from a day to another, overdue before not yet due, the oldest first; `NONE` if there is nothing."""
    rows = own[_unpaid(found, own, day, until)]
    if not len(rows):
        return NONE
    due = found.due[rows]
    return int(rows[np.lexsort((due, due >= day))[0]])


def _broken_promises(ledger: Ledger, found: Ends) -> Entries:
    """Break promise after promise through each window."""
    rows, promised = [], []
    for plant in ledger.plants.of(PlantKind.BROKEN_PROMISES):
        own = np.flatnonzero(found.customer == plant.customer)
        for day, ahead, row in _promises(found, own, plant):
            rows.append((plant.customer, row, day))
            promised.append(ahead)
    made, _ = _entries(ledger, "broken promises", rows)
    days, one = np.array(promised, dtype=np.int64), np.ones(len(rows), dtype=np.int64)
    outcome, known = promise_outcome(found, made.inst, made.day, days)
    return replace(
        made,
        kind=one * Entry.PROMISE,
        promised=days,
        cents=found.rest(made.inst, made.day, ledger.instalments.amount[made.inst]),
        outcome=outcome,
        closed=known,
        said=one * Said.PROMISE,
    )


def _promises(found: Ends, own: Ints, plant: Plant) -> list[tuple[int, int, int]]:
    """Spread the promises over the days of the window on which there is something to break one about: day, promised day, instalment."""
    choices = []
    for day in range(plant.day + 3, plant.until - PROMISED_DAYS[0] - GRACE_DAYS - 4):
        for ahead in PROMISED_DAYS if _weekday(day) == day else ():
            promised = _weekday(day + ahead)
            row = _best(found, own, day, promised + GRACE_DAYS)
            if row != NONE:
                choices.append((day, promised, row))
                break
    places = sorted({place * (len(choices) - 1) // (BROKEN - 1) for place in range(BROKEN)} if choices else ())
    return [choices[place] for place in places]


def _claims(ledger: Ledger, found: Ends) -> Entries:
    """Say twice that something is paid, when no money comes for longest."""
    rows = [row for plant in ledger.plants.of(PlantKind.CLAIMED_PAYMENT) for row in _claimed(ledger, found, plant)]
    made, rng = _entries(ledger, "claimed payments", rows)
    one = np.ones(len(rows), dtype=np.int64)
    return replace(
        made,
        kind=one * Entry.PAYMENT_CLAIM,
        confidence=30 + below(rng, 40, len(rows)),
        outcome=one * Outcome.NOT_FOUND,
        closed=next_weekday(made.day + CLAIM_DAYS),
        said=one * Said.PAID_ALREADY,
    )


def _claimed(ledger: Ledger, found: Ends, plant: Plant) -> Iterator[tuple[int, int, int]]:
    """Choose what is said to be paid, and when: best overdue and unpaid to the window's end, then the longer without any money."""
    own, receipts = np.flatnonzero(found.customer == plant.customer), ledger.receipts
    came = np.append(np.sort(receipts.pay_day[receipts.customer == plant.customer]), FAR)
    choices = []
    for day in range(plant.day + 2, plant.until - CLAIM_DAYS - 2):
        if _weekday(day) != day:
            continue
        nothing = min(int(came[np.searchsorted(came, day)]), plant.until + 1) - day
        for lasting, until in ((True, plant.until), (False, day + CLAIM_DAYS + 2)):
            row = _best(found, own, day, until)
            if row != NONE:
                choices.append((lasting, bool(found.due[row] < day), nothing, -day, row))
    if choices:
        lasting, _, nothing, before, row = max(choices)
        again = _weekday(5 - before)
        yield (plant.customer, row, -before)
        if again + CLAIM_DAYS <= (plant.until if lasting else nothing - before):
            yield (plant.customer, row, again)


def _changes(ledger: Ledger) -> Entries:
    """Report changes at the customer; that an office was abolished is reported twice."""
    rows, said = [], []
    for plant in ledger.plants.of(*CHANGES):
        times = 2 if plant.kind == PlantKind.ORGANISATION_ABOLISHED else 1
        for time in range(times):
            rows.append((plant.customer, NONE, _weekday(plant.day + 4 + plant.customer % 12 + 13 * time)))
            said.append(CHANGES[plant.kind])
    made, rng = _entries(ledger, "changes reported", rows)
    one = np.ones(len(rows), dtype=np.int64)
    return replace(
        made,
        kind=one * Entry.CHANGE_REPORT,
        confidence=70 + below(rng, 30, len(rows)),
        said=np.array(said, dtype=np.int64),
    )
