"""What happens to customers from outside: they move, close, fail, turn to another trade, change their bank."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.customers import CustomerType, Trajectory
from receivables.world.draws import NONE, Flags, Ints, below
from receivables.world.files.facts import carriers, carries, chance, drawing, entered, languages
from receivables.world.files.vocabulary import EVENT_NOTES, EVENT_SOURCES, STREETS
from receivables.world.ids import customer_ids, every
from receivables.world.ledger import Ledger
from receivables.world.plants import PlantKind
from receivables.world.tables import Later, Table, empty
from receivables.world.text import Text, days, decimals, padded, quoted, words

KINDS: Final = tuple(EVENT_NOTES)
INSOLVENCY, CLOSURE, RELOCATION, DEMOLITION, SCOPE, LEGAL_REP, REORGANISATION = range(len(KINDS))

PLANTED: Final = {
    PlantKind.INSOLVENCY: INSOLVENCY,
    PlantKind.CLOSURE: CLOSURE,
    PlantKind.RELOCATION: RELOCATION,
    PlantKind.ADDRESS_CHANGE: RELOCATION,
    PlantKind.DEMOLITION: DEMOLITION,
    PlantKind.SCOPE_CHANGE: SCOPE,
    PlantKind.LEGAL_REP_CHANGE: LEGAL_REP,
    PlantKind.ORGANISATION_ABOLISHED: REORGANISATION,
}
"""The event by which each plant is told."""

FRAUD_FAILS_PCT: Final = 6
FLEES_PCT: Final = 40
FLED_AND_CLOSED_PCT: Final = 25
LEFT_AND_CLOSED_PCT: Final = 35
MOVES_PCT: Final = 2
REORGANISES_PCT: Final = 4
NEW_BANK_PCT: Final = 6
TRUSTED: Final = {"court gazette": 100, "register": 100, "customer": 90, "collector's visit": 90, "salesperson": 80}
RUMOUR: Final = 65
"""How far each source is believed, in percent; the press and returned letters least."""


@dataclass(frozen=True)
class Events:
    """One element per event, in the order of their days."""

    customer: Ints
    day: Ints
    kind: Ints
    told: Ints


def events(ledger: Ledger) -> Events:
    """Draw what happens to the customers, from what is going on with them; who carries a plant has nothing else happen."""
    rng, size = drawing(ledger, "events"), ledger.spec.customers
    found = [
        *_failures(ledger, rng),
        *_flights(ledger, rng),
        *_ordinary(ledger, rng),
    ]
    free = ~carries(ledger)
    drawn = [(row, int(day[row]), kind) for kind, who, day in found for row in np.flatnonzero(who & free).tolist()] + [
        (plant.customer, plant.day, PLANTED[plant.kind]) for plant in ledger.plants.of(*PLANTED)
    ]
    drawn = [event for event in drawn if event[1] <= ledger.spec.as_of_day]
    table = np.array(sorted(drawn, key=lambda event: (event[1], event[0], event[2])), dtype=np.int64).reshape(-1, 3)
    customer, day, kind = table[:, 0], table[:, 1], table[:, 2]
    chances = drawing(ledger, "events told")
    told = entered(ledger, day + 1 + below(chances, 10, size)[customer])
    return Events(customer, day, kind, told)


Drawn = tuple[int, Flags, Ints]
"""A kind of event, which customers it befalls, and when."""


def _failures(ledger: Ledger, rng: np.random.Generator) -> list[Drawn]:
    """Let those fail that are bound to, and fraud seldom."""
    customers, size = ledger.customers, ledger.spec.customers
    turn, fail = customers.turn_day, customers.fail_day
    fraud = customers.type == CustomerType.MALICIOUS
    return [
        (INSOLVENCY, fail != NONE, fail),
        (INSOLVENCY, fraud & chance(rng, FRAUD_FAILS_PCT, size), turn + 150 + below(rng, 200, size)),
    ]


def _flights(ledger: Ledger, rng: np.random.Generator) -> list[Drawn]:
    """Let those that do not mean to pay move away soon after, and some of them, and of those that left us, close."""
    customers, size = ledger.customers, ledger.spec.customers
    fraud = customers.type == CustomerType.MALICIOUS
    left = ~fraud & (customers.end_day < ledger.spec.as_of_day)
    return [
        (RELOCATION, fraud & chance(rng, FLEES_PCT, size), customers.turn_day + 30 + below(rng, 61, size)),
        (CLOSURE, fraud & chance(rng, FLED_AND_CLOSED_PCT, size), customers.end_day + 45 + below(rng, 120, size)),
        (CLOSURE, left & chance(rng, LEFT_AND_CLOSED_PCT, size), customers.end_day + 5 + below(rng, 60, size)),
    ]


def _ordinary(ledger: Ledger, rng: np.random.Generator) -> list[Drawn]:
    """Let a few sound customers move to other premises, and a few that shrink or get worse reorganise."""
    customers, size = ledger.customers, ledger.spec.customers
    span = np.maximum(np.minimum(customers.end_day, ledger.spec.as_of_day) - customers.first_day, 1)
    day = customers.first_day + below(rng, 1000, size) * span // 1000
    sound = customers.type <= CustomerType.SLOW
    worse = sound & np.isin(customers.trajectory, (Trajectory.SHRINKING, Trajectory.WORSENING))
    return [
        (RELOCATION, sound & chance(rng, MOVES_PCT, size), day),
        (REORGANISATION, worse & chance(rng, REORGANISES_PCT, size), day),
    ]


def stopped(ledger: Ledger, happened: Events) -> Ints:
    """Find the day from which we know that a customer failed or closed; `NONE`: it did not."""
    first = np.full(ledger.spec.customers, NONE, dtype=np.int64)
    ends = np.flatnonzero((happened.kind == INSOLVENCY) | (happened.kind == CLOSURE))[::-1]
    # the earliest is written last
    ends = ends[np.argsort(-happened.told[ends], kind="stable")]
    first[happened.customer[ends]] = happened.told[ends]
    return first


def customer_event_table(ledger: Ledger) -> Iterator[Table]:
    """Write what happened to the customers, each told some days after."""
    happened, rng = events(ledger), drawing(ledger, "event words")
    size = len(happened.day)
    spoken, choice = languages(ledger)[happened.customer], below(rng, 60, size)
    note, source = empty(size), empty(size)
    confidence = np.zeros(size, dtype=np.int64)
    for kind, name in enumerate(KINDS):
        here = np.where(happened.kind == kind, choice, NONE)
        sources = EVENT_SOURCES[name].split("|")
        code = np.where(here == NONE, NONE, here % len(sources))
        note = pc.coalesce(note, EVENT_NOTES[name].say(spoken, here))
        source = pc.coalesce(source, words(sources, code))
        trusted = np.array([TRUSTED.get(word, RUMOUR) for word in sources], dtype=np.int64)
        confidence = np.where(code == NONE, confidence, trusted[code] - choice % 4)
    columns = {
        "event_id": padded("EV-", every(size) + 1, 6),
        "customer_id": customer_ids(happened.customer),
        "event_date": days(happened.day),
        "kind": words(list(KINDS), happened.kind),
        "source": source,
        "confidence": decimals(confidence, 2),
        "note": quoted(note),
    }
    yield Table(columns, happened.told)


def addresses(ledger: Ledger) -> tuple[Text, Later]:
    """Write where each customer sits, and until when it sat where before: the address changes when we are told of the move."""
    happened, rng, size = events(ledger), drawing(ledger, "addresses"), ledger.spec.customers
    moved = np.full(size, NONE, dtype=np.int64)
    rows = np.flatnonzero(happened.kind == RELOCATION)
    moved[happened.customer[rows]] = happened.told[rows]
    street, number = below(rng, 100, size), 1 + below(rng, 180, size)
    before = _address(ledger, street, number)
    after = _address(ledger, street + 1, 1 + (number + 3 + below(rng, 100, size)) % 190)
    return pc.if_else(pa.array(moved != NONE), after, before), Later(moved, before)


def _address(ledger: Ledger, street: Ints, number: Ints) -> Text:
    pattern = STREETS.say(languages(ledger), street)
    parts = pc.split_pattern(pattern, "{n}")
    filled = pc.binary_join_element_wise(pc.list_element(parts, 0), pc.list_element(parts, 1), number.astype(str), "")
    return quoted(filled)


@dataclass(frozen=True)
class Accounts:
    """The bank accounts of customers: the day the first was closed (`NONE`: it is the only one), and the day we hear of it."""

    closed: Ints
    told: Ints


def accounts(ledger: Ledger) -> Accounts:
    """Draw who changes its bank: those planted to, and now and then somebody for no reason that concerns us."""
    customers, rng, size = ledger.customers, drawing(ledger, "banks"), ledger.spec.customers
    span = np.maximum(np.minimum(customers.end_day, ledger.spec.as_of_day) - customers.first_day, 1)
    day = customers.first_day + span * (100 + below(rng, 850, size)) // 1000
    closed = np.where(chance(rng, NEW_BANK_PCT, size) & ~carries(ledger), day, NONE)
    for row, planted in carriers(ledger, PlantKind.BANK_CHANGE).items():
        closed[row] = planted
    return Accounts(closed, np.where(closed == NONE, NONE, entered(ledger, closed + below(rng, 4, size))))


def _hashes(ledger: Ledger, number: int) -> Text:
    """Hash an invented account of each customer."""
    seed = ledger.spec.seed
    return pa.array(
        [
            hashlib.sha256(f"{seed}/{ledger.spec.company_id}/{row}/{number}".encode()).hexdigest()
            for row in range(ledger.spec.customers)
        ],
        pa.string(),
    )


def paying_accounts(ledger: Ledger, customer: Ints, day: Ints) -> Text:
    """Give the hashed account that each customer pays from on a day; `NONE` is nobody."""
    closed = accounts(ledger).closed[customer]
    size = ledger.spec.customers
    both = pa.concat_arrays([_hashes(ledger, 1), _hashes(ledger, 2)])
    place = customer + size * ((closed != NONE) & (day >= closed))
    return both.take(pa.array(place, mask=customer == NONE))


def customer_bank_account_table(ledger: Ledger) -> Iterator[Table]:
    """Write the accounts customers pay from: the old one ends the day before the new one begins."""
    known, size = accounts(ledger), ledger.spec.customers
    second = np.flatnonzero(known.closed != NONE)
    customer = np.concatenate([np.arange(size, dtype=np.int64), second])
    is_first = np.arange(len(customer)) < size
    ended = is_first & (known.closed[customer] != NONE)
    since = ledger.customers.since_day
    first_told = entered(ledger, since + below(drawing(ledger, "bank days"), 20, size))
    gone = np.where(ended, np.maximum(known.told[customer], first_told[customer]), NONE)
    columns = {
        "customer_id": customer_ids(customer),
        "account_hash": pa.concat_arrays([_hashes(ledger, 1), _hashes(ledger, 2).take(pa.array(second))]),
        "valid_from": days(np.where(is_first, since[customer], known.closed[customer])),
        "valid_to": days(np.where(ended, known.closed[customer] - 1, NONE)),
    }
    told = np.where(is_first, first_told[customer], known.told[customer])
    yield Table(columns, told, {"valid_to": Later(gone, empty(len(customer)))})
