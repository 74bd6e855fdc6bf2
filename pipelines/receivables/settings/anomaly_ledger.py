"""What detectors of the ledger and of goods take for a sign: duplicates, re-aging, prices, places."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class AnomalyLedger(Section):
    """When documents, receipts or order lines are a sign."""

    episode_days: int = Field(
        default=90,
        ge=1,
        le=730,
        description="days without evidence after which more of it is another flag; within a quarter it is one story",
    )
    repeat_days: int = Field(
        default=7,
        ge=0,
        le=60,
        description="days within which an equal invoice or receipt may be the same one entered twice; who enters one again does so within a week",
    )
    repeat_amount: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        description="document currency, by which the amounts of the two may differ; a rounding",
    )
    repeat_undone_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="days within which one of the two is taken back without anybody being told; a slip put right by whoever made it",
    )
    repeat_unapplied_days: int = Field(
        default=21,
        ge=1,
        le=180,
        description="days the later of two equal receipts pays nothing, though the earlier one did, from which it is odd even of who pays in equal parts; money that is owed for is used within two or three weeks",
    )
    reference_length_min: int = Field(
        default=3,
        ge=1,
        description="letters and digits of a reference below which it says nothing; short ones repeat by chance",
    )
    reference_uses_max: int = Field(
        default=3,
        ge=2,
        description="items a customer may have under a reference that tells them apart; one that stands on more of them is a standing order or a word like phone",
    )
    regular_variation_max: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        description="standard deviation over mean of a customer's amounts below which equal ones are its habit: rents, subscriptions, standing orders",
    )
    regular_equal_max: int = Field(
        default=3,
        ge=2,
        description="how often a customer may have had an amount for two of them to be odd; one seen more often is usual with it",
    )
    credited_share: Decimal = Field(
        default=Decimal("0.95"),
        gt=0,
        le=1,
        description="share of an invoice that its credit notes must take for it to be credited as a whole; freight or a fee is often kept",
    )
    rebill_overdue_days: int = Field(
        default=15,
        ge=1,
        description="days overdue from which an invoice that is credited and billed anew is re-aged by it; before, it is a correction",
    )
    rebill_days: int = Field(
        default=15,
        ge=0,
        le=90,
        description="days between the credit and the new invoice; what is billed anew is so within two weeks",
    )
    same_amount_share: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        description="share by which an invoice billed anew may differ from the old one, or a credit note from the benefit it honours; interest, freight or a rounding slips in",
    )
    due_moved_days_min: int = Field(
        default=3,
        ge=1,
        description="days by which a due date must be moved later; less moves it off a weekend",
    )
    credit_note_amount_min: Decimal = Field(
        default=Decimal(500),
        ge=0,
        description="ledger currency, from which a credit note without origin is looked at; less is a bonus of the day",
    )
    credit_note_share_min: Decimal = Field(
        default=Decimal("0.02"),
        ge=0,
        le=1,
        description="share of twelve months' invoices from which such a credit note is of weight; rebates are about as much",
    )
    benefit_days: int = Field(
        default=60,
        ge=0,
        le=366,
        description="days between a benefit and the credit note that honours it; rebates are settled within two months",
    )
    tax_invoice_papers: tuple[str, ...] = Field(
        default=("tax_invoice",),
        description="what a contract's papers call our tax invoice; whoever asks for it pays only with it",
    )
    tax_invoice_days: int = Field(
        default=15,
        ge=0,
        le=180,
        description="days after a document by which its tax invoice is issued in the ordinary way; twice a month is usual",
    )
    limitation_years_due_date: int = Field(
        default=3,
        ge=1,
        le=30,
        description="years until a debt can no longer be claimed where the contract counts from the due date or says nothing; three in China, five in Spain: the earlier warning is the safe one",
    )
    limitation_years_acknowledgement: int = Field(
        default=3,
        ge=1,
        le=30,
        description="the same where the contract counts from the last acknowledgement",
    )
    limitation_years_last_payment: int = Field(
        default=3, ge=1, le=30, description="the same where the contract counts from the last payment"
    )
    limitation_days: int = Field(
        default=180,
        ge=1,
        le=1000,
        description="days before the limitation date from which it is near; half a year leaves time for a signed statement or a claim",
    )
    limitation_amount_min: Decimal = Field(
        default=Decimal(100),
        gt=0,
        description="ledger currency, from which an instalment's limitation is told; a claim about less costs more than it brings",
    )
    cancelled_statuses: tuple[str, ...] = Field(
        default=(
            "cancelled",
            "canceled",
            "cancelado",
            "cancelada",
            "anulado",
            "anulada",
            "storniert",
            "已取消",
            "作废",
        ),
        description="how systems call an order that was cancelled, in small letters; nothing was sold by it",
    )
    cross_region_days: int = Field(
        default=180,
        ge=1,
        le=730,
        description="days of orders that those sent outside the customer's area are held against; half a year",
    )
    cross_region_share: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        lt=1,
        description="share of orders sent, or of units resold, outside the area up to which nobody is asked; errands happen",
    )
    cross_region_orders_min: int = Field(
        default=3, ge=1, description="orders sent outside the area from which they are a practice; two are errands"
    )
    cross_country_orders_min: int = Field(
        default=1,
        ge=1,
        description="the same for orders sent to another country where no area is agreed; a border is crossed on purpose",
    )
    bulk_factor: Decimal = Field(
        default=Decimal(20),
        gt=1,
        description="times the usual order from which one that was taken back was far beyond what anybody buys: a slip of the keyboard, or a test of the credit check",
    )
    taken_back_days: int = Field(
        default=7,
        ge=0,
        le=90,
        description="days within which such an order was taken back; later it is a return of goods",
    )
    usual_orders_min: int = Field(
        default=5, ge=1, description="orders of a customer from which their median says what is usual with it"
    )
    contract_price_share: Decimal = Field(
        default=Decimal("0.02"),
        ge=0,
        le=1,
        description="share by which a price may differ from the contract's; roundings and pack sizes",
    )
    contract_price_amount_min: Decimal = Field(
        default=Decimal(1),
        ge=0,
        description="document currency, from which the difference over an invoice is told; cents are nobody's dispute",
    )
    resale_price_share: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        lt=1,
        description="share by which a customer may resell below the lowest price agreed, or below what the goods cost it; a rounding to a shelf price",
    )
    clearance_stock_share: Decimal = Field(
        default=Decimal("0.9"),
        gt=0,
        le=1,
        description="share of a stock that must be sold off at such prices for a clearance; a rest always stays on the shelf",
    )
    clearance_factor: Decimal = Field(
        default=Decimal(3),
        gt=1,
        description="times what was sold a month before from which the stock sold off is large",
    )
    clearance_periods_min: int = Field(
        default=3, ge=1, le=6, description="reports before it that say what is usual; a quarter"
    )
    clearance_days: int = Field(
        default=120,
        ge=0,
        le=730,
        description="days after a clearance in which low prices of the same customer are its rest and no dumping",
    )
    limit_used_share: Decimal = Field(
        default=Decimal("0.9"),
        gt=0,
        description="share of the limit that is open from which a customer has bought up to it",
    )
    large_order_factor: Decimal = Field(
        default=Decimal(3),
        gt=1,
        description="times the median of the customer's last orders from which one is large; one in ten is up to twice the usual",
    )
    limit_orders_min: int = Field(
        default=3,
        ge=1,
        description="large orders that must lead to the limit, and be most of the orders of these days; one alone is a good week",
    )
    limit_days: int = Field(
        default=40,
        ge=0,
        le=180,
        description="days in which they lead there; what is ordered by then is invoiced and hardly any of it due",
    )
    limit_before_days: int = Field(
        default=180,
        ge=0,
        le=730,
        description="days before them in which the same limit was never nearly used; who always trades at it has no other intention now",
    )
    dormant_days: int = Field(
        default=180,
        ge=30,
        description="days without an order after which a customer was gone; half a year is longer than any season's pause",
    )
    dormant_silence_factor: Decimal = Field(
        default=Decimal("1.2"),
        ge=0,
        description="times its longest pause before that it must have been; who buys once a year is no stranger each time",
    )
    dormant_back_days: int = Field(
        default=30, ge=0, le=180, description="days after its return in which its first orders are looked at"
    )
    dormant_orders_min: int = Field(
        default=2, ge=1, description="orders of these days from which they say what it wants"
    )
    dormant_order_factor: Decimal = Field(
        default=Decimal(2),
        gt=1,
        description="times the usual order that they must be worth in the mean; who comes back to buy as before is welcome, and the median of twenty orders is sure to a quarter",
    )
    odd_price_z: Decimal = Field(
        default=Decimal("3.5"),
        gt=0,
        description="robust standard deviations below the median of the month from which a price of ours is odd",
    )
    odd_price_peers_min: int = Field(
        default=20, ge=5, description="prices of a product in a month from which their median says what is usual"
    )
    odd_price_floor_share: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        description="share of the median that a standard deviation is at least; where all pay one price, a cent is not odd",
    )
    odd_price_amount_min: Decimal = Field(
        default=Decimal(200),
        ge=0,
        description="order currency, missing to the usual price of a product in a month from which it is told; a remnant sold cheaply is no sign",
    )
