"""What kind of payer a customer is: what speaks for each kind, and how much must."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Final, Literal

from pydantic import Field, model_validator

from receivables.settings.section import Section

TYPES: Final = ("punctual", "slow", "hardship", "chain_debt", "evader", "malicious")
"""The types of customers, from those who pay to those who will not."""

Fact = Literal[
    "late_7_share",
    "late_30_share",
    "long_late_share",
    "days_beyond_terms",
    "max_days_late",
    "has_gone",
    "no_money_share",
    "own_debtor_share",
    "absent_share",
    "procedure_share",
    "unanswered_share",
    "broken_share",
    "requests",
    "payment_claims",
    "resold_share",
]
Evidence = tuple[tuple[Fact, tuple[tuple[Decimal, Decimal], ...]], ...]
"""Facts, each with a table of value and points, values in rising order; points in between lie on the line, and stay what they are beyond the ends.

Shares of 1, of instalments (`late_7_share`, `late_30_share`), of the late ones (`long_late_share`: more than 30 days), of excuses, of
visits and calls (`unanswered_share`), of promises (`broken_share`) and of the goods it had (`resold_share`); requests and claims are times in two years; `has_gone` is 1 for
who bought nothing for a quarter and owes what is over 90 days late, else 0.
"""


def _for(*facts: tuple[Fact, str]) -> Evidence:
    """Facts, their tables written as `value: points, value: points`."""
    return tuple(
        (
            fact,
            tuple((Decimal(value), Decimal(points)) for value, points in (row.split(":") for row in table.split(","))),
        )
        for fact, table in facts
    )


_WEEKS_AND_MONTHS_LATE: Final[tuple[tuple[Fact, str], ...]] = (
    ("late_30_share", "0: -2, 0.1: 0, 0.3: 1"),
    ("max_days_late", "30: -1, 60: 0, 180: 1"),
)
_SAYS_OTHERWISE: Final[tuple[tuple[Fact, str], ...]] = (
    ("no_money_share", "0.2: 0, 0.5: -2"),
    ("own_debtor_share", "0.2: 0, 0.5: -2"),
    ("requests", "0: 0, 4: -2"),
)


_GOODS_LIE: Final[tuple[Fact, str]] = ("resold_share", "0.6: 2, 0.8: 0, 0.95: -1")
"""Who cannot sell has no money to pay with."""
_GOODS_ARE_SOLD: Final[tuple[Fact, str]] = ("resold_share", "0.8: 0, 0.95: 1")
"""Whose customers have the goods has had their money."""


class CustomerType(Section):
    """What speaks for each type: lists of [fact, [[value, points], ...]], shares of 1, days or times in two years, lines in between; a point doubles the odds, a negative one halves them."""

    punctual: Evidence = Field(
        default=_for(
            ("late_7_share", "0: 2, 0.1: 1, 0.3: -2, 0.6: -4"),
            ("days_beyond_terms", "0: 1, 5: 0, 15: -2"),
            ("late_30_share", "0: 0, 0.05: -1, 0.2: -3"),
        ),
        description="pays on the day or before it: a week late now and then is a bank's, a month late is not punctual",
    )
    slow: Evidence = Field(
        default=_for(
            ("late_7_share", "0: -3, 0.1: -1, 0.3: 1"),
            ("days_beyond_terms", "0: -1, 5: 1, 20: 1, 40: -1"),
            ("late_30_share", "0: 1, 0.1: 0, 0.3: -2, 0.5: -4"),
            ("max_days_late", "60: 1, 90: 0, 180: -2"),
            ("procedure_share", "0: 0, 0.5: 1"),
        ),
        description="minds its face: pays every time, weeks late, never by months, and speaks of paydays, signatures and papers",
    )
    hardship: Evidence = Field(
        default=_for(
            *_WEEKS_AND_MONTHS_LATE,
            ("no_money_share", "0: -2, 0.2: 0, 0.5: 2, 0.8: 4"),
            ("requests", "0: 0, 4: 2"),
            ("unanswered_share", "0.3: 0, 0.6: -2"),
            _GOODS_LIE,
        ),
        description="means to pay and cannot: says so again and again, asks for time or parts, and does not hide",
    )
    chain_debt: Evidence = Field(
        default=_for(
            *_WEEKS_AND_MONTHS_LATE,
            ("own_debtor_share", "0: -2, 0.2: 0, 0.5: 2, 0.8: 4"),
            ("requests", "0: 0, 4: 2"),
            ("unanswered_share", "0.3: 0, 0.6: -2"),
            _GOODS_LIE,
        ),
        description="is not paid itself: says so and names who owes it, asks for time or parts, and does not hide",
    )
    evader: Evidence = Field(
        default=_for(
            *_WEEKS_AND_MONTHS_LATE,
            ("unanswered_share", "0: -2, 0.2: 0, 0.5: 2, 0.8: 4"),
            ("absent_share", "0: 0, 0.5: 2"),
            *_SAYS_OTHERWISE,
            ("payment_claims", "0: 0, 4: 2"),
            _GOODS_ARE_SOLD,
        ),
        description="can pay and would rather not: is not there when called or visited, says it is paid, and asks for nothing, as that would be a promise",
    )
    malicious: Evidence = Field(
        default=_for(
            ("long_late_share", "0.3: -2, 0.6: 0, 0.9: 2"),
            ("max_days_late", "60: -2, 90: 0, 180: 2"),
            ("broken_share", "0: -2, 0.4: 0, 0.7: 2, 1: 4"),
            ("has_gone", "0: 0, 1: 2"),
            *_SAYS_OTHERWISE,
            ("payment_claims", "0: 0, 4: 2"),
            _GOODS_ARE_SOLD,
        ),
        description="never meant to pay: keeps no promise; what it did not pay at once it never pays, and it has stopped buying",
    )
    usual_points: tuple[
        tuple[Literal["punctual", "slow", "hardship", "chain_debt", "evader", "malicious"], Decimal], ...
    ] = Field(
        default=(
            ("punctual", Decimal(0)),
            ("slow", Decimal(0)),
            ("hardship", Decimal(-1)),
            ("chain_debt", Decimal(-1)),
            ("evader", Decimal(-1)),
            ("malicious", Decimal(-2)),
        ),
        description="points of each type before anything is known; most customers pay, and bad faith is rare and a grave thing to say",
    )
    habit_times: int = Field(
        default=3,
        ge=0,
        le=100,
        description="times a thing must have been seen to count half its points, twice as often two thirds; once may be chance, three times are a habit",
    )
    confidence_min: Decimal = Field(
        default=Decimal("0.5"),
        gt=0,
        lt=1,
        description="probability below which a type or a label is not told; from one half on it is likelier than all others together",
    )
    evidence: int = Field(
        default=3,
        ge=1,
        le=10,
        description="facts told as evidence of a type, those that speak most for it; more are not read",
    )

    @model_validator(mode="after")
    def _in_order(self) -> CustomerType:
        for name in TYPES:
            facts = [fact for fact, _ in getattr(self, name)]
            if len(set(facts)) < len(facts):
                raise ValueError(f"{name} must name each fact once")
            for fact, table in getattr(self, name):
                if not table or any(b <= a for (a, _), (b, _) in pairwise(table)):
                    raise ValueError(f"the values of {fact} for {name} must be in rising order")
        if sorted(name for name, _ in self.usual_points) != sorted(TYPES):
            raise ValueError(f"usual_points must give points to each of {', '.join(TYPES)}")
        return self
