"""The people at each customer, the steps an invoice passes there, and when a visit is worth the way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.customers import CustomerType
from receivables.world.draws import NONE, Flags, Ints, below
from receivables.world.files.facts import carriers, carries, chance, drawing, entered, languages
from receivables.world.files.vocabulary import PEOPLE, PHONES
from receivables.world.ids import contact_ids, customer_ids
from receivables.world.ledger import Ledger
from receivables.world.plants import PlantKind
from receivables.world.tables import Later, Table, empty
from receivables.world.text import Text, days, numbers, only, padded, quoted, words

ROLES: Final = (
    "owner",
    "decides",
    "finance",
    "pays",
    "signatory",
    "buyer",
    "registers",
    "warehouse",
    "informant",
    "legal",
)


class Desk(IntEnum):
    """A place at the customer that one person after another may hold."""

    HEAD = 0
    MONEY = 1
    SIGNATURE = 2
    BUYING = 3
    OTHER = 4


DESK_ROLES: Final = ((0, 0, 1), (2, 2, 3), (4, 4, 4), (5, 5, 5), (6, 7, 8, 9))
"""Roles that each desk may have, by chance."""

FINANCE: Final = 2
FILLED_PCT: Final = (100, 100, 50, 60, 40)
"""How many customers have somebody at each desk whom we know; the larger ones more often."""

NAMES_APART: Final = 19
"""Ten places of so many names each are fewer names than any language has."""

STAYS_YEARS: Final = 12
HEAD_DESKS: Final = (Desk.HEAD, Desk.SIGNATURE)
"""Who heads a business or signs for it changes only where it means something."""

PERSON_PLANTS: Final = (
    PlantKind.CONTACT_CHANGE,
    PlantKind.SIGNATORY_CHANGE,
    PlantKind.LEGAL_REP_CHANGE,
    PlantKind.ORGANISATION_ABOLISHED,
)
AVAILABLE: Final = ("", "1-5", "2,4", "1,2,3,5", "1-4", "2-5", "1,3,4,5")
AVAILABLE_SHARES: Final = (0,) * 13 + (1, 1, 2, 3, 4, 5, 6)
ABSENT_ON: Final = (NONE, NONE, NONE, 4, 5, 1, 2)
"""The weekday on which somebody who can be met on these days is always away."""

STEPS: Final = ("form", "sign", "write-off", "register", "pay")
STEP_DESKS: Final = (Desk.BUYING, Desk.SIGNATURE, Desk.MONEY, Desk.OTHER, Desk.MONEY)
STEPS_TAKEN: Final = ((4,), (1, 4), (0, 1, 4), (0, 1, 3, 4), (0, 1, 2, 3, 4))
"""The steps of a procedure of one, two, ... five steps."""

LEAST_STEPS: Final = {
    CustomerType.PUNCTUAL: 1,
    CustomerType.SLOW: 3,
    CustomerType.HARDSHIP: 2,
    CustomerType.CHAIN_DEBT: 2,
    CustomerType.EVADER: 4,
    CustomerType.MALICIOUS: 1,
}
STEP_DAYS: Final = {
    CustomerType.PUNCTUAL: 1,
    CustomerType.SLOW: 4,
    CustomerType.HARDSHIP: 2,
    CustomerType.CHAIN_DEBT: 2,
    CustomerType.EVADER: 7,
    CustomerType.MALICIOUS: 1,
}


@dataclass(frozen=True)
class People:
    """Everyone we know at the customers.

    The first four have one row per customer and one column per desk: the day its first holder left (`NONE`: still there), the rows of
    the first holder and of the successor in the list of all (`NONE`: nobody), and the day the successor is told. The others have one
    element per person; `gone_told` is the day we hear that the person left.
    """

    change: Ints
    holder: Ints
    successor: Ints
    change_told: Ints
    customer: Ints
    role: Ints
    name: Ints
    first: Ints
    last: Ints
    told: Ints
    gone_told: Ints
    available: Ints

    def at(self, desk: Desk, customer: Ints, day: Ints) -> Ints:
        """Find who held a desk on a day, as far as we had been told by then."""
        after: Flags = (self.change_told[customer, desk] != NONE) & (day >= self.change_told[customer, desk])
        found: Ints = np.where(after, self.successor[customer, desk], self.holder[customer, desk])
        return found


def people(ledger: Ledger) -> People:
    """Draw everyone at the customers; nobody's place changes twice."""
    rng, size = drawing(ledger, "people"), ledger.spec.customers
    shape = (size, len(Desk))
    cells = size * len(Desk)
    known, filled = ledger.customers.since_day, _filled(ledger, rng)
    change, follows, prompt = _changes(ledger, rng, filled, known)
    left_told = change + below(rng, 8, cells).reshape(shape) // (1 + prompt)
    begins = change + 1 + below(rng, 21, cells).reshape(shape) // (1 + 3 * prompt)
    begins_told = begins + below(rng, 6, cells).reshape(shape)
    changed, follows = change != NONE, follows & (change != NONE)
    # the first holders and their successors stand side by side: customer, desk, holder or successor
    exists = np.stack([filled, follows], axis=2)
    place = np.where(exists.ravel(), np.cumsum(exists.ravel()) - 1, NONE).reshape(*shape, 2)
    role = np.repeat(_roles(ledger, rng)[:, :, np.newaxis], 2, axis=2)
    # each place has names of its own, so that no two people of a customer are called the same
    name = below(rng, NAMES_APART, 2 * cells).reshape(*shape, 2)
    name += NAMES_APART * np.arange(2 * len(Desk), dtype=np.int64).reshape(1, len(Desk), 2)
    name += below(rng, 1 << 20, size)[:, np.newaxis, np.newaxis]
    since = np.broadcast_to(known[:, np.newaxis], shape)
    heard = entered(ledger, since + below(rng, 30, cells).reshape(shape))
    return People(
        change=change,
        holder=place[:, :, 0],
        successor=place[:, :, 1],
        change_told=np.where(changed, np.where(follows, begins_told, left_told), NONE),
        customer=np.repeat(np.arange(size, dtype=np.int64), 2 * len(Desk)).reshape(*shape, 2)[exists],
        role=role[exists],
        name=name[exists],
        first=np.stack([since, begins], axis=2)[exists],
        last=np.stack([change, np.full(shape, NONE)], axis=2)[exists],
        told=np.stack([heard, begins_told], axis=2)[exists],
        gone_told=np.stack([np.where(changed, left_told, NONE), np.full(shape, NONE)], axis=2)[exists],
        available=np.array(AVAILABLE_SHARES, dtype=np.int64)[below(rng, len(AVAILABLE_SHARES), int(exists.sum()))],
    )


def _filled(ledger: Ledger, rng: np.random.Generator) -> Flags:
    """Say at which desks we know somebody; whoever is planted to leave is known."""
    size = ledger.spec.customers
    large = ledger.customers.rank < size // 4
    filled = np.stack([chance(rng, percent + 25 * large, size) for percent in FILLED_PCT], axis=1)
    filled[list(carriers(ledger, PlantKind.SIGNATORY_CHANGE)), Desk.SIGNATURE] = True
    filled[list(carriers(ledger, PlantKind.CONTACT_CHANGE)), Desk.BUYING] = True
    return filled


def _roles(ledger: Ledger, rng: np.random.Generator) -> Ints:
    """Give each desk its role: a small business has an owner where a larger one has somebody who decides."""
    size = ledger.spec.customers
    drawn = [np.array(roles, dtype=np.int64)[below(rng, len(roles), size)] for roles in DESK_ROLES]
    roles: Ints = np.stack(drawn, axis=1)
    roles[carries(ledger, PlantKind.CONTACT_CHANGE, PlantKind.ORGANISATION_ABOLISHED), Desk.MONEY] = FINANCE
    return roles


def _changes(ledger: Ledger, rng: np.random.Generator, filled: Flags, known: Ints) -> tuple[Ints, Flags, Ints]:
    """Say when the first holder of each desk leaves, whether somebody follows, and (1 or 0) whether we hear of it at once."""
    size = ledger.spec.customers
    leaves = known[:, np.newaxis] + 200 + below(rng, STAYS_YEARS * 365, size * len(Desk)).reshape(size, len(Desk))
    open_end = np.minimum(ledger.customers.end_day, ledger.spec.as_of_day)[:, np.newaxis]
    change = np.where(filled & (leaves < open_end), leaves, NONE)
    change[:, HEAD_DESKS] = NONE
    change[carries(ledger, *PERSON_PLANTS)] = NONE
    follows, prompt = np.ones_like(filled), np.zeros_like(change)
    for plant in ledger.plants.of(*PERSON_PLANTS):
        prompt[plant.customer] = 1
        match plant.kind:
            case PlantKind.CONTACT_CHANGE:
                change[plant.customer, [Desk.MONEY, Desk.BUYING]] = plant.day, plant.day + 12
            case PlantKind.SIGNATORY_CHANGE:
                change[plant.customer, Desk.SIGNATURE] = plant.day
            case PlantKind.LEGAL_REP_CHANGE:
                change[plant.customer, Desk.HEAD] = plant.day
            case _:
                change[plant.customer, Desk.MONEY] = plant.day
                follows[plant.customer, Desk.MONEY] = False
    return change, follows, prompt


def payers(ledger: Ledger, customer: Ints, day: Ints) -> Text:
    """Name the contact who sees to the money of each customer, as known on a day; whoever heads it where there is nobody."""
    known = people(ledger)
    return contact_ids(_first_known(known, (Desk.MONEY, Desk.HEAD), customer, day))


def signatories(ledger: Ledger, customer: Ints, day: Ints) -> Text:
    """Name the contact who signs for each customer, as known on a day; whoever heads it where nobody else does."""
    known = people(ledger)
    return contact_ids(_first_known(known, (Desk.SIGNATURE, Desk.HEAD), customer, day))


def _first_known(known: People, desks: tuple[Desk, Desk], customer: Ints, day: Ints) -> Ints:
    first, second = (known.at(desk, customer, day) for desk in desks)
    return np.where(first == NONE, second, first)


def names(ledger: Ledger, known: People, rows: Ints) -> Text:
    """Spell the names of people, not quoted; `NONE` is nobody."""
    spoken = languages(ledger)[known.customer]
    return PEOPLE.say(spoken[rows], np.where(rows == NONE, NONE, known.name[rows]))


def contact_table(ledger: Ledger) -> Iterator[Table]:
    """Write the people at the customers: a leaver's last day is told when we hear of it, the successor after that."""
    known = people(ledger)
    size = len(known.customer)
    rows = np.arange(size, dtype=np.int64)
    role = words(list(ROLES), known.role)
    prefix = words(list(PHONES), languages(ledger)[known.customer])
    digits = padded("", known.name % 10_000, 4)
    domain = padded("@c", known.customer + 1, 5)
    columns = {
        "contact_id": contact_ids(rows),
        "customer_id": customer_ids(known.customer),
        "name": quoted(names(ledger, known, rows)),
        "role": role,
        "phone": only(pc.binary_join_element_wise(prefix, digits, " "), known.name % 7 > 0),
        "email": only(
            pc.binary_join_element_wise(role, numbers(known.name % 90 + 10), domain, ".example", ""),
            known.name % 5 > 0,
        ),
        "available_days": quoted(words(list(AVAILABLE), np.where(known.available > 0, known.available, NONE))),
        "valid_from": days(known.first),
        "valid_to": days(known.last),
    }
    yield Table(columns, known.told, {"valid_to": Later(known.gone_told, empty(size))})


def steps_taken(ledger: Ledger) -> Ints:
    """Count the steps an invoice passes at each customer before it is paid: many where paying is not wanted."""
    customers, rng = ledger.customers, drawing(ledger, "steps")
    least = np.array([LEAST_STEPS[t] for t in CustomerType], dtype=np.int64)[customers.type]
    taken: Ints = np.minimum(least + below(rng, 3, len(least)), len(STEPS))
    return taken


def payment_step_table(ledger: Ledger) -> Iterator[Table]:
    """Write how an invoice passes at each customer; when somebody leaves, the successor stands there once told."""
    known, rng, taken = people(ledger), drawing(ledger, "step days"), steps_taken(ledger)
    customer = np.repeat(np.arange(len(taken), dtype=np.int64), taken)
    number = np.arange(len(customer), dtype=np.int64) - np.repeat(np.cumsum(taken) - taken, taken)
    table = np.array([[*steps, *[NONE] * (len(STEPS) - len(steps))] for steps in STEPS_TAKEN], dtype=np.int64)
    step = table[taken[customer] - 1, number]
    desk = np.array(STEP_DESKS, dtype=np.int64)[step]
    # where nobody has the desk, whoever sees to the money does it
    desk = np.where(known.holder[customer, desk] == NONE, Desk.MONEY, desk)
    usual = np.array([STEP_DAYS[t] for t in CustomerType], dtype=np.int64)[ledger.customers.type[customer]]
    told = entered(ledger, ledger.customers.since_day + 30 + below(rng, 60, len(taken)))[customer]
    moved = known.change_told[customer, desk]
    later = np.where(moved == NONE, known.holder[customer, desk], known.successor[customer, desk])
    columns = {
        "customer_id": customer_ids(customer),
        "step_no": numbers(number + 1),
        "name": words(list(STEPS), step),
        "contact_id": contact_ids(later),
        "usual_days": numbers(usual * (50 + below(rng, 150, len(customer))) // 100 + below(rng, 2, len(customer))),
    }
    yield Table(columns, told, {"contact_id": Later(moved, contact_ids(known.holder[customer, desk]))})


def visit_rule_table(ledger: Ledger) -> Iterator[Table]:
    """Write when not to come: mornings, Mondays, the first two days of the month, and weekdays on which somebody is always away."""
    known, rng, size = people(ledger), drawing(ledger, "visits"), ledger.spec.customers
    everyone = np.arange(size, dtype=np.int64)
    first_days = everyone[chance(rng, 12, size)]
    rules = [
        _rules(everyone[chance(rng, 25, size)], "avoid", until="11:00:00"),
        _rules(everyone[chance(rng, 15, size)], "avoid", weekday="1"),
        *(_rules(first_days, "avoid", month_day=day) for day in ("1", "2")),
        _rules(everyone[chance(rng, 6, size)], "allowed", since="16:00:00", until="18:00:00"),
        _absences(known),
    ]
    columns = {name: pa.concat_arrays([rule[name] for _, rule in rules]) for name in rules[0][1]}
    customer = np.concatenate([rows for rows, _ in rules])
    told = entered(ledger, ledger.customers.since_day + 40 + below(rng, 300, size))[customer]
    absent = np.flatnonzero(_is_absent(known))
    told[len(told) - len(absent) :] = known.told[absent] + below(rng, 40, len(absent))
    yield Table(columns, told)


def _rules(
    customer: Ints, rule: str, *, weekday: str = "", month_day: str = "", since: str = "", until: str = ""
) -> tuple[Ints, dict[str, Text]]:
    size = len(customer)

    def same(value: str) -> Text:
        return pa.array([value or None] * size, pa.string())

    return customer, {
        "customer_id": customer_ids(customer),
        "contact_id": empty(size),
        "rule": same(rule),
        "weekday": same(weekday),
        "month_day": same(month_day),
        "from_time": same(since),
        "to_time": same(until),
    }


def _is_absent(known: People) -> Flags:
    """Mark the people who are away on a certain weekday."""
    away: Flags = np.array(ABSENT_ON, dtype=np.int64)[known.available] != NONE
    return away & (known.role <= ROLES.index("signatory"))


def _absences(known: People) -> tuple[Ints, dict[str, Text]]:
    rows = np.flatnonzero(_is_absent(known)).astype(np.int64)
    customer, columns = _rules(known.customer[rows], "absent")
    weekday = np.array(ABSENT_ON, dtype=np.int64)[known.available[rows]]
    return customer, columns | {"contact_id": contact_ids(rows), "weekday": numbers(weekday)}
