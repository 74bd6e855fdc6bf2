"""Decimal rules: how money is kept, rounded and read back from text."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
LEDGER_PLACES: Final = Decimal("0.0001")
"""The ledger keeps four decimals, DECIMAL(18,4)."""


def rounded(amount: Decimal, places: Decimal = CENT) -> Decimal:
    """Round half away from zero, as the ledger's SQL does."""
    return amount.quantize(places, ROUND_HALF_UP)


def bare(value: Decimal | float) -> str:
    """A number as programs read it, to the ledger's places: no language, no grouping, no zeros at the end."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
