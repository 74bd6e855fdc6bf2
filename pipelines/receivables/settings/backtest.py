"""How a score is held against what became of the customers it scored."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class Backtest(Section):
    """How sure a score's measures are, and when the customers it scores are no more those it was made for."""

    customers_min: int = Field(
        default=20,
        ge=5,
        description="customers below which a measure has no interval; leaving out one of so few tells too little of the next",
    )
    interval_groups: int = Field(
        default=200,
        ge=20,
        description="customers left out one by one for an interval; more are put into so many groups of customers",
    )
    drift_bins: int = Field(
        default=5,
        ge=2,
        le=20,
        description="bins of equal numbers of customers that scores are counted in; with more of them chance alone makes more drift",
    )
    drift_min: Decimal = Field(
        default=Decimal("0.10"),
        gt=0,
        description="population stability index below which drift is never told; a convention, less changes no decision",
    )
    drift_chance: Decimal = Field(
        default=Decimal("0.05"),
        gt=0,
        lt=1,
        description="probability that so much drift is chance; drift is told only beyond what it explains, which is much with few customers",
    )
