"""The true collection curves of the sample: what becomes of all money in the end, also after the as-of date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from receivables.world.bands import Cause
from receivables.world.customers import CustomerType
from receivables.world.draws import NONE, Flags, Ints, sum_by
from receivables.world.ledger import Ledger
from receivables.world.records import AllocKind, State

AGES: Final = (0, 30, 61, 91, 182, 274, 365, 730, 1_460)
"""Days after the original due date; by the last, everything that ever ends has ended."""

PLACES: Final = 6


@dataclass(frozen=True)
class Ends:
    """One element per invoice instalment that belongs to the curve: ledger cents by how they end, and the age at which the rest does.

    `diluted` was credited or discounted away, which happens at age `dilution_age`; the rest ends in cash or as a loss at `age`, or never.
    """

    customer: Ints
    cents: Ints
    diluted: Ints
    dilution_age: Ints
    age: Ints
    cause: Ints


def ends(ledger: Ledger) -> Ends:
    """Follow every posted invoice instalment with a due date to its end; invoices billed anew and duplicates are left out."""
    docs, inst, alloc, outcomes = ledger.documents, ledger.instalments, ledger.allocations, ledger.outcomes
    size = len(outcomes.cause)
    doc = inst.doc[:size]
    own = np.ones(len(ledger.copies.of), dtype=np.bool_)
    own[ledger.copies.of != NONE] = False
    own[ledger.copies.of[ledger.copies.of != NONE]] = False
    known = (docs.state[doc] == State.POSTED) & (inst.due_original[:size] != NONE) & own[doc]
    lasting = alloc.void_day == NONE
    by_credit = lasting & (alloc.kind == AllocKind.CREDIT_NOTE)
    taken = np.where(by_credit, alloc.cleared, np.where(lasting, alloc.discount, 0))
    diluted = sum_by(alloc.inst, taken, len(inst))[:size]
    day = np.zeros(len(inst), dtype=np.int64)
    np.maximum.at(day, alloc.inst, np.where(taken > 0, alloc.day, 0))
    due = inst.due_original[:size]
    rows = np.flatnonzero(known)
    whole, local = inst.amount[rows], inst.local[rows]
    return Ends(
        customer=docs.customer[doc[rows]],
        cents=local,
        diluted=local * diluted[rows] // whole,
        dilution_age=np.maximum(day[rows] - due[rows], 0),
        age=np.maximum(outcomes.end_day[rows] - due[rows], 0),
        cause=outcomes.cause[rows],
    )


def curve(found: Ends, chosen: Flags, *, by_amount: bool) -> dict[str, Any]:
    """Tell which share had been collected, lost and diluted by each age, and what is collected of that still open then.

    Shares are of the money, or of the instalments, of the chosen rows. An instalment is counted once, by how its last part ends.
    """
    cents = found.cents[chosen] if by_amount else np.ones(np.count_nonzero(chosen), dtype=np.int64)
    diluted = found.diluted[chosen] if by_amount else np.zeros(len(cents), dtype=np.int64)
    age, cause, rest = found.age[chosen], found.cause[chosen], cents - diluted
    whole = max(int(cents.sum()), 1)

    def by(limit: int, kind: Cause) -> int:
        return int(rest[(cause == kind) & (age <= limit)].sum())

    forever = int(rest[cause == Cause.CASH].sum())
    rows = []
    for limit in AGES:
        cash, loss = by(limit, Cause.CASH), by(limit, Cause.LOSS)
        gone = int(diluted[found.dilution_age[chosen] <= limit].sum())
        still_open = whole - cash - loss - gone
        rows.append(
            {
                "age_days": limit,
                "cash": round(cash / whole, PLACES),
                "loss": round(loss / whole, PLACES),
                "dilution": round(gone / whole, PLACES),
                "open": round(still_open / whole, PLACES),
                "collected_in_the_end": round((forever - cash) / still_open, PLACES) if still_open else None,
            }
        )
    return {"instalments": len(cents), "ages": rows}


def curves(ledger: Ledger) -> dict[str, Any]:
    """Tell the curves of all money, and of each type of customer, by amount and by count."""
    found = ends(ledger)
    kind = ledger.customers.type[found.customer]
    everybody = np.ones(len(kind), dtype=np.bool_)
    groups = {"all": everybody, **{member.name.lower(): kind == member for member in CustomerType}}
    return {
        name: {
            "amount": curve(found, chosen, by_amount=True),
            "count": curve(found, chosen, by_amount=False),
        }
        for name, chosen in groups.items()
        if chosen.any()
    }
