"""What a grade is worth: how much credit, for how long, which goods and which benefits."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from receivables.settings.rating import GRADES
from receivables.settings.section import Section

Supply = Literal["full", "smaller_lots", "held_lines", "prepaid"]


class CreditLimit(Section):
    """Limits, terms and supply by grade; lists run from F, the worst, to A."""

    need_factor: Decimal = Field(
        default=Decimal("1.2"),
        gt=0,
        description="times what is owed on average at the agreed terms and the usual days beyond them; orders come in lots, and seasons differ",
    )
    net_worth_share: Decimal = Field(
        default=Decimal("0.1"),
        gt=0,
        le=1,
        description="share of net worth, or of working capital where that alone is known, that one supplier may lend; a usual share of credit managers",
    )
    high_credit_factor: Decimal = Field(
        default=Decimal("1.1"),
        ge=1,
        description="times the most it ever owed and paid; trust grows by what was shown, a tenth at a time",
    )
    multipliers: tuple[Annotated[Decimal, Field(ge=0)], ...] = Field(
        default=(Decimal(0), Decimal("0.25"), Decimal("0.5"), Decimal("0.75"), Decimal(1), Decimal("1.25")),
        description="times the limit otherwise found, by grade; a quarter a grade, nothing for F",
    )
    rounding_amount: Decimal = Field(
        default=Decimal(100),
        gt=0,
        description="ledger currency, to which limits are rounded; nobody negotiates smaller sums",
    )
    change_share: Decimal = Field(
        default=Decimal("0.25"),
        gt=0,
        le=1,
        description="share that a limit changes by at a review at most; a customer plans with it, and only hard events, F and a negative net worth cannot wait",
    )
    terms_days: tuple[Annotated[int, Field(ge=0, le=366)], ...] = Field(
        default=(0, 15, 30, 45, 60, 60),
        description="days of credit at most, by grade; agreed terms are never made longer, and beyond 60 days the rules of many countries ask for an express agreement",
    )
    supply: tuple[Supply, ...] = Field(
        default=("prepaid", "held_lines", "smaller_lots", "full", "full", "full"),
        description="what is supplied, by grade: full; smaller_lots and fewer varieties; held_lines, the best-selling ones not; prepaid, "
        "no payment no shipment; pressure grows step by step so that the customer can turn round",
    )
    benefits: tuple[bool, ...] = Field(
        default=(False, False, False, True, True, True),
        description="whether gifts, samples, rebates and bonus are given, by grade; they are for those who pay",
    )

    @model_validator(mode="after")
    def _by_grade(self) -> CreditLimit:
        for name in ("multipliers", "terms_days", "supply", "benefits"):
            if len(getattr(self, name)) != len(GRADES):
                raise ValueError(f"{name} must have a value for each grade of {', '.join(GRADES)}")
        for name in ("multipliers", "terms_days"):
            if list(getattr(self, name)) != sorted(getattr(self, name)):
                raise ValueError(f"{name} must not fall from one grade to the better one")
        return self
