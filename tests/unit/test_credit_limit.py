"""Credit limits, terms and supply by grade: the published golden numbers, bounds, slow changes, and prices of account periods."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.errors import SettingsError
from receivables.policy import credit_limit
from receivables.settings import GRADES, CreditLimit, validated

RULES: Final = CreditLimit()
AMOUNTS: Final = ("monthly_purchases", "net_worth", "working_capital", "high_credit", "insurer_limit", "previous_limit")
USUAL: Final[dict[str, Any]] = {
    "grade": "C",
    "monthly_purchases": 30_000,
    "terms_days": 45,
    "days_beyond_terms": 12,
    "net_worth": None,
    "working_capital": None,
    "high_credit": None,
    "insurer_limit": None,
    "previous_limit": None,
    "has_hard_event": False,
}


def facts(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([{**USUAL, **row} for row in rows], columns=list(USUAL), dtype=object)
    frame["grade"] = [-1 if letter is None else GRADES.index(letter) for letter in frame["grade"]]
    for name in AMOUNTS:
        frame[name] = pd.Series([None if x is None else Decimal(str(x)) for x in frame[name]], dtype=object)
    return frame.astype({"terms_days": "float64", "days_beyond_terms": "float64", "has_hard_event": "bool"})


def recommended(*rows: dict[str, Any], rules: CreditLimit = RULES) -> pd.DataFrame:
    return credit_limit.recommend(facts(*rows), rules)


def limit(**row: Any) -> tuple[Any, Any]:
    found = recommended(row)
    return found["limit"].iloc[0], found["decided_by"].iloc[0]


def test_the_golden_limits() -> None:
    found = recommended(
        {"net_worth": 800_000},
        {"grade": "D", "high_credit": 90_000},
        {"net_worth": -5},
    )
    assert found["need"].tolist() == [68_400, 68_400, 68_400]
    assert found["cap"].tolist() == [80_000, 99_000, 0]
    assert found["limit"].tolist() == [51_300, 34_200, 0]
    assert found["decided_by"].tolist() == ["need", "need", "net_worth"]


def test_amounts_are_decimals() -> None:
    found = recommended({"net_worth": 800_000})
    assert {type(found[name].iloc[0]) for name in ("need", "cap", "limit")} == {Decimal}
    with pytest.raises(AttributeError, match="float"):
        credit_limit.recommend(facts({}).assign(monthly_purchases=30_000.0), RULES)


@pytest.mark.parametrize(
    ("row", "amount", "decided_by"),
    [
        ({"grade": "A"}, 85_500, "need"),
        ({"grade": "B"}, 68_400, "need"),
        ({"grade": "E"}, 17_100, "need"),
        ({"grade": "F"}, 0, "grade"),
        ({"days_beyond_terms": -20}, 40_500, "need"),
        ({"days_beyond_terms": None}, 40_500, "need"),
        ({"days_beyond_terms": 11.5}, 51_300, "need"),
        ({"net_worth": 500_000}, 37_500, "net_worth"),
        ({"working_capital": 500_000}, 37_500, "working_capital"),
        ({"working_capital": -1}, 0, "working_capital"),
        ({"net_worth": 600_000, "working_capital": 100_000}, 45_000, "net_worth"),
        ({"high_credit": 50_000}, 41_300, "high_credit"),  # 41 250, halves up
        ({"high_credit": 0}, 51_300, "need"),
        ({"insurer_limit": 40_000}, 30_000, "insurer"),
        ({"grade": "A", "insurer_limit": 40_050}, 40_000, "insurer"),
        ({"insurer_limit": 0}, 0, "insurer"),
        ({"monthly_purchases": 0}, 0, "need"),
        ({"monthly_purchases": -10}, 0, "need"),
        ({"monthly_purchases": "0.0001"}, 0, "need"),
    ],
)
def test_the_least_bound_decides(row: dict[str, Any], amount: int, decided_by: str) -> None:
    assert limit(**row) == (amount, decided_by)


def test_without_agreed_terms_those_of_the_grade_count() -> None:
    found = recommended({"terms_days": None, "grade": "D"})
    assert found["need"].tolist() == [30_000 * (30 + 12) / 30 * 1.2]
    assert found["terms_days"].tolist() == [30]


@pytest.mark.parametrize(
    ("row", "amount", "decided_by"),
    [
        ({"previous_limit": 50_000}, 51_300, "need"),
        ({"previous_limit": 40_000}, 50_000, "change"),
        ({"previous_limit": 100_000}, 75_000, "change"),
        ({"previous_limit": 100_000, "has_hard_event": True}, 51_300, "need"),
        ({"previous_limit": 40_000, "has_hard_event": True}, 50_000, "change"),
        ({"previous_limit": 0}, 51_300, "need"),
        ({"previous_limit": 100_000, "grade": "F"}, 0, "grade"),
        ({"previous_limit": 100_000, "net_worth": -5}, 0, "net_worth"),
        ({"previous_limit": 100_000, "monthly_purchases": 0}, 75_000, "change"),
        ({"previous_limit": 100_000, "insurer_limit": 60_000}, 60_000, "insurer"),
        ({"previous_limit": 300}, 400, "change"),
        ({"previous_limit": 300, "monthly_purchases": 0}, 200, "change"),
        ({"previous_limit": 250, "monthly_purchases": 0}, 200, "change"),
        ({"previous_limit": 50, "monthly_purchases": 0}, 0, "need"),
    ],
)
def test_a_limit_changes_slowly_unless_it_cannot_wait(row: dict[str, Any], amount: int, decided_by: str) -> None:
    assert limit(**row) == (amount, decided_by)


def test_without_a_grade_nothing_is_recommended() -> None:
    found = recommended({"grade": None, "net_worth": 800_000, "previous_limit": 100}).iloc[0]
    assert found.isna().all()


def test_without_purchases_only_terms_and_supply_are() -> None:
    found = recommended({"monthly_purchases": None, "net_worth": 800_000}).iloc[0]
    assert found.isna().to_dict() == {name: name in {"need", "limit", "decided_by"} for name in found.index}
    assert found["cap"] == 80_000


def test_terms_supply_and_benefits_by_grade() -> None:
    found = recommended(*({"grade": letter, "terms_days": 90} for letter in GRADES))
    assert found["terms_days"].tolist() == [0, 15, 30, 45, 60, 60]
    assert found["supply"].tolist() == ["prepaid", "held_lines", "smaller_lots", "full", "full", "full"]
    assert found["has_benefits"].tolist() == [False, False, False, True, True, True]
    assert recommended({"grade": "A", "terms_days": 10})["terms_days"].tolist() == [10]


def test_a_cap_is_told_whatever_the_grade_leaves() -> None:
    found = recommended({"grade": "F", "net_worth": 800_000}, {"grade": None, "net_worth": 800_000})
    assert found["cap"].tolist() == [80_000, None]


def test_nobody() -> None:
    assert recommended().empty
    assert set(recommended()) == set(recommended({}))


def test_large_amounts_are_exact() -> None:
    found = recommended(
        {"monthly_purchases": "99999999999.9999", "terms_days": 30, "days_beyond_terms": 0, "grade": "B"}
    )
    assert found["need"].tolist() == [Decimal("119999999999.9999")]
    assert found["limit"].tolist() == [Decimal(120_000_000_000)]


def test_what_no_ledger_can_hold_does_not_turn_round() -> None:
    found = recommended(
        {"monthly_purchases": "99999999999999.9999", "terms_days": 1e9, "grade": "A", "high_credit": 10**13}
    )
    assert found["need"].iloc[0] > 9 * 10**13
    assert found["limit"].tolist() == [10**13 * RULES.high_credit_factor * RULES.multipliers[-1]]


def test_another_step_and_other_factors() -> None:
    rules = CreditLimit(
        need_factor=Decimal("1.1"),
        rounding_amount=Decimal("0.01"),
        multipliers=tuple(map(Decimal, "0 0 0 1 1 1".split())),
    )
    found = recommended({"monthly_purchases": "333.33", "terms_days": 31, "days_beyond_terms": 0}, rules=rules)
    assert found["need"].tolist() == [Decimal("378.8851")]
    assert found["limit"].tolist() == [Decimal("378.89")]


# What must always hold -----------------------------------------------------------------------------------------------

amount = st.none() | st.decimals(-1000, 10**7, places=4)
days = st.none() | st.floats(-400, 4000)
customer = st.fixed_dictionaries(
    {
        "grade": st.sampled_from([*GRADES, None]),
        "terms_days": days,
        "days_beyond_terms": days,
        "has_hard_event": st.booleans(),
        **{
            name: amount if name != "previous_limit" else st.none() | st.decimals(0, 10**7, places=4)
            for name in AMOUNTS
        },
    }
)


@settings(max_examples=40)
@given(customer)
def test_a_limit_keeps_within_what_bounds_it(row: dict[str, Any]) -> None:
    found = recommended(row).iloc[0]
    if found["limit"] is None:
        assert row["grade"] is None or row["monthly_purchases"] is None
        return
    assert found["limit"] >= 0
    assert found["limit"] % 100 == 0
    if row["insurer_limit"] is not None:
        assert found["limit"] <= max(row["insurer_limit"], 0)
    before = row["previous_limit"]
    if before:
        assert found["limit"] <= max(before * Decimal("1.25"), before + 100)
        cut_at_once = (
            row["has_hard_event"] or row["grade"] == "F" or found["cap"] == 0 or found["decided_by"] == "insurer"
        )
        assert cut_at_once or found["limit"] >= min(before * Decimal("0.75"), before - 100)
    else:
        most = max(RULES.multipliers[GRADES.index(row["grade"])], Decimal(0)) * min(
            found["need"], found["cap"] if found["cap"] is not None else found["need"]
        )
        assert found["limit"] <= most + 50


@settings(max_examples=40)
@given(customer, st.integers(0, 5), st.integers(0, 5))
def test_a_better_grade_never_lowers_a_limit(row: dict[str, Any], one: int, other: int) -> None:
    low, high = sorted((one, other))
    found = recommended({**row, "grade": GRADES[low]}, {**row, "grade": GRADES[high]})
    if found["limit"].iloc[0] is not None:
        assert found["limit"].iloc[0] <= found["limit"].iloc[1]
    assert found["terms_days"].iloc[0] <= found["terms_days"].iloc[1]


# Prices of account periods -------------------------------------------------------------------------------------------

TABLE: Final = pd.DataFrame(
    {
        "price_list_id": ["P2", "P1", "P1", "P1", "P1"],
        "term_days": [30, 60, 0, 30, 15],
        "pct": [Decimal("0.8000"), Decimal("1.8000"), Decimal("-1.3500"), Decimal("0.7200"), Decimal("0.2700")],
    }
)


@pytest.mark.parametrize(
    ("price_list", "days", "term_days", "pct"),
    [
        ("P1", 0, 0, "-1.35"),
        ("P1", -3, 0, "-1.35"),
        ("P1", 1, 15, "0.27"),
        ("P1", 15, 15, "0.27"),
        ("P1", 15.2, 30, "0.72"),
        ("P1", 60, 60, "1.8"),
        ("P1", 61, None, None),
        ("P2", 10, 30, "0.8"),
        ("P2", 31, None, None),
        ("P3", 10, None, None),
        ("P0", 10, None, None),
        (None, 10, None, None),
        ("P1", None, None, None),
    ],
)
def test_a_price_is_that_of_the_row_that_covers_the_days(
    price_list: str | None, days: float | None, term_days: int | None, pct: str | None
) -> None:
    asked = (
        pd.Series([price_list, "P1"], index=["K7", "K3"], dtype="str"),
        pd.Series([days, 30], index=["K7", "K3"], dtype="float64"),
    )
    found = credit_limit.price_uplift(*asked, TABLE)
    assert found.index.tolist() == ["K7", "K3"]
    first = found.iloc[0]
    assert (first["term_days"], first["pct"]) == (term_days, Decimal(pct)) if pct is not None else first.isna().all()
    assert found["pct"].iloc[1] == Decimal("0.72")


def test_without_price_lists_there_is_no_price() -> None:
    lists, days_asked = pd.Series(["P1"]), pd.Series([30.0])
    assert credit_limit.price_uplift(lists, days_asked, TABLE[:0]).isna().all(axis=None)
    assert credit_limit.price_uplift(lists[:0], days_asked[:0], TABLE).empty


def test_a_price_that_covers_waiting_and_loss() -> None:
    """A year at 5 % and one sale in twenty lost: 1.05 / 0.95; at once and all paid: the price of cash; all lost: none."""
    days, loss = np.array([365.0, 0.0, 30.0, 365.0]), np.array([0.05, 0.0, 0.0, 1.0])
    found = credit_limit.covering_uplift(days, loss, Decimal("0.05"))
    assert found == [Decimal("10.5263"), Decimal("0.0"), Decimal("0.4018"), None]


def test_what_is_told_of_grades_never_falls_with_them_and_fills_what_is_not_told() -> None:
    found = credit_limit.by_grade(pd.Series({"B": 1.0, "D": 3.0, "E": 2.0}))
    assert found.to_dict() == {"A": 1.0, "B": 1.0, "C": 3.0, "D": 3.0, "E": 3.0, "F": 3.0}


def test_uplifts_over_the_lists_own_price_of_cash() -> None:
    table = pd.DataFrame(
        {
            "price_list_id": ["P1", "P1", "P2", "P3"],
            "term_days": [0, 30, 30, 0],
            "pct": [Decimal(-2), Decimal("0.9"), Decimal("0.9"), Decimal(-100)],
        }
    )
    asked = pd.Series([Decimal("0.9"), Decimal("0.9"), Decimal("0.9"), None], dtype="object")
    found = credit_limit.over_cash(pd.Series(["P1", "P2", "P3", "P1"]), asked, table)
    assert found == [Decimal("2.9592"), Decimal("0.9000"), None, None]


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"multipliers": [0, 0.5, 1]}, "multipliers must have a value for each grade of F, E, D, C, B, A"),
        ({"multipliers": [0, 0.5, 0.4, 1, 1, 1]}, "multipliers must not fall"),
        ({"terms_days": [0, 15, 30, 45, 60, 30]}, "terms_days must not fall"),
        ({"supply": ["prepaid"]}, "supply must have a value for each grade"),
        ({"supply": ["none", "full", "full", "full", "full", "full"]}, "supply.0 = 'none'"),
        ({"rounding_amount": 0}, "greater than 0"),
    ],
)
def test_policies_that_cannot_be_are_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        validated(CreditLimit, raw, "receivables.toml")
