"""Who is on the list of accredited payers."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class Accredited(Section):
    """What a punctual payer must show at a re-rating to be on the list until the next one; hard events and a grade set lower by hand strike it off at any review."""

    index_min: Decimal = Field(
        default=Decimal(78),
        ge=0,
        le=100,
        description="points of the payment index; 80 is on the day, three days late on average is what a bank transfer takes",
    )
    late_share_max: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        description="share of instalments more than a week late; one in twenty is a slip, more is a habit",
    )
    overdue_amount_max: Decimal = Field(
        default=Decimal(1),
        ge=0,
        description="ledger currency overdue on the day; cents left of a transfer in another currency are no arrears",
    )
    items_min: int = Field(
        default=6,
        ge=1,
        description="instalments fallen due in the months that payment behaviour looks back; one a quarter is too few to be called punctual",
    )
    tenure_months_min: int = Field(
        default=12, ge=0, description="months since the customer was first known; a year holds every season once"
    )
