"""The integrity file of each customer, year by year: who it is, what it owns, and how its business runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.customers import CustomerType
from receivables.world.draws import NONE, Flags, Ints, below, shaped
from receivables.world.files.contacts import Desk, names, people
from receivables.world.files.events import events, stopped
from receivables.world.files.facts import (
    YEAR,
    around_zero,
    carriers,
    chance,
    condition,
    course,
    drawing,
    entered,
    languages,
    planned_purchases,
)
from receivables.world.files.vocabulary import (
    DIVERTED_FUNDS,
    OTHER_SCOPES,
    OWNERSHIP,
    SCOPES,
    SOUND_FUNDS,
    STRAINED_FUNDS,
    SURVEY_NOTES,
)
from receivables.world.ids import customer_ids
from receivables.world.ledger import Ledger
from receivables.world.names import salespeople
from receivables.world.plants import PlantKind
from receivables.world.records import CURRENCIES
from receivables.world.tables import Table
from receivables.world.text import Text, days, decimals, numbers, only, quoted, words

KEPT_AFTER_END: Final = 200
"""Files are kept up so long after the last order."""

CENTS: Final = 100
TURNOVER_MULTIPLE: Final = ((300, 500, 750, 1_000, 1_400, 2_000, 3_000, 4_500, 9_000),)
"""Customer's own sales over what it buys from us, in percent."""

TURNOVER_PER_HEAD: Final = 16_000_000
CAPITAL_PER_MILLE: Final = (15, 110)
ASSETS_PER_MILLE: Final = (80, 420)
ROUND_CAPITAL: Final = 10_000
PAID_IN_PCT: Final = {CustomerType.MALICIOUS: (10, 50), CustomerType.EVADER: (30, 60)}
USUALLY_PAID_IN: Final = (45, 56)
FOUNDED_YEARS: Final = 28
FRAUD_FOUNDED_DAYS: Final = 700
MISSING_PCT: Final = (0, 0, 0, 0, 5, 5, 10, 20, 40, 60)
"""How often a field is not filled in, by how well the customer's file is kept."""

FILE_SOURCES: Final = (
    "register extract",
    "accounts filed",
    "told by the owner",
    "credit bureau",
    "salesperson's visit",
)
SURVEY_AFTER: Final = 60
METHODS: Final = ("accounts", "visit", "questionnaire", "register")
NOTED_PCT: Final = 30
STOCK_TURNS: Final = (90, 55, 120, 70, 140, 100)
"""Times a year, in tenths, that a sound business sells its stock, by product group."""

DEBT: Final = 560
CURRENT: Final = 1_450
RETURN: Final = 75
LEAST_DEBT: Final = 40
LEAST_CURRENT: Final = 150


@dataclass(frozen=True)
class Entries:
    """One element per entry in the files: whose, of which day, told when, and whether it is one of the yearly ones."""

    customer: Ints
    day: Ints
    told: Ints
    yearly: Flags

    def __len__(self) -> int:
        """Count the entries."""
        return len(self.day)


def entries(ledger: Ledger) -> Entries:
    """List the entries: one when the relation begins, one a year since about a year before the history, one when a register tells of a change."""
    spec, rng, size = ledger.spec, drawing(ledger, "file entries"), ledger.spec.customers
    known = ledger.customers.since_day
    skipped = np.maximum((spec.start_day - YEAR - known) // YEAR, 0)
    count = (spec.as_of_day - spec.start_day) // YEAR + 4
    number = np.arange(count, dtype=np.int64)
    passed = np.where(number == 0, 0, skipped[:, np.newaxis] + number)
    day = known[:, np.newaxis] + YEAR * passed + (number > 0) * (below(rng, 31, size * count).reshape(size, count) - 15)
    customer, column = np.nonzero(day <= _kept_until(ledger)[:, np.newaxis])
    told = entered(ledger, day + 5 + below(rng, 30, size * count).reshape(size, count))
    extra = carriers(ledger, PlantKind.LEGAL_REP_CHANGE, PlantKind.SCOPE_CHANGE)
    row = np.array(sorted(extra), dtype=np.int64)
    changed = np.array([extra[r] for r in row.tolist()], dtype=np.int64) + 12 + below(rng, 15, len(row))
    every = np.concatenate([customer, row]), np.concatenate([day[customer, column], changed])
    heard = np.concatenate([told[customer, column], changed + 2 + below(rng, 15, len(row))])
    order = np.lexsort((heard, every[1], every[0]))
    customer, day, heard = every[0][order], every[1][order], heard[order]
    first = np.append(True, (customer[1:] != customer[:-1]) | (day[1:] != day[:-1]))[: len(order)]
    return Entries(customer[first], day[first], heard[first], (order < len(column))[first])


def _kept_until(ledger: Ledger) -> Ints:
    """Find the last day on which anybody looks at a customer: nobody does long after it left, failed or closed."""
    as_of, closed = ledger.spec.as_of_day, stopped(ledger, events(ledger))
    last = np.minimum(ledger.customers.end_day + KEPT_AFTER_END, np.where(closed == NONE, as_of, closed))
    return np.minimum(last, as_of)


def _missing(ledger: Ledger, subject: str, customer: Ints) -> Flags:
    """Say in which entries a field was left empty: some customers' files are kept well, some badly."""
    rng = drawing(ledger, f"missing {subject}")
    kept = np.array(MISSING_PCT, dtype=np.int64)[
        below(drawing(ledger, "completeness"), len(MISSING_PCT), ledger.spec.customers)
    ]
    return chance(rng, kept[customer], len(customer))


def _turnover(ledger: Ledger) -> Ints:
    """Draw what each customer sells in an ordinary year, in cents of its currency."""
    size = ledger.spec.customers
    multiple = shaped(drawing(ledger, "turnover"), TURNOVER_MULTIPLE, np.zeros(size, dtype=np.int64))
    return planned_purchases(ledger) * multiple // 100


def _capital(ledger: Ledger, made: Entries, turnover: Ints) -> tuple[Ints, Ints]:
    """Give registered and paid-in capital: what is lost is lost from what was paid in first."""
    rng, size = drawing(ledger, "capital"), ledger.spec.customers
    least, spread = CAPITAL_PER_MILLE
    registered = np.maximum(turnover * (least + below(rng, spread, size)) // 1000, 30 * ROUND_CAPITAL)
    ranges = np.array([PAID_IN_PCT.get(t, USUALLY_PAID_IN) for t in CustomerType], dtype=np.int64)[
        ledger.customers.type
    ]
    paid = registered * (ranges[:, 0] + below(rng, 1 << 20, size) % ranges[:, 1]) // 100
    lost = np.minimum(course(ledger, made.customer, made.day), 0)
    now = registered[made.customer] * (1000 + np.minimum(lost + 150, 0)) // 1000
    left = np.minimum(paid[made.customer] * (1000 + lost) // 1000, now)
    return _rounded(now), _rounded(left)


def _rounded(capital: Ints) -> Ints:
    return np.maximum(capital // ROUND_CAPITAL, 1) * ROUND_CAPITAL


def integrity_file_table(ledger: Ledger) -> Iterator[Table]:
    """Write the yearly entries of who each customer is and what it owns."""
    made, rng, size = entries(ledger), drawing(ledger, "files"), ledger.spec.customers
    who, spoken = made.customer, languages(ledger)
    base = _turnover(ledger)
    # the last full year lies half a year back in the middle
    sales = base[who] * (1000 + course(ledger, who, made.day - 180) + around_zero(rng, 25, len(made))) // 1000
    least, spread = ASSETS_PER_MILLE
    owned = base * (least + below(rng, spread, size)) // 1000
    assets = owned[who] * (1000 + 3 * course(ledger, who, made.day) // 2 + around_zero(rng, 20, len(made))) // 1000
    registered, paid = _capital(ledger, made, base)

    def kept(subject: str, column: Text) -> Text:
        return only(column, ~_missing(ledger, subject, who))

    columns = {
        "customer_id": customer_ids(who),
        "as_of": days(made.day),
        "founded_date": kept("founded", days(_founded(ledger)[who])),
        "registered_capital": kept("registered", decimals(registered, 2)),
        "paid_in_capital": kept("paid in", decimals(paid, 2)),
        "fixed_assets": kept("assets", decimals(np.maximum(assets, 0) // CENTS * CENTS, 2)),
        "annual_turnover": kept("sales", decimals(np.maximum(sales, 0) // CENTS * CENTS, 2)),
        "currency": words(list(CURRENCIES), ledger.customers.currency[who]),
        "employees": kept("employees", numbers(1 + np.maximum(sales, 0) // TURNOVER_PER_HEAD)),
        "business_scope": kept("scope", _scopes(ledger, made)),
        "legal_representative": kept("representative", _representatives(ledger, made)),
        "ownership": kept("ownership", quoted(OWNERSHIP.say(spoken, below(rng, 60, size)).take(pa.array(who)))),
        "source": words(list(FILE_SOURCES), below(rng, len(FILE_SOURCES), len(made))),
    }
    yield Table(columns, made.told)


def _founded(ledger: Ledger) -> Ints:
    """Draw when each business was founded: those that do not mean to pay are young."""
    rng, size = drawing(ledger, "founded"), ledger.spec.customers
    old, young = 400 + below(rng, FOUNDED_YEARS * YEAR, size), 90 + below(rng, FRAUD_FOUNDED_DAYS, size)
    return ledger.customers.since_day - np.where(ledger.customers.type == CustomerType.MALICIOUS, young, old)


def _scopes(ledger: Ledger, made: Entries) -> Text:
    """Say what each customer does: something else once it has changed its scope."""
    rng, size = drawing(ledger, "scopes"), ledger.spec.customers
    spoken, choice = languages(ledger)[made.customer], below(rng, 60, size)[made.customer]
    turned = np.full(size, np.iinfo(np.int64).max, dtype=np.int64)
    for row, day in carriers(ledger, PlantKind.SCOPE_CHANGE).items():
        turned[row] = day
    other = made.day >= turned[made.customer]
    return quoted(pc.if_else(pa.array(other), OTHER_SCOPES.say(spoken, choice), SCOPES.say(spoken, choice)))


def _representatives(ledger: Ledger, made: Entries) -> Text:
    """Name who signs for each customer in law: whoever heads it, as far as told."""
    known = people(ledger)
    return quoted(names(ledger, known, known.at(Desk.HEAD, made.customer, made.day)))


def operating_survey_table(ledger: Ledger) -> Iterator[Table]:
    """Write the yearly looks at how a business runs, some two months after each entry in its file."""
    made, rng = entries(ledger), drawing(ledger, "surveys")
    size = len(made)
    who, day = made.customer, made.day + SURVEY_AFTER + below(rng, 15, size)
    told = np.maximum(made.told, day + 2 + below(rng, 20, size))
    health = condition(ledger, who, day)
    debt = np.maximum(DEBT - 8 * health // 10 + around_zero(rng, 85, size), LEAST_DEBT)
    current = np.maximum(CURRENT + 2 * health + around_zero(rng, 260, size), LEAST_CURRENT)
    returned = RETURN + 35 * health // 100 + around_zero(rng, 42, size)
    turns = np.array(STOCK_TURNS, dtype=np.int64)[ledger.customers.product_group[who]]
    turns = np.maximum(turns * (1000 + health + around_zero(rng, 90, size)) // 1000, 8)

    def kept(subject: str, column: Text) -> Text:
        return only(column, ~_missing(ledger, subject, who))

    columns = {
        "customer_id": customer_ids(who),
        "as_of": days(day),
        "use_of_funds": kept("funds", _funds(ledger, rng, who, day, health)),
        "return_on_operating_assets": kept("return", decimals(returned, 3)),
        "inventory_turnover": kept("stock", decimals(turns, 1)),
        "debt_to_asset_ratio": kept("debt", decimals(debt, 3)),
        "current_ratio": kept("current", decimals(current // 10, 2)),
        "surveyed_by": _surveyors(ledger, who),
        "method": words(list(METHODS), below(rng, len(METHODS), size)),
        "note": quoted(
            SURVEY_NOTES.say(languages(ledger)[who], np.where(chance(rng, NOTED_PCT, size), below(rng, 60, size), NONE))
        ),
    }
    inside = made.yearly & (day <= _kept_until(ledger)[who])
    chosen = pa.array(np.flatnonzero(inside))
    yield Table({name: column.take(chosen) for name, column in columns.items()}, told[inside])


def _funds(ledger: Ledger, rng: np.random.Generator, who: Ints, day: Ints, health: Ints) -> Text:
    """Say what the money goes into: old debts where it is short, other pockets where nobody means to pay."""
    customers, size, spoken = ledger.customers, len(who), languages(ledger)[who]
    turn = customers.turn_day[who]
    diverts = (customers.type[who] == CustomerType.MALICIOUS) & (day >= turn) & chance(rng, 60, size)
    strained = chance(rng, np.clip(30 - health // 5, 3, 90), size)
    choice = below(rng, 60, size)
    sound = pc.if_else(pa.array(strained), STRAINED_FUNDS.say(spoken, choice), SOUND_FUNDS.say(spoken, choice))
    return quoted(pc.if_else(pa.array(diverts), DIVERTED_FUNDS.say(spoken, choice), sound))


def _surveyors(ledger: Ledger, who: Ints) -> Text:
    return words(salespeople(ledger.spec.only_codepage), ledger.customers.salesperson[who])
