"""What was agreed in writing with each customer: settlement, paydays, papers, prices by term."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.customers import TERMS, CustomerType, Settlement
from receivables.world.draws import NONE, Dial, Flags, Ints, as_date, below, pick
from receivables.world.files.contacts import steps_taken
from receivables.world.files.facts import (
    YEAR,
    carriers,
    carries,
    chance,
    drawing,
    entered,
    languages,
)
from receivables.world.files.vocabulary import GUARANTEES, PLACES
from receivables.world.ids import contract_ids, customer_ids
from receivables.world.ledger import Ledger
from receivables.world.names import GROUPS, territories
from receivables.world.plants import PlantKind
from receivables.world.records import PayKind
from receivables.world.tables import Later, Table
from receivables.world.text import Text, days, decimals, numbers, padded, quoted, strings, words

MODES: Final = {
    Settlement.CASH: "cash",
    Settlement.BATCH: "batch_for_batch",
    Settlement.MONTHLY: "monthly",
    Settlement.SINGLE_DATE: "single_date",
    Settlement.INSTALMENT: "instalment",
}
PAYDAYS: Final = ("", "dow:5", "dom:5,20", "last", "dom:5,20;cutoff:25", "last;cutoff:20")
"""The pay runs as contracts write them, then the last two again with the day by which papers must be there."""

METHODS: Final = {
    PayKind.RECEIPT: "transfer",
    PayKind.PREPAYMENT: "transfer",
    PayKind.DIRECT_DEBIT: "direct debit",
    PayKind.CARD: "card",
}
PAPERS: Final = (
    "",
    "tax_invoice",
    "delivery_proof",
    "tax_invoice;delivery_proof",
    "purchase_order;tax_invoice",
    "stamped_statement;tax_invoice",
    "purchase_order;delivery_proof;stamped_statement",
    "purchase_order;tax_invoice;delivery_proof;stamped_statement",
)
"""What must be there before anything is paid, from nothing to everything."""

LAPSED: Final = Dial(25, 2)
"""Contracts that nobody renewed in time although the customer still buys."""

CUTOFF_PCT: Final = 35
GUARANTEED_DAYS: Final = 4 * YEAR
"""Guarantees with an end run so long at most, counted from the first day anything is told."""

RENEWED_BEFORE: Final = 30
GUARANTEED_PCT: Final = 8
RISKY_GUARANTEED_PCT: Final = 18
BASES: Final = ("due_date", "due_date", "due_date", "acknowledgement", "last_payment")
INTEREST_PPM: Final = (80_000, 81_500, 90_000, 101_500, 111_500, 120_000)
UPLIFT_DAYS: Final = (0, 10, 15, 30, 45, 60, 90, 120)
UPLIFT: Final = (-15_000, 0, 3_000, 8_000, 13_500, 20_000, 34_000, 51_000)
"""What each term adds to the list price, in ten-thousandths of a percent: a discount for cash, then more than in proportion."""


def price_list_ids(group: Ints) -> Text:
    """Name the price list of each customer group."""
    return padded("PL-", group + 1, 2)


def has_contract(ledger: Ledger) -> Flags:
    """Mark the customers that ever signed a contract: those that agreed on terms."""
    signed: Flags = ledger.customers.terms != NONE
    return signed


def contract_ends(ledger: Ledger) -> tuple[Ints, Ints, Ints]:
    """Give the last day of each contract, the day that was agreed (`NONE`: from the start) and the last day before that (`NONE`: open).

    A contract is prolonged by one or two years as long as the customer buys, a long one after it had run without an end; some
    prolongations are forgotten, and the contracts of those planted to trade without one end on the day of the plant.
    """
    spec, customers, rng = ledger.spec, ledger.customers, drawing(ledger, "contract ends")
    size = spec.customers
    term, since = YEAR * (1 + below(rng, 2, size)), ledger.customers.since_day
    until = np.where(customers.end_day < spec.as_of_day, customers.end_day, spec.as_of_day + 1)
    terms = (until - since) // term + 1
    trades = has_contract(ledger) & (until > spec.as_of_day) & ~carries(ledger)
    terms -= pick(rng, trades & (terms > 1), LAPSED)
    last, before = since + terms * term - 1, since + (terms - 1) * term - 1
    renewed = np.where(terms > 1, before - RENEWED_BEFORE, NONE)
    before = np.where(terms == 2, before, NONE)
    for row, day in carriers(ledger, PlantKind.NO_WRITTEN_TERM).items():
        last[row], renewed[row], before[row] = day, max(day - YEAR, int(since[row])), NONE
    return last, renewed, before


def usual_methods(ledger: Ledger) -> Text:
    """Find how each customer pays, from its latest receipt."""
    receipts = ledger.receipts
    rows = np.flatnonzero((receipts.customer != NONE) & (receipts.kind != PayKind.PREPAYMENT))
    kind = np.full(ledger.spec.customers, PayKind.RECEIPT, dtype=np.int64)
    kind[receipts.customer[rows]] = receipts.kind[rows]
    return words([METHODS[kind] for kind in PayKind], kind)


def contract_table(ledger: Ledger) -> Iterator[Table]:
    """Write the contracts; the last day moves when one is renewed."""
    customers, rng = ledger.customers, drawing(ledger, "contracts")
    rows = np.flatnonzero(has_contract(ledger)).astype(np.int64)
    size = ledger.spec.customers
    since = ledger.customers.since_day
    signed = since - below(rng, 20, size)
    told = entered(ledger, since + below(rng, 15, size))
    last, renewed, before = contract_ends(ledger)
    run = customers.pay_run + 2 * ((customers.pay_run >= 2) & chance(rng, CUTOFF_PCT, size))
    papers = np.minimum(below(rng, 3, size) + steps_taken(ledger), len(PAPERS) - 1)
    secured, secured_until = guarantees(ledger)
    regions = [";".join(territory.regions) for territory in territories(ledger.spec.home)]
    year = [as_date(day).year for day in signed.tolist()]
    ids = contract_ids(np.arange(size, dtype=np.int64))
    columns = {
        "contract_id": ids,
        "customer_id": customer_ids(np.arange(size, dtype=np.int64)),
        "signed_date": days(signed),
        "valid_from": days(since),
        "valid_to": days(last),
        "terms_id": words([terms.terms_id for terms in TERMS], customers.terms),
        "settlement_mode": words([MODES[mode] for mode in Settlement], customers.settlement),
        "settlement_place": _places(ledger, rng),
        "settlement_method": usual_methods(ledger),
        "paydays": quoted(words(list(PAYDAYS), np.where(run > 0, run, NONE))),
        "process_steps": numbers(steps_taken(ledger)),
        "requires": words(list(PAPERS), np.where(papers > 0, papers, NONE)),
        "price_list_id": price_list_ids(customers.group),
        "sales_region_codes": words(regions, customers.territory),
        "guarantee": quoted(GUARANTEES.say(languages(ledger), secured)),
        "guarantee_until": days(secured_until),
        "interest_rate_pa": decimals(np.array(INTEREST_PPM, dtype=np.int64)[below(rng, len(INTEREST_PPM), size)], 6),
        "limitation_basis": words(list(BASES), below(rng, len(BASES), size)),
        "file_ref": pc.binary_join_element_wise("contracts", pa.array(year).cast(pa.string()), ids, "/"),
    }
    chosen = pa.array(rows)
    yield Table(
        {name: column.take(chosen) for name, column in columns.items()},
        told[rows],
        {"valid_to": Later(renewed[rows], days(before[rows]))},
    )


def guarantees(ledger: Ledger) -> tuple[Ints, Ints]:
    """Choose what secures each contract (`NONE`: nothing) and until when (`NONE`: open-ended); more of those that pay late by habit."""
    customers, rng, size = ledger.customers, drawing(ledger, "guarantees"), ledger.spec.customers
    risky = np.isin(customers.type, (CustomerType.SLOW, CustomerType.EVADER))
    secured = has_contract(ledger) & chance(rng, GUARANTEED_PCT + (RISKY_GUARANTEED_PCT - GUARANTEED_PCT) * risky, size)
    dated = secured & chance(rng, 60, size)
    until = entered(ledger, ledger.customers.since_day) + below(rng, GUARANTEED_DAYS, size)
    return np.where(secured, below(rng, 40, size), NONE), np.where(dated, until, NONE)


def _places(ledger: Ledger, rng: np.random.Generator) -> Text:
    """Say where each customer settles: on the dock for cash, else at its own office or by transfer."""
    customers, size = ledger.customers, ledger.spec.customers
    choice = np.where(customers.settlement == Settlement.CASH, 2, below(rng, 2, size))
    patterns = PLACES.say(languages(ledger), choice).to_pylist()
    return strings([text.replace("{city}", city) for text, city in zip(patterns, customers.city, strict=True)])


def price_uplift_table(ledger: Ledger) -> Iterator[Table]:
    """Write what a longer term costs on each price list."""
    lists = np.repeat(np.arange(len(GROUPS), dtype=np.int64), len(UPLIFT_DAYS))
    pct = np.array(UPLIFT, dtype=np.int64)
    dearer = 90 + 10 * np.arange(len(GROUPS), dtype=np.int64)
    columns = {
        "price_list_id": price_list_ids(lists),
        "term_days": numbers(np.tile(np.array(UPLIFT_DAYS, dtype=np.int64), len(GROUPS))),
        "pct": decimals((dearer[:, np.newaxis] * pct // 100).ravel(), 4),
    }
    yield Table(columns, np.full(len(lists), ledger.spec.start_day, dtype=np.int64))
