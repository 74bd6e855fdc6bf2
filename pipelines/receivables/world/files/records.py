"""What the files remember of each customer's word: debts left lying, paid after all or lost, cheques returned, years without a delay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow.compute as pc

from receivables.world.draws import NONE, Ints, as_date, below, sum_by
from receivables.world.files.contacts import payers
from receivables.world.files.contracts import guarantees
from receivables.world.files.facts import chance, drawing, entered
from receivables.world.files.vocabulary import HOME_LANGUAGE, RECORD_NOTES
from receivables.world.ids import customer_ids, every
from receivables.world.ledger import Ledger
from receivables.world.records import CURRENCIES, AllocKind, State, stack, take
from receivables.world.tables import Table, empty
from receivables.world.text import days, decimals, numbers, only, quoted, words

KINDS: Final = (
    "past_debt",
    "repayment",
    "default",
    "lawsuit",
    "bounced_instrument",
    "settlement",
    "responsible_person",
    "guarantee",
    "positive",
)
PAST_DEBT, REPAYMENT, DEFAULT, LAWSUIT, BOUNCED, SETTLEMENT, RESPONSIBLE, GUARANTEE, POSITIVE = range(len(KINDS))

SOURCES: Final = (
    "ledger",
    "ledger",
    "ledger",
    "lawyer",
    "bank",
    "lawyer",
    "collector",
    "contract",
    "ledger",
)
PAST_AFTER: Final = 120
"""Days late from which a debt is put on file."""

WORTH_NOTING: Final = 20
"""Of an instalment at least one part in so many must be open; short payments of a few cents are no debt on file."""

SUED_AFTER: Final = 330
SUED_MULTIPLE: Final = 1
"""Only what is worth so many median invoices of the customer is sued for."""

TOLD_WITHIN: Final = 12
FEWEST_OF_A_YEAR: Final = 5
PUNCTUAL_DAYS: Final = 15
SPARE_YEARS: Final = 2
"""What is invoiced last falls due after the as-of date."""

SAID_ON: Final = 17
"""Days into January: what fell due on the last day of the year has had its days of grace."""

RESPONSIBLE_PCT: Final = 60
NAMED: Final = (PAST_DEBT, DEFAULT, LAWSUIT, RESPONSIBLE)
"""Records that name somebody who answers for them."""


@dataclass(frozen=True)
class Records:
    """One element per record; amounts in cents of the customer's currency, `NONE` where there is none."""

    customer: Ints
    day: Ints
    kind: Ints
    amount: Ints


@dataclass(frozen=True)
class _Debts:
    """Instalments that were still owed long after their due date: row, customer, the day they were put on file, and the rest then."""

    inst: Ints
    customer: Ints
    day: Ints
    rest: Ints


def records(ledger: Ledger) -> Records:
    """Gather all records in the order of their days."""
    debts = _debts(ledger)
    sued = _sued(ledger, debts)
    found = (
        Records(debts.customer, debts.day, np.full(len(debts.day), PAST_DEBT), debts.rest),
        sued,
        *_ends(ledger, debts, sued),
        _bounced(ledger),
        _responsible(ledger, debts),
        _guaranteed(ledger),
        _positive(ledger),
    )
    made = stack(*found)
    return take(made, np.lexsort((made.amount, made.kind, made.customer, made.day)))


def _cleared_until(ledger: Ledger, day: Ints) -> Ints:
    """Sum what had been cleared of each instalment by the end of a day of its own."""
    alloc = ledger.allocations
    held = (alloc.day <= day[alloc.inst]) & ((alloc.void_day == NONE) | (alloc.void_day > day[alloc.inst]))
    return sum_by(alloc.inst[held], alloc.cleared[held], len(day))


def _debts(ledger: Ledger) -> _Debts:
    """Find the instalments of standing invoices that are still owed, at least in part, long after their due date."""
    documents, ends, copies = ledger.documents, ledger.outcomes, ledger.copies
    size, invoices = len(ends.due_day), len(copies.of)
    inst = ledger.instalments
    once = np.zeros(len(documents), dtype=np.bool_)
    once[:invoices] = (copies.of == NONE) | copies.rebills
    owed = once & (documents.state == State.POSTED)
    day = np.full(len(inst), np.iinfo(np.int64).max // 2, dtype=np.int64)
    day[:size] = ends.due_day + PAST_AFTER
    rest = inst.amount - _cleared_until(ledger, day)
    rows = np.flatnonzero(owed[inst.doc] & (day <= ledger.spec.as_of_day) & (rest * WORTH_NOTING > inst.amount))
    return _Debts(rows, documents.customer[inst.doc[rows]], day[rows], rest[rows])


def _sued(ledger: Ledger, debts: _Debts) -> Records:
    """Sue each customer once, over the first debt that is old and large enough."""
    rng = drawing(ledger, "lawsuits")
    day = debts.day - PAST_AFTER + SUED_AFTER + below(rng, 120, len(ledger.instalments))[debts.inst]
    on = np.zeros(len(ledger.instalments), dtype=np.int64)
    on[debts.inst] = day
    rest = (ledger.instalments.amount - _cleared_until(ledger, on))[debts.inst]
    large = rest >= SUED_MULTIPLE * ledger.customers.scale[debts.customer]
    rows = np.flatnonzero(large & (day <= ledger.spec.as_of_day))
    rows = rows[np.argsort(day[rows], kind="stable")]
    first = rows[np.unique(debts.customer[rows], return_index=True)[1]]
    return Records(debts.customer[first], day[first], np.full(len(first), LAWSUIT), rest[first])


def _ends(ledger: Ledger, debts: _Debts, sued: Records) -> list[Records]:
    """Write how debts on file end: paid after all, settled once the customer was sued, or given up."""
    alloc, size = ledger.allocations, ledger.spec.customers
    since = np.full(len(ledger.instalments), np.iinfo(np.int64).max, dtype=np.int64)
    since[debts.inst] = debts.day
    law = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
    law[sued.customer] = sued.day
    after = (alloc.void_day == NONE) & (alloc.day > since[alloc.inst]) & (alloc.cleared > 0)
    lost = np.flatnonzero((alloc.void_day == NONE) & (alloc.kind == AllocKind.WRITE_OFF))
    paid = np.flatnonzero(after & (alloc.kind == AllocKind.PAYMENT))
    ends = []
    for rows, usual in ((paid, REPAYMENT), (lost, DEFAULT)):
        customer = ledger.documents.customer[ledger.instalments.doc[alloc.inst[rows]]]
        settled = (usual == REPAYMENT) & (alloc.day[rows] > law[customer])
        kind = np.where(settled, SETTLEMENT, usual)
        ends.append(Records(customer, alloc.day[rows], kind, alloc.cleared[rows]))
    return ends


def _bounced(ledger: Ledger) -> Records:
    """Write the receipts that came back."""
    receipts = ledger.receipts
    rows = np.flatnonzero((receipts.reversal_day != NONE) & (receipts.customer != NONE))
    return Records(
        receipts.customer[rows], receipts.reversal_day[rows], np.full(len(rows), BOUNCED), receipts.amount[rows]
    )


def _responsible(ledger: Ledger, debts: _Debts) -> Records:
    """Write who answers for the first debt on file of most customers that have one."""
    rng = drawing(ledger, "responsible")
    order = np.argsort(debts.day, kind="stable")
    customer, first = np.unique(debts.customer[order], return_index=True)
    asked = chance(rng, RESPONSIBLE_PCT, ledger.spec.customers)[customer]
    customer, day = (
        customer[asked],
        debts.day[order][first][asked] + 2 + below(rng, 20, ledger.spec.customers)[customer[asked]],
    )
    return Records(customer, day, np.full(len(day), RESPONSIBLE), np.full(len(day), NONE))


def _guaranteed(ledger: Ledger) -> Records:
    """Write the guarantees that came with the contracts."""
    rows = np.flatnonzero(guarantees(ledger)[0] != NONE)
    return Records(rows, ledger.customers.since_day[rows], np.full(len(rows), GUARANTEE), np.full(len(rows), NONE))


def _positive(ledger: Ledger) -> Records:
    """Praise each calendar year in which enough fell due and nothing was paid more than a few days late; said in the next January."""
    spec, documents, ends = ledger.spec, ledger.documents, ledger.outcomes
    doc = ledger.instalments.doc[: len(ends.due_day)]
    first = as_date(spec.start_day).year - 1970
    years = as_date(spec.as_of_day).year - 1969 - first + SPARE_YEARS
    year = ends.due_day.astype("M8[D]").astype("M8[Y]").astype(np.int64) - first
    key = documents.customer[doc] * years + year
    prompt = (ends.end_day != NONE) & (ends.end_day <= ends.due_day + PUNCTUAL_DAYS)
    standing = documents.state[doc] == State.POSTED
    many = np.bincount(key[standing], minlength=spec.customers * years)
    late = np.bincount(key[standing & ~prompt], minlength=spec.customers * years)
    found = np.flatnonzero((many >= FEWEST_OF_A_YEAR) & (late == 0)).astype(np.int64)
    rows, day = found // years, _january(found % years + first + 1) + SAID_ON
    told = day <= spec.as_of_day
    size = int(np.count_nonzero(told))
    return Records(rows[told], day[told], np.full(size, POSITIVE), np.full(size, NONE))


def _january(year: Ints) -> Ints:
    return year.astype("M8[Y]").astype("M8[D]").astype(np.int64)


def integrity_record_table(ledger: Ledger) -> Iterator[Table]:
    """Write the records, each told some days after what it is about."""
    made, rng = records(ledger), drawing(ledger, "record words")
    size = len(made.day)
    home = np.full(size, HOME_LANGUAGE[ledger.spec.home], dtype=np.int64)
    # drawn for every customer and day of the month, so that no later record moves an earlier one
    drawn = below(rng, 60, ledger.spec.customers * 31)[made.customer * 31 + made.day % 31]
    note = empty(size)
    for kind, name in enumerate(KINDS):
        note = pc.coalesce(note, RECORD_NOTES[name].say(home, np.where(made.kind == kind, drawn, NONE)))
    named = np.isin(made.kind, NAMED)
    columns = {
        "record_id": numbers(every(size) + 1),
        "customer_id": customer_ids(made.customer),
        "event_date": days(made.day),
        "event_kind": words(list(KINDS), made.kind),
        "amount": only(decimals(made.amount, 2), made.amount != NONE),
        "currency": words(list(CURRENCIES), ledger.customers.currency[made.customer]),
        "responsible_contact_id": only(payers(ledger, made.customer, made.day), named),
        "source": words(list(SOURCES), made.kind),
        "note": quoted(note),
    }
    yield Table(columns, entered(ledger, made.day + 1 + drawn % TOLD_WITHIN))
