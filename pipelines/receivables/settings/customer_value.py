"""Which customers are worth keeping: what each is worth, and how well it stands."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.rating import Grade
from receivables.settings.section import Section


class CustomerValue(Section):
    """What a customer brings in a year, held against its grade: keep, grow, watch or exit."""

    top_share: Decimal = Field(
        default=Decimal("0.8"),
        gt=0,
        lt=1,
        description="share of what all customers of a company bring that the high ones make together, the largest first; by the rule of thumb a fifth of them does",
    )
    assumed_margin: Decimal = Field(
        default=Decimal("0.20"),
        gt=0,
        le=1,
        description="margin as a share of sales where cost is not told; a usual gross margin of distributors until the company tells its own, and the same for all, so that it ranks as sales do",
    )
    costed_share_min: Decimal = Field(
        default=Decimal("0.8"),
        gt=0,
        le=1,
        description="share of a customer's sales whose lines tell a product with a cost, from which their margin stands for all of it; with less the rest may be anything",
    )
    good_grade: Grade = Field(
        default="C",
        description="worst grade that counts as good credit; from it on supply is full and benefits are given",
    )
