"""How a customer's paying is looked at month by month."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from receivables.settings.section import Section

_PLACES = Decimal("1e-8")

ExcuseKind = Literal["no_money", "own_debtor", "absent", "procedure", "our_fault"]


class Behaviour(Section):
    """What a customer's payment behaviour is measured over."""

    window_months: int = Field(
        default=24,
        ge=1,
        le=120,
        description="months, by due date, that payment behaviour looks back; two years hold each season twice",
    )
    recent_months: int = Field(
        default=6,
        ge=1,
        le=60,
        description="months, by due date, whose days beyond terms are held against the earlier ones as their trend",
    )
    score_points: tuple[tuple[int, int], ...] = Field(
        default=((-30, 100), (-20, 90), (0, 80), (15, 70), (22, 60), (30, 50), (60, 40), (90, 30), (120, 20)),
        description="days beyond terms and the points of the payment index they earn, straight lines between; "
        "the anchors credit bureaus print, so that the index reads like theirs",
    )
    loss_score: int = Field(default=1, ge=0, le=100, description="points of the payment index for what was written off")
    item_share_max: Decimal = Field(
        default=Decimal("0.25"),
        gt=Decimal("0.05"),
        le=1,
        description="share of the payment index's weight that one instalment may have; else a single large invoice is the index",
    )
    items_min: int = Field(
        default=5, ge=1, description="instalments fallen due below which there is no payment index: chance would be it"
    )
    history_days_min: int = Field(
        default=90,
        ge=0,
        description="days since a customer was first known below which there is no payment index: a quarter shows one settlement round",
    )
    resale_months: int = Field(
        default=12,
        ge=1,
        le=60,
        description="months whose told resale is looked at: a year holds every season once",
    )
    dispute_days: int = Field(
        default=60,
        ge=0,
        description="days for which an open dispute keeps a debt out of the index: its lateness may be ours",
    )
    promise_grace_days: int = Field(
        default=3,
        ge=0,
        le=60,
        description="calendar days after the day promised on which money still keeps the promise; a transfer takes a weekend",
    )
    excuse_kinds: tuple[tuple[str, ExcuseKind], ...] = Field(
        default=(
            ("no_money", "no_money"),
            ("goods_unsold", "no_money"),
            ("poor_market", "no_money"),
            ("waiting_for_own_customer", "own_debtor"),
            ("absent", "absent"),
            ("not_payday", "procedure"),
            ("approval_pending", "procedure"),
            ("papers_incomplete", "procedure"),
            ("invoice_missing", "procedure"),
            ("price_difference", "our_fault"),
            ("goods_damaged", "our_fault"),
            ("delivery_short", "our_fault"),
            ("rebate_not_honoured", "our_fault"),
        ),
        description="code of an excuse and what it says: no_money; own_debtor, the customer waits for its own; absent, nobody decides; procedure, payment takes its course; "
        "our_fault; whether it is true is another question, and a code that is not named counts as an excuse of no kind",
    )

    @model_validator(mode="after")
    def _consistent(self) -> Behaviour:
        codes = [code for code, _ in self.excuse_kinds]
        if len(set(codes)) < len(codes):
            raise ValueError("excuse_kinds must name each code once")
        days = [day for day, _ in self.score_points]
        if len(days) < 2 or any(later <= earlier for earlier, later in pairwise(days)):
            raise ValueError("score_points must name at least two days, rising")
        if self.recent_months >= self.window_months:
            raise ValueError(f"recent_months below window_months, {self.window_months}: a trend needs earlier months")
        return self

    def scores(self) -> list[tuple[int, Decimal]]:
        """The points of every whole day from the first to the last of `score_points`, to eight places."""
        return [
            (day, (high + (Decimal(low) - high) * (day - start) / max(end - start, 1)).quantize(_PLACES))
            for (start, high), (end, low) in pairwise((*self.score_points, self.score_points[-1]))
            for day in range(start, max(end, start + 1))
        ]

    def capped_max(self) -> int:
        """How many instalments at most can weigh more than `item_share_max` of the index at once, where more than they stand beside them."""
        return int((1 / self.item_share_max).to_integral_value(rounding="ROUND_CEILING")) - 1
