"""The collection log: everything that was said about debts, in the order it was said."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa

from receivables.world.customers import CustomerType
from receivables.world.dealings.concessions import Favour, requests
from receivables.world.dealings.contacts import contacts, dispute_entries
from receivables.world.dealings.ends import Ends, ends
from receivables.world.dealings.entries import (
    COSTS,
    OFFICE_SECONDS,
    OPENS,
    Channel,
    Entries,
    Entry,
    Outcome,
    entries,
    joined,
)
from receivables.world.dealings.notes import Excuse, Said, languages, spoken
from receivables.world.dealings.planted import planted
from receivables.world.draws import NONE, Ints, below, stream
from receivables.world.files import payers
from receivables.world.ids import collector_ids, customer_ids, document_ids
from receivables.world.ledger import Ledger
from receivables.world.records import CURRENCIES, labels, take
from receivables.world.tables import Later, Slices, Table, empty, sliced
from receivables.world.text import Text, days, decimals, numbers, only, words

COLLECTORS = 6
DAY_SECONDS = 86_400


def collection_log(ledger: Ledger) -> Slices:
    """Write the log; what comes of an entry is told when it is known."""
    logged = log_entries(ledger)
    return sliced(len(logged), partial(_written, ledger, logged, languages(ledger)))


def log_entries(ledger: Ledger) -> Entries:
    """Gather all entries up to the as-of date."""
    found = ends(ledger)
    pieces = [
        *contacts(ledger, found),
        dispute_entries(ledger, found),
        _request_entries(ledger, found),
        *planted(ledger, found),
    ]
    return joined([take(piece, np.flatnonzero(piece.day <= ledger.spec.as_of_day)) for piece in pieces])


def _request_entries(ledger: Ledger, found: Ends) -> Entries:
    """Log every request for time, parts or less."""
    rng, asked = stream(ledger.spec.seed, "requests logged"), requests(ledger, found)
    # what a punctual payer is granted it arranged with the salesperson, before anybody had to collect
    punctual = ledger.customers.type[asked.customer] == CustomerType.PUNCTUAL
    asked = take(asked, ~punctual | (asked.granted == NONE))
    size = len(asked)
    made = entries(asked.customer, asked.inst, asked.requested, OPENS + below(rng, OFFICE_SECONDS, size))
    deferral, less = asked.kind == Favour.DEFERRAL, asked.kind == Favour.REDUCTION
    said = np.where(deferral, Said.ASKS_TIME, np.where(less, Said.ASKS_LESS, Said.ASKS_PARTS))
    return replace(
        made,
        kind=np.where(deferral, Entry.DEFERRAL_REQUEST, Entry.INSTALMENT_REQUEST).astype(np.int64),
        channel=np.array([Channel.CALL, Channel.EMAIL, Channel.EMAIL, Channel.LETTER])[below(rng, 4, size)],
        promised=asked.new_due,
        cents=asked.cents,
        outcome=np.where(asked.granted == NONE, Outcome.REFUSED, Outcome.GRANTED).astype(np.int64),
        closed=asked.answered,
        said=said.astype(np.int64),
    )


def _written(ledger: Ledger, logged: Entries, language: Ints, rows: Ints) -> Table:
    """Write some entries as cells."""
    found, customers = take(logged, rows), ledger.customers
    size, inst = len(rows), ledger.instalments
    account = found.inst == NONE
    doc = np.where(account, NONE, inst.doc[found.inst])
    promise = found.kind == Entry.PROMISE
    currency = np.where(promise, ledger.documents.currency[doc], NONE)
    closed = np.where(
        found.closed == NONE, NONE, found.closed * DAY_SECONDS + OPENS + OFFICE_SECONDS + found.second % 3600
    )
    columns = {
        "log_id": numbers(rows + 1),
        "customer_id": customer_ids(found.customer),
        "doc_id": document_ids(ledger, doc),
        "logged_at": _times(found.day * DAY_SECONDS + found.second),
        "collector_id": collector_ids(customers.territory[found.customer] % COLLECTORS),
        "channel": words(labels(Channel), found.channel),
        "contact_id": only(payers(ledger, found.customer, found.day), found.kind != Entry.ATTEMPT),
        "entry_kind": words(labels(Entry), found.kind),
        "excuse_code": words(labels(Excuse), found.excuse),
        "confidence": only(decimals(found.confidence, 2), found.confidence != NONE),
        "promised_date": days(np.where(promise, found.promised, NONE)),
        "promised_amount": only(decimals(found.cents, 2), promise),
        "currency": words(list(CURRENCIES), currency),
        "outcome": words([outcome.replace("_", " ") for outcome in labels(Outcome)], found.outcome),
        "closed_at": _times(closed),
        "cost": decimals(np.array(COSTS, dtype=np.int64)[found.channel], 2),
        "note": spoken(found.said, found.way, language[found.customer]),
    }
    later = {name: Later(found.closed, empty(size)) for name in ("outcome", "closed_at")}
    return Table(columns, found.day, later)


def _times(seconds: Ints) -> Text:
    """Write seconds since 1970 as timestamps; `NONE` stays empty."""
    return pa.array(seconds, mask=seconds == NONE).cast(pa.timestamp("s")).cast(pa.string())
