"""What detectors of the ledger and of goods take for a sign: duplicates, re-aging, prices, places."""

from __future__ import annotations

from receivables.settings.section import Section


class AnomalyLedger(Section):
    """When documents, receipts or order lines are a sign."""
