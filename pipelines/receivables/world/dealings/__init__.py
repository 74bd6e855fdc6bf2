"""Dealings with customers about what they owe: the collection log, disputes, concessions, benefits, confirmations and stated balances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from receivables.world.dealings.benefits import benefit_ledger
from receivables.world.dealings.claims import dispute, service_issue
from receivables.world.dealings.concessions import concession, granted_days
from receivables.world.dealings.confirmations import balance_assertion, statement_confirmation
from receivables.world.dealings.log import collection_log
from receivables.world.ledger import Ledger
from receivables.world.tables import Slices
from receivables.world.valuation import Values

TABLES: Final[dict[str, Callable[[Ledger, Values], Slices]]] = {
    "collection_log": collection_log,
    "dispute": dispute,
    "service_issue": service_issue,
    "concession": concession,
    "benefit_ledger": benefit_ledger,
    "statement_confirmation": statement_confirmation,
    "balance_assertion": balance_assertion,
}

__all__ = ["TABLES", "granted_days"]
