"""Changes of the mix of goods."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from receivables.policy.mix import distance, furthest, jensen_shannon, mix_signs, mixes, permuted
from receivables.settings import AnomalyBuying

RULES = AnomalyBuying()
TODAY = np.datetime64("2026-06-30")
MONTHS = pd.date_range("2024-07-01", periods=24, freq="MS")


def test_the_same_mix_is_no_distance_and_another_is_all() -> None:
    shares = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])
    assert jensen_shannon(shares, shares) == pytest.approx([0, 0])
    assert jensen_shannon(shares[1:], np.array([[0.0, 1.0, 0.0]])) == pytest.approx([1])


def test_g_is_that_of_the_table() -> None:
    first, second = np.array([[10.0, 20.0]]), np.array([[20.0, 10.0]])
    assert distance(first, second, np.ones(2))[0] == pytest.approx(2 * (20 * np.log(10 / 15) + 40 * np.log(20 / 15)))


def business(turned: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Thirty customers that buy two orders of each of two groups a month; one of them buys another in its last year."""
    rng = np.random.default_rng(3)
    rows = []
    for customer in [f"C{n:02}" for n in range(30)]:
        for place, month in enumerate(MONTHS):
            for turn, group in enumerate(("wine", "oil")):
                bought = "tools" if customer == turned and place >= 12 else group
                rows.append(
                    {
                        "customer_id": customer,
                        "month_start": month,
                        "product_group": bought,
                        "item_id": f"{customer}-{place}-{turn}",
                        "day": month,
                        "amount": int(rng.uniform(0.5, 1.5) * 1e6),
                    }
                )
    orders = pd.DataFrame(rows)
    worth = orders.assign(square=(orders["amount"] / 1e4) ** 2)
    groups = worth.groupby(["customer_id", "product_group", "month_start"], as_index=False)[["amount", "square"]].sum()
    months = orders.groupby(["customer_id", "month_start"], as_index=False).size().rename(columns={"size": "orders"})
    return groups, months.assign(history_from=MONTHS[0]), orders


def test_who_buys_other_goods_is_told_with_what_and_nobody_else() -> None:
    groups, months, orders = business("C07")
    found = mixes(groups, months, TODAY, RULES)
    assert not isinstance(found, tuple)
    told = mix_signs(found, permuted(found, orders[orders["customer_id"].isin(furthest(found))]))
    rare = told[told["p_value"] < 0.001]
    assert set(rare["customer_id"]) == {"C07"}
    assert set(rare["code"]) == {"mix_gain", "mix_loss"}
    assert rare.set_index("code").loc["mix_gain", "word"] == "tools"
    assert told["customer_id"].nunique() == 30


def test_what_is_lacking_is_said() -> None:
    groups, months, _ = business("")
    assert mixes(groups, months.assign(history_from=MONTHS[11]), TODAY, RULES) == ("months", 13, 24)
    assert mixes(groups.assign(product_group="wine"), months, TODAY, RULES) == ("product_groups", 1, 2)
    assert mixes(groups, months.assign(orders=0.5), TODAY, RULES) == ("orders", 6, 10)
