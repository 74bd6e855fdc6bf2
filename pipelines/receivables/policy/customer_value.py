"""What customers are worth beside how well they stand: whom to keep, to grow, to watch, and whose business may end."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from receivables.settings import GRADES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from receivables.settings import CustomerValue

QUADRANTS: Final = ("keep", "grow", "watch", "exit")
"""High value and good credit, low and good, high and bad, low and bad."""

BASES: Final = ("margin", "assumed_margin")
"""What a value was made of: cost that is told, or an assumed share of sales."""

_PLACES: Final = Decimal("0.0001")


def place(facts: pd.DataFrame, rules: CustomerValue) -> pd.DataFrame:
    """Place each customer of a company in the matrix of value and credit.

    Args:
        facts: a row per customer, indexed by its id: sales, costed (the part of them whose cost is told) and cost of twelve months, Decimal, missing where sales are not
            told; grade (letter, missing without one).
        rules: the cut of each side, and the margin where cost is not told.

    Returns:
        value (Decimal) and value_basis (`BASES`), is_high_value, is_good_credit, quadrant (`QUADRANTS`); index as the facts. Value and what hangs on it is missing where
        sales are not told, credit without a grade, the quadrant without both.
    """
    told_of = zip(facts["sales"], facts["costed"], facts["cost"], strict=True)
    worth = [_worth(sales, costed, cost, rules) for sales, costed, cost in told_of]
    value = [amount for amount, _ in worth]
    high = _high(zip(facts.index, value, strict=True), rules.top_share)
    is_high = [None if amount is None else whom in high for whom, amount in zip(facts.index, value, strict=True)]
    best = GRADES.index(rules.good_grade)
    is_good = [GRADES.index(grade) >= best if isinstance(grade, str) else None for grade in facts["grade"]]
    told = {
        "value": value,
        "value_basis": [basis for _, basis in worth],
        "is_high_value": is_high,
        "is_good_credit": is_good,
        "quadrant": [_quadrant(*sides) for sides in zip(is_high, is_good, strict=True)],
    }
    return pd.DataFrame(told, index=facts.index, dtype="object")


def _worth(sales: Any, costed: Any, cost: Any, rules: CustomerValue) -> tuple[Decimal | None, str | None]:
    """The margin of a year, and what it was made of."""
    if not isinstance(sales, Decimal):
        return None, None
    if isinstance(costed, Decimal) and costed > 0 and costed >= rules.costed_share_min * sales:
        margin, basis = sales * (costed - cost) / costed, BASES[0]
    else:
        margin, basis = sales * rules.assumed_margin, BASES[1]
    return margin.quantize(_PLACES, ROUND_HALF_UP), basis


def _high(value: Iterable[tuple[str, Decimal | None]], top_share: Decimal) -> set[str]:
    """The fewest customers that together bring so much of what all bring that is above nothing; of equals those first by their id."""
    ranked = sorted(((-amount, whom) for whom, amount in value if amount is not None and amount > 0))
    enough, reached, high = -top_share * sum(amount for amount, _ in ranked), Decimal(0), set[str]()
    for amount, whom in ranked:
        if reached >= enough:
            break
        reached -= amount
        high.add(whom)
    return high


def _quadrant(is_high: bool | None, is_good: bool | None) -> str | None:
    if is_high is None or is_good is None:
        return None
    return QUADRANTS[2 * (not is_good) + (not is_high)]
