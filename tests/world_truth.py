"""What really becomes of the customers of a sample world, as the world was made and not as its exports tell it: so that a flag that nobody planted can be told from one that is false."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from receivables.world.canonical import customer_ids
from receivables.world.customers import CustomerType, Trajectory
from receivables.world.dealings.concessions import Favour, requests
from receivables.world.dealings.ends import FAR, ends
from receivables.world.dealings.entries import Entry, Outcome
from receivables.world.dealings.log import log_entries
from receivables.world.draws import NONE, day_number
from receivables.world.files.contacts import people
from receivables.world.files.contracts import contract_ends, has_contract
from receivables.world.files.events import (
    CLOSURE,
    DEMOLITION,
    INSOLVENCY,
    LEGAL_REP,
    RELOCATION,
    REORGANISATION,
    SCOPE,
    accounts,
    events,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from receivables.world.draws import Ints
    from receivables.world.ledger import Ledger

EVENTS: Final = {
    "insolvency": INSOLVENCY,
    "closure": CLOSURE,
    "relocation": RELOCATION,
    "address_changed": RELOCATION,
    "demolition": DEMOLITION,
    "scope_changed": SCOPE,
    "legal_representative_changed": LEGAL_REP,
    "organisation_abolished": REORGANISATION,
}
BOUGHT: Final = ("off_season_bulk", "repeated_bulk", "order_rate_jump", "large_order", "up_to_limit")
RUN: Final = 2
"""Promises not kept one after another."""

FAILS_DAYS: Final = 365
"""Who fails within so many days is a bad payer already."""

Span = tuple[int, int, int]
"""A customer, and the first and last day on which something is so; days count from 1970-01-01."""


@dataclass(frozen=True)
class Truth:
    """Of the detectors whose matter the world makes besides what is planted: when it is so of whom, by detector and customer; and who pays badly since when."""

    spans: dict[str, dict[str, list[tuple[int, int]]]]
    bad_since: dict[str, int]

    def is_so(self, detector: str, customer: str, first: date, last: date, slack: int) -> bool:
        """Whether what a detector says of a customer was so on some of its days, or by so many days before."""
        spans = self.spans.get(detector, {}).get(customer, [])
        return any(begins <= day_number(last) and day_number(first) <= ends + slack for begins, ends in spans)

    def is_bad(self, customer: str, day: date) -> bool:
        """Whether the world makes a customer a bad payer by a day: in hardship, in a chain of debt, evading or malicious, once that has begun, or failing within a year."""
        return self.bad_since.get(customer, FAR) <= day_number(day)


def truth(ledger: Ledger) -> Truth:
    """Read what was made off a world's ledger."""
    names = [f"{ledger.spec.company_id}:{name}" for name in customer_ids(ledger)]
    found: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for detector, spans in _spans(ledger):
        by_customer = found.setdefault(detector, {})
        for customer, first, last in spans:
            by_customer.setdefault(names[customer], []).append((first, last))
    who = ledger.customers
    begins = np.where(who.turn_day == NONE, ledger.spec.start_day, who.turn_day)
    since = np.where(who.type > CustomerType.SLOW, begins, FAR)
    since = np.where(who.fail_day == NONE, since, np.minimum(since, who.fail_day - FAILS_DAYS))
    return Truth(found, dict(zip(names, since.tolist(), strict=True)))


def _spans(ledger: Ledger) -> Iterator[tuple[str, Iterable[Span]]]:
    who, every = ledger.customers, np.arange(ledger.spec.customers, dtype=np.int64)
    happened = events(ledger)
    for detector, kind in EVENTS.items():
        rows = happened.kind == kind
        yield detector, _spelled(happened.customer[rows], happened.day[rows], happened.day[rows])
    banks, known = accounts(ledger).closed, people(ledger).change
    yield "bank_changed", _spelled(every[banks != NONE], banks[banks != NONE], banks[banks != NONE])
    yield "contact_changed", [(row, day, day) for row, days in enumerate(known.tolist()) for day in days if day != NONE]
    yield from _said(ledger)
    yield "concession_overrun", _overrun(ledger)
    yield "own_fault_open", _disputed(ledger)
    ended = np.where(has_contract(ledger), contract_ends(ledger)[0] + 1, ledger.spec.start_day)
    yield "no_written_term", _spelled(every, ended, np.full(len(every), FAR))
    later = np.where(who.trajectory == Trajectory.WORSENING, ledger.spec.start_day, FAR)
    later = np.where(who.turn_day == NONE, later, np.minimum(later, who.turn_day))
    yield "lateness_drift", _spelled(every, later, np.full(len(every), FAR))
    takes = (who.type == CustomerType.MALICIOUS) & (who.turn_day != NONE)
    for detector in BOUGHT:
        yield detector, _spelled(every[takes], who.turn_day[takes], who.end_day[takes])


def _spelled(customer: Ints, first: Ints, last: Ints) -> Iterable[Span]:
    return zip(customer.tolist(), first.tolist(), last.tolist(), strict=True)


def _said(ledger: Ledger) -> Iterator[tuple[str, Iterable[Span]]]:
    """Promises not kept one after another, and payments said to be made of which no money came, by what the world knows of the money."""
    logged = log_entries(ledger)
    claims = (logged.kind == Entry.PAYMENT_CLAIM) & (logged.outcome == Outcome.NOT_FOUND)
    yield "claimed_payment", _spelled(logged.customer[claims], logged.day[claims], logged.closed[claims])
    rows = np.flatnonzero(logged.kind == Entry.PROMISE)
    rows = rows[np.lexsort((logged.closed[rows], logged.customer[rows]))]
    broken: dict[int, int] = {}
    runs: list[Span] = []
    for customer, kept, day in zip(
        logged.customer[rows].tolist(),
        (logged.outcome[rows] == Outcome.KEPT).tolist(),
        logged.closed[rows].tolist(),
        strict=True,
    ):
        broken[customer] = 0 if kept else broken.get(customer, 0) + 1
        if broken[customer] >= RUN:
            runs.append((customer, day, day))
    yield "broken_promises", runs


def _overrun(ledger: Ledger) -> Iterable[Span]:
    """Time granted, or parts, of which the money came after the day granted."""
    found = ends(ledger)
    asked = requests(ledger, found)
    rows = np.flatnonzero((asked.granted != NONE) & (asked.new_due != NONE) & (asked.kind != Favour.REDUCTION))
    rows = rows[found.closed[asked.inst[rows]] > asked.new_due[rows]]
    return _spelled(asked.customer[rows], asked.new_due[rows] + 1, found.closed[asked.inst[rows]])


def _disputed(ledger: Ledger) -> Iterable[Span]:
    """Disputes while they are not settled."""
    found = ledger.disputes
    customer = ledger.documents.customer[ledger.instalments.doc[found.inst]]
    return _spelled(customer, found.opened, np.where(found.closed == NONE, FAR, found.closed))
