"""Statements sent to customers for confirmation, and the balances other records state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from receivables.world.customers import CustomerType
from receivables.world.dealings.ends import behaviour
from receivables.world.draws import (
    NONE,
    UNITS_PER_CENT,
    Flags,
    Ints,
    as_date,
    below,
    day_number,
    next_weekday,
    stream,
    sum_by,
)
from receivables.world.expected import BUCKETS, position
from receivables.world.files import signatories
from receivables.world.ids import customer_ids, every
from receivables.world.ledger import Ledger
from receivables.world.plants import PlantKind
from receivables.world.records import CURRENCIES, State
from receivables.world.tables import Later, Table, empty
from receivables.world.text import days, decimals, only, padded, words
from receivables.world.valuation import Values

STATEMENTS: Final = 8
"""Ends of half-years for which statements are sent: far enough back that the answers before an anomaly are known."""

LEAD_DAYS: Final = 60
"""The first statement covers at least so many days."""

TRANSIT_DAYS: Final = 4
"""The customer has sent what arrives within so many days, and has not booked what was invoiced so shortly before."""

NO_REPLY_DAYS: Final = 45
"""After so long an answer is no longer expected."""

CHANNELS: Final = ("email", "letter", "portal")
ACCOUNT: Final = "430000"
"""Customers in the Spanish chart of accounts."""


class Response(IntEnum):
    """What comes back, as `statement_confirmation.response` spells it."""

    CONFIRMED = 0
    PARTIAL = 1
    DISPUTED = 2
    NO_REPLY = 3


RESPONSES: Final[dict[CustomerType, tuple[int, ...]]] = {
    CustomerType.PUNCTUAL: (880, 40, 30, 50),
    CustomerType.SLOW: (760, 70, 60, 110),
    CustomerType.HARDSHIP: (620, 90, 90, 200),
    CustomerType.CHAIN_DEBT: (600, 90, 90, 220),
    CustomerType.EVADER: (300, 80, 120, 500),
    CustomerType.MALICIOUS: (60, 40, 200, 700),
}
"""How each type answers, per mille; a malicious one answers like a punctual one until it stops paying."""


@dataclass(frozen=True)
class Balances:
    """The open balance of every (customer, currency) on some days, in cents, one row per day; with it the totals of the company.

    `has` says where anything is open at all; `doc` and `local` are totals per day and currency, `by_bucket` those per bucket and currency
    of the as-of date, in ledger units.
    """

    day: Ints
    cents: Ints
    has: Flags
    doc: Ints
    local: Ints
    bucket_doc: Ints
    bucket_local: Ints


class _Sent(NamedTuple):
    """One element per statement: the row of its day among the `stated` ones, customer and currency."""

    row: Ints
    customer: Ints
    currency: Ints
    stated: Ints


def statement_days(ledger: Ledger) -> list[int]:
    """List the ends of half-years that are stated, the oldest first."""
    spec, ends = ledger.spec, []
    last = as_date(spec.as_of_day)
    for back in range(STATEMENTS + 1):
        half = last.year * 2 + (last.month > 6) - back
        year, second = divmod(half, 2)
        end = day_number(date(year, 12, 31) if second else date(year, 6, 30))
        if spec.start_day + LEAD_DAYS <= end < spec.as_of_day:
            ends.append(end)
    return sorted(ends)[-STATEMENTS:]


def balances(ledger: Ledger, values: Values) -> Balances:
    """Replay the ledger on all days that are stated."""
    width, accounts = len(CURRENCIES), ledger.spec.customers * len(CURRENCIES)
    stated = [*statement_days(ledger), ledger.spec.as_of_day]
    cents, has, doc, local = [], [], [], []
    replayed = [position(ledger, values, day).items for day in stated]
    for items in replayed:
        named = items.customer != NONE
        key = (items.customer * width + items.currency)[named]
        cents.append(sum_by(key, items.open_doc[named], accounts))
        has.append(np.bincount(key, minlength=accounts) > 0)
        doc.append(sum_by(items.currency, items.open_doc, width))
        local.append(sum_by(items.currency, items.open_local, width))
    last = replayed[-1]
    place, size = last.bucket * width + last.currency, len(BUCKETS) * width
    return Balances(
        np.array(stated, dtype=np.int64),
        np.array(cents),
        np.array(has),
        np.array(doc),
        np.array(local),
        sum_by(place, last.open_doc, size),
        sum_by(place, last.open_local, size),
    )


def balance_assertion(ledger: Ledger, found: Balances) -> Table:
    """Write the general ledger's totals on every day that is stated, and the aging report of the as-of date."""
    width = len(CURRENCIES)
    size, buckets = len(found.day) * width, len(BUCKETS) * width
    day = np.concatenate([np.repeat(found.day, width), np.full(buckets, ledger.spec.as_of_day, dtype=np.int64)])
    is_aging = np.arange(size + buckets) >= size
    aging = is_aging.astype(np.int64)
    currency = np.tile(every(width), len(found.day) + len(BUCKETS))
    bucket = np.where(is_aging, (every(size + buckets) - size) // width, len(BUCKETS))
    cents = np.concatenate([found.doc.ravel(), found.bucket_doc])
    units = np.concatenate([found.local.ravel(), found.bucket_local])
    booked = np.minimum(next_weekday(day + 4), np.maximum(day, ledger.spec.as_of_day))
    columns = {
        "account": words([ACCOUNT, ""], aging),
        "customer_id": words([""], 0 * aging),
        "as_of": days(day),
        "source": words(["general ledger", "aging report"], aging),
        "currency": words(list(CURRENCIES), currency),
        "basis": words(["gl", "erp_aging"], aging),
        "balance_doc": decimals(cents * UNITS_PER_CENT, 4),
        "balance_local": decimals(units, 4),
        "bucket": words([*BUCKETS, "total"], bucket),
        "unit_factor": words(["1"], 0 * aging),
    }
    return Table(columns, np.where(is_aging, day, booked))


def statement_confirmation(ledger: Ledger, found: Balances) -> Table:
    """Write every statement, and what came back; the answer is told when it comes, or when it is given up."""
    statements = _sent(ledger, found)
    row, customer, currency = statements.row, statements.customer, statements.currency
    size, day = len(row), found.day[row]
    ours = found.cents[row, customer * len(CURRENCIES) + currency]
    rng = stream(ledger.spec.seed, "confirmations")
    sent = next_weekday(day + 3 + below(rng, 6, size))
    response = _responses(ledger, rng, statements)
    theirs = ours + _differences(ledger, rng, statements, response, ours)
    silent = response == Response.NO_REPLY
    answered = next_weekday(sent + 2 + below(rng, 34, size))
    # nothing differs: then it is confirmed after all
    response = np.where(~silent & (theirs == ours), Response.CONFIRMED, response).astype(np.int64)
    known = np.where(silent, next_weekday(sent + NO_REPLY_DAYS), answered)
    stamped = below(rng, 100, size) < np.array([88, 45, 12, 0])[response]
    columns = {
        "statement_id": padded("EC-", every(size) + 1, 6),
        "customer_id": customer_ids(customer),
        "as_of": days(day),
        "currency": words(list(CURRENCIES), currency),
        "our_balance": decimals(ours, 2),
        "sent_date": days(sent),
        "channel": words(list(CHANNELS), (customer * 7 + customer // 5) % len(CHANNELS)),
        "response": words([answer.name.lower() for answer in Response], response),
        "response_date": days(np.where(silent, NONE, answered)),
        "customer_balance": only(decimals(theirs, 2), ~silent),
        "difference": only(decimals(theirs - ours, 2), ~silent),
        "sealed": only(words(["false", "true"], stamped.astype(np.int64)), ~silent),
        "signatory_contact_id": only(signatories(ledger, customer, answered), stamped & ~silent),
    }
    cells = ("response", "response_date", "customer_balance", "difference", "sealed", "signatory_contact_id")
    return Table(columns, sent, {name: Later(known, empty(size)) for name in cells})


def _sent(ledger: Ledger, found: Balances) -> _Sent:
    """Choose who gets a statement when: the larger half twice a year, the others once.

    A customer gets one in its own currency even if nothing is open, and in any other in which something is.
    """
    customers, width = ledger.customers, len(CURRENCIES)
    size, stated = len(customers.name), len(found.day) - 1
    second = np.array([as_date(day).month > 6 for day in found.day[:stated].tolist()], dtype=np.bool_)
    twice = customers.rank < size // 2
    for plant in ledger.plants.of(PlantKind.CONFIRMATION_MISSING, *_CHANGES):
        twice[plant.customer] = True
    due = twice | ((customers.level % 2 == 1) == second[:, np.newaxis])
    due &= customers.first_day <= found.day[:stated, np.newaxis]
    wanted = np.repeat(due, width, axis=1)
    own = np.zeros(size * width, dtype=np.bool_)
    own[every(size) * width + customers.currency] = True
    # who has not ordered for long and owes nothing is left alone
    awake = np.repeat(customers.end_day >= found.day[:stated, np.newaxis], width, axis=1)
    row, place = np.nonzero(wanted & ((own & awake) | found.has[:stated]))
    return _Sent(
        row.astype(np.int64), (place // width).astype(np.int64), (place % width).astype(np.int64), found.day[:-1]
    )


_CHANGES: Final = (PlantKind.CONTACT_CHANGE, PlantKind.SIGNATORY_CHANGE, PlantKind.LEGAL_REP_CHANGE)


def _responses(ledger: Ledger, rng: np.random.Generator, sent: _Sent) -> Ints:
    """Draw the answers by type, and let the planted ones stay out."""
    customer, row, stated = sent.customer, sent.row, sent.stated
    shares = np.cumsum(np.array([RESPONSES[kind] for kind in CustomerType], dtype=np.int64), axis=1)
    edges = shares[behaviour(ledger, customer, stated[row])]
    response = (below(rng, 1000, len(customer))[:, np.newaxis] >= edges).sum(axis=1).astype(np.int64)
    size = len(ledger.customers.name)
    first, last = ledger.plants.windows(PlantKind.CONFIRMATION_MISSING, size)
    planted, day = first[customer] != NONE, stated[row]
    response = np.where(planted & (day < first[customer]), Response.CONFIRMED, response)
    response = np.where(planted & (day >= first[customer]) & (day <= last[customer]), Response.NO_REPLY, response)
    for number, plant in enumerate(ledger.plants.of(*_CHANGES)):
        following = np.flatnonzero(stated >= plant.day)
        if number % 2 == 0 and len(following):
            response[(customer == plant.customer) & (row == following[0])] = Response.NO_REPLY
    return response.astype(np.int64)


def _differences(ledger: Ledger, rng: np.random.Generator, sent: _Sent, response: Ints, ours: Ints) -> Ints:
    """Say by how much the customer's books differ from ours, in cents: money on its way, invoices it has not booked, what it disputes."""
    size = len(response)
    moving, unbooked, disputed = (
        table[sent.row, sent.customer * len(CURRENCIES) + sent.currency]
        for table in (_in_transit(ledger, sent), _unbooked(ledger, sent), _in_dispute(ledger, sent))
    )
    share = np.where(response == Response.PARTIAL, 15 + below(rng, 60, size), 40 + below(rng, 160, size))
    some = np.abs(ours) * share // 1000
    return -np.select(
        [response == Response.PARTIAL, response == Response.DISPUTED],
        [np.where(moving + unbooked > 0, moving + unbooked, some), np.where(disputed > 0, disputed, some)],
        default=0,
    )


def _added_up(ledger: Ledger, spans: Iterator[Flags], keys: Ints, cents: Ints) -> Ints:
    """Add up the cents of each span by customer and currency, one row per span."""
    size = ledger.spec.customers * len(CURRENCIES)
    rows = [sum_by(keys[inside], cents[inside], size) for inside in spans]
    return np.array(rows, dtype=np.int64).reshape(-1, size)


def _in_transit(ledger: Ledger, sent: _Sent) -> Ints:
    """Add up what arrives shortly after each stated day."""
    receipts = ledger.receipts
    known = receipts.customer != NONE
    day, keys = receipts.pay_day[known], (receipts.customer * len(CURRENCIES) + receipts.currency)[known]
    spans = ((day > end) & (day <= end + TRANSIT_DAYS) for end in sent.stated.tolist())
    return _added_up(ledger, spans, keys, receipts.amount[known])


def _unbooked(ledger: Ledger, sent: _Sent) -> Ints:
    """Add up what was invoiced shortly before each stated day."""
    documents = ledger.documents
    billed = (documents.state == State.POSTED) & (documents.amount > 0)
    day, keys = documents.post_day[billed], (documents.customer * len(CURRENCIES) + documents.currency)[billed]
    spans = ((day <= end) & (day > end - TRANSIT_DAYS) for end in sent.stated.tolist())
    return _added_up(ledger, spans, keys, documents.amount[billed])


def _in_dispute(ledger: Ledger, sent: _Sent) -> Ints:
    """Add up what is in dispute on each stated day."""
    found, inst, documents = ledger.disputes, ledger.instalments, ledger.documents
    doc = inst.doc[found.inst]
    keys = documents.customer[doc] * len(CURRENCIES) + documents.currency[doc]
    spans = ((found.opened <= end) & ((found.closed == NONE) | (found.closed > end)) for end in sent.stated.tolist())
    return _added_up(ledger, spans, keys, inst.amount[found.inst])
