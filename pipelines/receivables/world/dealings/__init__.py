"""Dealings with customers about what they owe: the collection log, disputes, concessions, benefits, confirmations and stated balances."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Final

from receivables.world.dealings.benefits import benefit_ledger
from receivables.world.dealings.claims import dispute, service_issue
from receivables.world.dealings.concessions import concession, granted_days
from receivables.world.dealings.confirmations import balance_assertion, balances, statement_confirmation
from receivables.world.dealings.log import collection_log
from receivables.world.ledger import Ledger
from receivables.world.tables import Slices
from receivables.world.valuation import Values

LOGGED: Final[dict[str, Callable[[Ledger], Slices]]] = {
    "collection_log": collection_log,
    "dispute": dispute,
    "service_issue": service_issue,
    "concession": concession,
    "benefit_ledger": benefit_ledger,
}


def tables(ledger: Ledger, values: Values) -> dict[str, Slices]:
    """Name the tables of these dealings; the ledger is replayed once for the two that state balances."""
    stated = cache(partial(balances, ledger, values))
    return {
        **{name: make(ledger) for name, make in LOGGED.items()},
        "statement_confirmation": lambda: iter((statement_confirmation(ledger, stated()),)),
        "balance_assertion": lambda: iter((balance_assertion(ledger, stated()),)),
    }


__all__ = ["granted_days", "tables"]
