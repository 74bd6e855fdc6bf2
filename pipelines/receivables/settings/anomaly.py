"""How signs of trouble become flags: how long they count, how many a night may raise, and what each detector takes for unusual."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from receivables.settings.section import Section


class Anomaly(Section):
    """When a sign is raised as a flag."""

    look_back_days: int = Field(
        default=90,
        ge=1,
        description="days after it was last so that a sign may be raised; older than a quarter it is history, and stands in the customer's grade",
    )
    new_flags_max: int = Field(
        default=20,
        ge=1,
        description="new flags a night raises at most, what is followed up at once before others and what is ours to mend after them, by severity times exposure; what one person can look into in a week, the others wait",
    )
    cool_down_days: int = Field(
        default=30,
        ge=0,
        description="days after a flag in which the same detector is silent about the same customer unless it gets graver; somebody is at work on it",
    )
    false_discovery_rate: Decimal = Field(
        default=Decimal("0.1"),
        gt=0,
        lt=1,
        description="share of statistical flags that may be chance (Benjamini and Hochberg, over customers and detectors); one wrong call in ten is borne",
    )
    test_weekday: int = Field(
        default=1,
        ge=1,
        le=7,
        description="day of the week (1 is Monday) statistical detectors look anew; looked at nightly, chance alone would raise flags sooner or later",
    )
    evidence_max: int = Field(
        default=10, ge=1, description="pieces of evidence kept with a flag, newest first; the others are counted"
    )
