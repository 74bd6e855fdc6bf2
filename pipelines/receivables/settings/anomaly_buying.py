"""What statistical detectors take for a sign: seasons, rates, mixes, drifts."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class AnomalyBuying(Section):
    """When buying or paying differs from what is usual by more than chance."""

    history_months: int = Field(
        default=36,
        ge=24,
        le=120,
        description="months before those tested whose orders and payments are looked at; three of each season, older habits have changed",
    )
    window_months: int = Field(
        default=3,
        ge=1,
        le=6,
        description="latest months tested together, the running one among them; two unusual ones in a quarter are no accident",
    )
    months_min: int = Field(
        default=18,
        ge=15,
        description="months a customer must have bought, those tested among them, for bulk out of season to be told; from 24 on every season was seen twice",
    )
    pooled_months_min: int = Field(
        default=12,
        ge=9,
        description="the same for bulk of any time, where the other customers tell what a month brings; below months_min a wide dispersion is assumed, as nobody's own season is known",
    )
    level_months: int = Field(
        default=24,
        ge=12,
        description="months before those tested that a customer's usual month is the mean of; twelve of two orders a month leave it uncertain by a third",
    )
    orders_min: int = Field(
        default=8,
        ge=2,
        description="orders in these months below which a customer has no usual month; fewer are no habit",
    )
    times_min: Decimal = Field(
        default=Decimal(2),
        ge=1,
        description="times the usual that a month must reach at least, in amount for bulk and in orders for their rate; less is no bulk however sure it is",
    )
    grave_times: Decimal = Field(
        default=Decimal(5),
        ge=1,
        description="times the usual from which on bulk is grave; nobody sells five usual months at once",
    )
    off_season_index_max: Decimal = Field(
        default=Decimal("0.75"),
        gt=0,
        le=1,
        description="sales of a product group in a calendar month over its average month, below which the month is out of season; a quarter less is no accident of a month",
    )
    off_season_level_min: Decimal = Field(
        default=Decimal(1),
        ge=0,
        description="average months of the customer that it must buy out of season in a month at least; an ordinary order then is no bulk",
    )
    off_season_share_min: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        le=1,
        description="share of a month's purchases that must be out of season for it to be bulk out of season; else it is bulk of any time",
    )
    own_season_years: Decimal = Field(
        default=Decimal(3),
        ge=0,
        description="years that the season of the product group weighs beside a customer's own same months of past years; a customer's own are few and uneven",
    )
    large_order_months: Decimal = Field(
        default=Decimal(180),
        ge=12,
        description="months of a customer in which chance makes no more than one order as large, from which one is a sign; fifteen years, so that with drift there is less than one false flag in 100 months of customers",
    )
    large_order_times: Decimal = Field(
        default=Decimal(3),
        ge=1,
        description="times what a customer usually orders at a time that a single order must be worth at least; less is no bulk however even its orders are",
    )
    rate_months_min: int = Field(
        default=6,
        ge=3,
        description="months a customer must have bought for its rate of orders to be known; half a year tells a rate to a third at two a month",
    )
    rate_orders_min: int = Field(
        default=4, ge=1, description="orders in these months below which no rate is known; fewer may be trials"
    )
    mix_months: int = Field(
        default=12,
        ge=6,
        description="latest months whose mix of product groups is held against that of as many before; a year holds every season once",
    )
    mix_orders_min: int = Field(
        default=10,
        ge=2,
        description="orders in each of both spans below which a mix is not known; fewer are a matter of chance",
    )
    mix_distance_min: Decimal = Field(
        default=Decimal("0.3"),
        ge=0,
        le=1,
        description="distance of both mixes (Jensen and Shannon, 0 the same, 1 nothing in common) below which business is the same; sparse buyers reach 0.3 by chance",
    )
    mix_distance_grave: Decimal = Field(
        default=Decimal("0.6"),
        ge=0,
        le=1,
        description="distance from which on a change of mix is grave; most of the money then goes into other goods",
    )
    mix_groups_max: int = Field(
        default=40,
        ge=2,
        description="product groups told apart, the largest; the others are one, or memory grows with every small one",
    )
    mix_permuted: int = Field(
        default=200,
        ge=0,
        description="customers with the largest change whose orders are shuffled between both spans to check its chance; nobody else comes near a flag",
    )
    mix_permutations: int = Field(
        default=999,
        ge=99,
        description="shuffles of each; what is rarer than they can tell is read off the distribution they form",
    )
    drift_baseline_min: int = Field(
        default=12,
        ge=5,
        description="payments that say how late a customer usually pays, at least; fewer make too many false alarms",
    )
    drift_baseline_max: int = Field(
        default=24, ge=5, description="the same at most; older payments may be another habit"
    )
    drift_watched: int = Field(
        default=12,
        ge=2,
        le=12,
        description="latest payments that are watched for drift; watched for longer, the error of the baseline alone adds up to an alarm",
    )
    drift_allowance: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        description="standard deviations a payment may be later than usual without counting (k of CUSUM); finds drifts of one deviation fastest",
    )
    drift_limit: Decimal = Field(
        default=Decimal(5),
        gt=0,
        description="sum of what counts beyond which there is drift (h of CUSUM); at 5 known habits raise a false alarm once in 900 payments",
    )
    drift_deviation_min: Decimal = Field(
        default=Decimal(2),
        gt=0,
        description="days the usual deviation is taken to be at least; weekends and bank days move any payment so much",
    )
    drift_deviations_max: Decimal = Field(
        default=Decimal(3),
        gt=0,
        description="deviations a single payment counts at most; one forgotten invoice is no drift, it takes three payments",
    )
    drift_payment_share: Decimal = Field(
        default=Decimal("0.01"),
        ge=0,
        lt=1,
        description="share of what a customer paid in a year below which a payment is left out; small sums are paid by other rules",
    )
    drift_small_part: Decimal = Field(
        default=Decimal("0.25"),
        ge=0,
        le=1,
        description="part of the customer's median payment below which it must lie too; of who pays every other day all would be small",
    )
    drift_usual_days_max: Decimal = Field(
        default=Decimal(15),
        ge=0,
        description="days late on average up to which a payer is one that can get worse; who was late before is told by its rating",
    )
    drift_days_min: Decimal = Field(
        default=Decimal(5),
        ge=0,
        description="days later than usual on average below which drift is not worth a flag, however sure; a working week",
    )
    drift_grave_days: Decimal = Field(
        default=Decimal(30),
        ge=0,
        description="days later than usual on average from which on drift is grave; a month's money is then missing",
    )
    drift_recent_days: int = Field(
        default=90,
        ge=1,
        description="days since the last payment up to which drift is of now; who pays no more is told by what is overdue",
    )
