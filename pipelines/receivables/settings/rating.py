"""How a score becomes a grade, how far a grade may move, and who may set it aside."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

from pydantic import Field, model_validator

from receivables.settings.section import Section

GRADES: Final = "FEDCBA"
"""The grades, worst first: a grade's number is its place."""

Grade = Literal["F", "E", "D", "C", "B", "A"]
HardEvent = Literal["insolvency", "closure", "bounced_instrument", "broken_plan", "overdue_90", "default", "lawsuit"]


class Rating(Section):
    """How customers are graded from F (worst) to A, reviewed at every month end and re-rated less often, so that a grade is no weather report."""

    card: Literal["expert", "statistical"] = Field(
        default="expert",
        description="whose score grades are cut from; statistical only where it could be fitted, else the expert card grades on and a person must look",
    )
    grade_edges: tuple[Decimal, ...] = Field(
        default=(Decimal(35), Decimal(45), Decimal(55), Decimal(65), Decimal(75)),
        description="points of 100 from which a score is E, D, C, B, A; steps of ten, each more than three times what is wavered by around an edge",
    )
    hysteresis_points: Decimal = Field(
        default=Decimal(3),
        ge=0,
        description="points beyond an edge before a grade crosses it, up or down; a score that wavers around an edge changes no terms",
    )
    notches_up: int = Field(
        default=1, ge=1, le=5, description="grades up at a re-rating at most; trust is earned step by step"
    )
    notches_down: int = Field(
        default=2, ge=1, le=5, description="grades down at a re-rating at most; what cannot wait is a hard event"
    )
    upgrade_pause_days: int = Field(
        default=90,
        ge=0,
        le=730,
        description="days after a downgrade before a grade rises again, a quarter of proof; 0: none",
    )
    rerating_months: Literal[1, 2, 3, 4, 6, 12] = Field(
        default=3,
        description="months from one re-rating to the next, counted from New Year; a quarter holds payments enough, and buyers and sales plan by it",
    )
    hard_event_caps: tuple[tuple[HardEvent, Grade, int], ...] = Field(
        default=(
            ("insolvency", "F", 3650),
            ("closure", "F", 3650),
            ("bounced_instrument", "E", 365),
            ("broken_plan", "E", 365),
            ("overdue_90", "E", 0),
        ),
        description="event, best grade while it lasts, days it lasts (0: as long as it is so; default and lawsuit may be added); who is insolvent or closed gets no credit, "
        "a dishonoured bill or broken plan of instalments needs a year of record, much that is over 90 days late needs paying",
    )
    material_amount: Decimal = Field(
        default=Decimal(100),
        ge=0,
        description="ledger currency from which debt over 90 days late counts as a hard event, and as gone bad in back-tests; less is a forgotten invoice",
    )
    material_share: Decimal = Field(
        default=Decimal("0.05"),
        ge=0,
        le=1,
        description="share of what the customer owes that such debt must reach too; large customers always have something old in dispute",
    )
    completeness_min: Decimal = Field(
        default=Decimal("0.6"),
        ge=0,
        le=1,
        description="share of the card's points that a customer has facts for; with less the grade is capped, as too much of it is the portfolio's median",
    )
    completeness_cap: Grade = Field(
        default="C", description="best grade with less; the middle, nobody is trusted beyond it unknown"
    )
    override_days_max: int = Field(
        default=180,
        ge=1,
        le=366,
        description="days a grade set by hand stands at most; half a year, by then there is a record of it",
    )
    override_notches_up: int = Field(
        default=1,
        ge=0,
        le=5,
        description="grades above the rule's that a person may set, any number below it; caution needs no leave",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Rating:
        edges = self.grade_edges
        if len(edges) != len(GRADES) - 1 or any(b <= a for a, b in pairwise(edges)):
            raise ValueError(f"grade_edges must be {len(GRADES) - 1} points in rising order")
        if any(days < 0 for *_, days in self.hard_event_caps):
            raise ValueError("days of a hard event cannot be negative")
        return self
