"""The matrix of value and credit: what is high, what is good, what a value is made of, and who is in no quadrant."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from receivables.policy import customer_value
from receivables.policy.customer_value import BASES, QUADRANTS
from receivables.settings import CustomerValue

RULES: Final = CustomerValue()


def facts(**customers: tuple[Any, Any, Any, str | None]) -> pd.DataFrame:
    """Customers by id with sales, costed, cost and grade; whole numbers become money."""
    rows: dict[str, list[Any]] = {
        whom: [*(None if part is None else Decimal(part) for part in told[:3]), told[3]]
        for whom, told in customers.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["sales", "costed", "cost", "grade"], dtype="object")


def test_each_side_of_each_cut_has_its_quadrant() -> None:
    found = customer_value.place(
        facts(keep=(800, 800, 400, "C"), watch=(300, 300, 0, "D"), grow=(100, 100, 50, "A"), leave=(50, 50, 0, "F")),
        RULES,
    )
    # 400, 300, 50 and 50 of 800: the first two reach four fifths, 640
    assert list(found["quadrant"]) == ["keep", "watch", "grow", "exit"]
    assert set(found["quadrant"]) == set(QUADRANTS)
    assert list(found["is_high_value"]) == [True, True, False, False]


def test_margin_is_that_of_the_lines_with_cost_where_they_are_enough_and_else_assumed() -> None:
    found = customer_value.place(
        facts(told=(1000, 800, 600, "A"), too_little=(1000, 799, 600, "A"), untold=(1000, None, None, "A")), RULES
    )
    assert list(found["value"]) == [Decimal("250.0000"), Decimal("200.0000"), Decimal("200.0000")]
    assert list(found["value_basis"]) == [BASES[0], BASES[1], BASES[1]]


def test_who_cannot_be_rated_or_whose_sales_are_not_told_is_in_no_quadrant() -> None:
    found = customer_value.place(facts(unrated=(500, None, None, None), unsold=(None, None, None, "A")), RULES)
    assert list(found["quadrant"]) == [None, None]
    assert list(found["is_high_value"]) == [True, None]
    assert list(found["is_good_credit"]) == [None, True]
    assert found.loc["unsold", "value"] is None


def test_what_costs_more_than_it_brings_is_low_however_much_is_sold() -> None:
    found = customer_value.place(facts(loss=(9000, 9000, 9001, "A"), small=(10, 10, 9, "A")), RULES)
    assert list(found["is_high_value"]) == [False, True]
    assert list(found["quadrant"]) == ["grow", "keep"]


def test_of_equals_the_first_by_id_are_high_and_order_does_not_matter() -> None:
    told = facts(**dict.fromkeys("dbac", (100, None, None, "B")))
    found = customer_value.place(told, CustomerValue(top_share=Decimal("0.5")))
    assert set(found.index[found["is_high_value"].astype(bool)]) == {"a", "b"}


@given(st.lists(st.integers(-50, 1000), min_size=1, max_size=30))
def test_the_high_ones_are_the_fewest_that_reach_the_share(sales: list[int]) -> None:
    told = facts(**{f"C{number:02}": (amount, None, None, "B") for number, amount in enumerate(sales)})
    found = customer_value.place(told, RULES)
    value, high = found["value"], found["is_high_value"].astype(bool)
    earned = sum((amount for amount in value if amount > 0), Decimal(0))
    reached = sum(value[high], Decimal(0))
    assert reached >= RULES.top_share * earned
    if high.any():
        assert reached - min(value[high]) < RULES.top_share * earned
        assert min(value[high]) >= max(value[~high], default=Decimal("-Infinity"))
