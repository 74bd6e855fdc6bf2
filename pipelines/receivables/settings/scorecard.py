"""The card that scores customers: what each attribute is worth, and what stands in for facts that are missing or old."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Final, Literal, get_args

from pydantic import Field, model_validator

from receivables.settings.section import Section

Points = tuple[tuple[Decimal, Decimal], ...]
"""Value and points, values in rising order; points in between lie on the line, and stay what they are beyond the ends."""

RegistryEvent = Literal[
    "none",
    "other",
    "legal_rep_change",
    "relocation",
    "scope_change",
    "reorganisation",
    "demolition",
    "closure",
    "insolvency",
]
PointsByEvent = tuple[tuple[RegistryEvent, Annotated[Decimal, Field(ge=0)]], ...]

BLOCKS: Final = {
    "basic": ("years_trading", "paid_in_share", "fixed_assets_to_turnover", "registry_event"),
    "operating": (
        "return_on_operating_assets",
        "inventory_turnover",
        "debt_to_asset_ratio",
        "current_ratio",
        "altman_z",
    ),
    "payment": ("payment_index", "share_late_30", "max_days_late", "broken_promises", "trend_days"),
}
"""The attributes of each block of the card: the parts of an integrity file."""

_ALL: Final = 100
_ALTMAN_MOST: Final = 15


@dataclass(frozen=True)
class Attribute:
    """An attribute that the card counts: its block, the most points it gives, and what value or word gives how many."""

    name: str
    block: str
    best: float
    table: Points | PointsByEvent

    @property
    def direction(self) -> int:
        """1 where more of it gives more points, -1 where less, 0 where all values give the same; a word counts as its points."""
        first, last = float(self.table[0][1]), float(self.table[-1][1])
        if isinstance(self.table[0][0], str):
            return int(len({points for _, points in self.table}) > 1)
        return (last > first) - (last < first)


def _table(*rows: tuple[str, str]) -> Points:
    return tuple((Decimal(value), Decimal(points)) for value, points in rows)


class Scorecard(Section):
    """Points of 100 by attribute: lists of [value, points], lines in between; an empty list leaves one out, and a block's best points must sum to the block's."""

    basic_points: Decimal = Field(
        default=Decimal(20),
        ge=0,
        description="points for who the customer is; it changes slowly and tells least of the next payment",
    )
    operating_points: Decimal = Field(
        default=Decimal(30),
        ge=0,
        description="points for how its business runs; it says whether it will be able to pay",
    )
    payment_points: Decimal = Field(
        default=Decimal(50),
        gt=0,
        description="points for how it pays; half, nothing told of the next payment in past studies as much as the last ones",
    )
    years_trading: Points = Field(
        default=_table(("0", "0"), ("2", "1.5"), ("5", "4"), ("10", "6")),
        description="years since it was founded; most businesses that fail do so in their first five years",
    )
    paid_in_share: Points = Field(
        default=_table(("0", "0"), ("0.3", "1"), ("1", "3")),
        description="capital paid in as a share of that registered; what is only promised protects nobody",
    )
    fixed_assets_to_turnover: Points = Field(
        default=_table(("0", "0"), ("0.1", "2"), ("0.3", "4")),
        description="fixed assets over sales of a year; who owns premises and equipment does not leave overnight",
    )
    registry_event: PointsByEvent = Field(
        default=(
            ("none", Decimal(7)),
            ("other", Decimal(5)),
            ("legal_rep_change", Decimal(4)),
            ("relocation", Decimal(4)),
            ("scope_change", Decimal(3)),
            ("reorganisation", Decimal(3)),
            ("demolition", Decimal(1)),
            ("closure", Decimal(0)),
            ("insolvency", Decimal(0)),
        ),
        description="the worst event of the time looked at; changes of hands, place or trade come before trouble more often than not",
    )
    return_on_operating_assets: Points = Field(
        default=_table(("-0.05", "0"), ("0", "2"), ("0.05", "5"), ("0.12", "9")),
        description="operating result over operating assets, a share of 1; who loses money pays out of others' credit",
    )
    inventory_turnover: Points = Field(
        default=_table(("2", "0"), ("6", "4"), ("12", "7")),
        description="cost of sales over average stock, times a year; goods that lie longer than the terms cannot pay for themselves",
    )
    debt_to_asset_ratio: Points = Field(
        default=_table(("0.4", "8"), ("0.6", "5"), ("0.8", "2"), ("1", "0")),
        description="debt over assets, a share of 1; from 1 on nothing is left for suppliers",
    )
    current_ratio: Points = Field(
        default=_table(("0.8", "0"), ("1", "2"), ("1.5", "5"), ("2", "6")),
        description="current assets over current liabilities; below 1 it cannot pay all it owes within the year",
    )
    altman_z: Points = Field(
        default=(),
        description="Altman's Z\" of businesses that are no manufacturers, 15 points at most; left out, as exports seldom tell its inputs; "
        "with them [[1.1, 0], [2.6, 15]], his zones, in place of ratios it is made of",
    )
    payment_index: Points = Field(
        default=_table(("20", "0"), ("50", "5"), ("70", "13"), ("80", "18"), ("90", "20")),
        description="payment index: 80 is on the day, 50 a month late, 20 four; without one the customer is not rated, so it cannot be left out",
    )
    share_late_30: Points = Field(
        default=_table(("0", "10"), ("0.05", "8"), ("0.2", "3"), ("0.5", "0")),
        description="share of the money that came, or is, more than 30 days late; an average hides it",
    )
    max_days_late: Points = Field(
        default=_table(("0", "8"), ("30", "5"), ("60", "2"), ("90", "0")),
        description="days of the latest payment or open item; what happened once may again, from 90 on it counts as default",
    )
    broken_promises: Points = Field(
        default=_table(("0", "6"), ("1", "4"), ("2", "2"), ("3", "0")),
        description="promises to pay that were not kept; once may be bad luck, three times are a habit",
    )
    trend_days: Points = Field(
        default=_table(("0", "6"), ("10", "3"), ("30", "0")),
        description="days that it pays later than it used to, negative where sooner; trouble shows in the change first",
    )
    registry_months: int = Field(
        default=24,
        ge=1,
        le=120,
        description="months that registry events are looked back at; what they led to shows by then",
    )
    stale_months: int = Field(
        default=18,
        ge=0,
        description="months since the day a file or survey tells of; older facts count in part, accounts come once a year and six months late",
    )
    stale_weight: Decimal = Field(
        default=Decimal("0.5"), ge=0, le=1, description="part that stale facts count, the rest as if missing; half"
    )
    ignored_months: int = Field(
        default=30, ge=0, description="months; older facts are ignored, a second set of accounts should have come since"
    )
    median_customers_min: int = Field(
        default=5,
        ge=1,
        description="customers with a fact for its median to stand in where it is missing; fewer are no portfolio",
    )
    missing_share: Decimal = Field(
        default=Decimal("0.5"),
        ge=0,
        le=1,
        description="share of an attribute's points that stand in where so few have it; half, as nothing is known of it",
    )
    reasons: int = Field(
        default=3,
        ge=1,
        le=10,
        description="attributes told as reasons of a score, those that cost most points; more are not read",
    )

    @model_validator(mode="after")
    def _adds_up(self) -> Scorecard:
        if not self.payment_index:
            raise ValueError("payment_index cannot be left out: without it nobody is rated")
        for name in (name for block in BLOCKS.values() for name in block if name != "registry_event"):
            _check_table(name, getattr(self, name))
        kinds = [kind for kind, _ in self.registry_event]
        if kinds and sorted(kinds) != sorted(get_args(RegistryEvent)):
            raise ValueError(f"registry_event must give points to each of {', '.join(get_args(RegistryEvent))}")
        if max((points for _, points in self.altman_z), default=Decimal(0)) > _ALTMAN_MOST:
            raise ValueError(f"altman_z may give {_ALTMAN_MOST} points at most")
        wanted = {block: getattr(self, f"{block}_points") for block in BLOCKS}
        if sum(wanted.values()) != _ALL:
            raise ValueError(f"the points of the blocks must sum to {_ALL}, not {sum(wanted.values())}")
        for block, points in wanted.items():
            given = sum((self._best(name) for name in BLOCKS[block]), Decimal(0))
            if given != points:
                raise ValueError(f"the best points of {', '.join(BLOCKS[block])} must sum to {points}, not {given}")
        if self.ignored_months < self.stale_months:
            raise ValueError(f"ignored_months must be at least stale_months, {self.stale_months}")
        return self

    def _best(self, name: str) -> Decimal:
        return max((points for _, points in getattr(self, name)), default=Decimal(0))

    def attributes(self) -> tuple[Attribute, ...]:
        """What the card counts, block by block; what gives no points is left out."""
        every = [
            Attribute(name, block, float(self._best(name)), getattr(self, name))
            for block, names in BLOCKS.items()
            for name in names
        ]
        return tuple(attribute for attribute in every if attribute.best > 0)


def _check_table(name: str, table: Points) -> None:
    values, points = [value for value, _ in table], [points for _, points in table]
    if any(b <= a for a, b in pairwise(values)):
        raise ValueError(f"the values of {name} must be in rising order")
    if min(points, default=Decimal(0)) < 0:
        raise ValueError(f"the points of {name} cannot be negative")
    steps = {(b > a) - (b < a) for a, b in pairwise(points)}
    if {1, -1} <= steps:
        raise ValueError(f"the points of {name} must rise or fall, not both: more of it is better or worse")
