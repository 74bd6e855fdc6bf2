"""The card that is learnt from what became of customers: when there is enough to learn from, how, and what its points are worth."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from pydantic import Field, model_validator

from receivables.settings.section import Section


class StatisticalCard(Section):
    """The card learnt from past re-ratings and the year after each; it runs in the shadow of the expert one until `rating.card` says otherwise."""

    bads_min: int = Field(
        default=50,
        ge=1,
        description="customers that went bad below which nothing is learnt, however often each was looked at; a rule of thumb, with fewer the card is chance",
    )
    bads_per_parameter: int = Field(
        default=10,
        ge=1,
        description="customers that went bad for each number that is learnt, an attribute's or the level's; a rule of thumb against learning single cases by heart",
    )
    bins_first: int = Field(
        default=10,
        ge=2,
        le=20,
        description="bins of equal numbers that an attribute is first cut into; neighbours are joined until more of it is always safer, or always less",
    )
    bin_share_min: Decimal = Field(
        default=Decimal("0.05"),
        gt=0,
        lt=Decimal("0.5"),
        description="share of all cases that a bin holds at least; smaller ones are joined to a neighbour",
    )
    bin_bads_min: int = Field(
        default=3, ge=1, description="bad cases that a bin holds at least; of fewer the next one may turn it round"
    )
    smoothing: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        description="cases added to the good and to the bad of each bin; what never happened yet may",
    )
    suspect_information: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        description="information value above which an attribute is marked: it tells so much that it may know the outcome; a rule of thumb",
    )
    penalties: tuple[Decimal, ...] = Field(
        default=(Decimal("0.01"), Decimal("0.1"), Decimal(1), Decimal(10)),
        min_length=1,
        description="inverse strengths of the penalty (C), rising, that are tried on later re-ratings; the first, which trusts least, where none can be",
    )
    trials: int = Field(
        default=4,
        ge=1,
        le=20,
        description="latest re-ratings that penalties are tried on, each by what had run out before it; a year of quarters",
    )
    base_points: Decimal = Field(
        default=Decimal(600), description="points that the base odds are worth; a convention of the trade"
    )
    base_odds: Decimal = Field(
        default=Decimal(30),
        gt=0,
        description="good customers per bad one at the base points; about 3 % go bad within the year",
    )
    doubling_points: Decimal = Field(
        default=Decimal(20), gt=0, description="points that double the odds; a convention of the trade"
    )
    score_at_base: Decimal = Field(
        default=Decimal(75),
        ge=0,
        le=100,
        description="score of 100 that the base points are worth where this card grades: the edge of an A",
    )
    score_per_doubling: Decimal = Field(
        default=Decimal(10),
        gt=0,
        description="score that a doubling of the odds is worth; one grade by the edges as they come",
    )

    @model_validator(mode="after")
    def _in_order(self) -> StatisticalCard:
        if self.penalties[0] <= 0 or any(b <= a for a, b in pairwise(self.penalties)):
            raise ValueError("penalties must be above 0 and in rising order")
        return self
