"""How far a customer's own record counts where it is short."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class Shrinkage(Section):
    """How a customer's own rates and means are drawn towards those of its segment, the more the less there is of them."""

    rate_cases: Decimal = Field(
        default=Decimal(20),
        gt=0,
        description="cases at the segment's rate that are added to a customer's own; twenty invoices of its own weigh as much as all that others did",
    )
    mean_cases_min: Decimal = Field(
        default=Decimal(3),
        ge=0,
        description="cases at the segment's mean that are added at least, whatever the spread of customers says; three payments are no habit",
    )
    confidence: Decimal = Field(
        default=Decimal("0.90"),
        gt=0,
        lt=1,
        description="probability that a customer's true rate lies in its interval; one in ten outside is enough to judge a record by",
    )
