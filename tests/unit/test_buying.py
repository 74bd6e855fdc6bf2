"""Bulk and rates of orders: seen against season, peers and the customer's own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from receivables.judgement.buying_tests import tests_of_buying as judged
from receivables.settings import AnomalyBuying

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES = AnomalyBuying()
TODAY = np.datetime64("2026-06-30")
MONTHS = pd.date_range("2023-07-01", periods=36, freq="MS")
SEASON = {"ice": (0.3, 0.3, 0.5, 0.9, 1.4, 2.0, 2.2, 1.8, 1.2, 0.6, 0.4, 0.4), "oil": (1.0,) * 12}

Bought = dict[tuple[str, int], tuple[int, float]]
"""Orders and amount (of the usual month) added for a customer in a month counted from the first."""


def business(
    extra: Bought | None = None, *, peak: float = 1.0, customers: int = 60
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers of ice and of oil with some three orders a month, by season; in the last month all buy so many times as much."""
    rng = np.random.default_rng(11)
    groups, months = [], []
    for number in range(customers):
        name, group = f"C{number:02}", ("ice", "oil")[number % 2]
        for place, month in enumerate(MONTHS):
            factor = SEASON[group][month.month - 1] * (peak if place == len(MONTHS) - 1 else 1.0)
            orders = int(rng.poisson(3 * factor))
            more, times = (extra or {}).get((name, place), (0, 0.0))
            each = np.append(rng.gamma(4, 250, orders), np.full(more, times * 3000 / max(more, 1)))
            amount = float(each.sum())
            orders += more
            if not orders:
                continue
            last = f"{name}-{place}"
            told = {"customer_id": name, "month_start": month, "amount": round(amount * 10_000)}
            groups.append(
                told
                | {
                    "product_group": group,
                    "square": amount**2 / orders,
                    "largest_id": last,
                    "largest_day": month,
                    "season": np.nan,
                }
            )
            months.append(
                told
                | {
                    "orders": orders,
                    "largest_id": last,
                    "largest_day": month,
                    "sized_orders": int((each > 0).sum()),
                    "log_sum": np.log(each[each > 0]).sum(),
                    "log_square_sum": (np.log(each[each > 0]) ** 2).sum(),
                    "largest": round(float(each.max()) * 10_000),
                    "last_id": last,
                    "last_day": month,
                    "history_from": MONTHS[0],
                }
            )
    return pd.DataFrame(groups), pd.DataFrame(months)


def chances(groups: pd.DataFrame, months: pd.DataFrame, test_day: np.datetime64 = TODAY) -> Mapping[str, pd.DataFrame]:
    found = judged(groups, months, test_day, RULES)
    return {detector: signs for detector, signs, _ in found if signs is not None}


def rare(signs: pd.DataFrame) -> set[str]:
    return set(signs.loc[signs["p_value"] < 0.001, "customer_id"])


def test_five_usual_months_at_once_are_seen_and_told_with_their_order() -> None:
    found = chances(*business({("C07", 35): (3, 5.0), ("C07", 34): (3, 5.0)}))
    assert rare(found["repeated_bulk"]) == {"C07"}
    told = found["repeated_bulk"].set_index("customer_id").loc[["C07"]]
    assert set(told["code"]) == {"repeated_bulk"}
    assert "C07-35" in set(told["item_id"])
    assert (told["measured"] > 3).all()
    assert set(told["severity"]) == {"high"}


def test_bulk_of_goods_out_of_season_says_so() -> None:
    found = chances(*until_february({("C08", 31): (3, 4.0), ("C08", 30): (3, 4.0)}))
    assert rare(found["off_season_bulk"]) == {"C08"}
    told = found["off_season_bulk"].set_index("customer_id").loc[["C08"]]
    assert set(told["word"]) == {"ice"}
    assert "C08" not in rare(found["repeated_bulk"])


def test_many_small_orders_are_a_matter_of_rate() -> None:
    found = chances(*business({("C09", 35): (14, 0.0), ("C09", 34): (14, 0.0)}))
    assert rare(found["order_rate_jump"]) == {"C09"}
    assert found["order_rate_jump"].set_index("customer_id").loc[["C09"], "measured"].max() > 10


def test_one_order_far_above_the_customers_own_is_told_by_its_month_with_times_and_amount() -> None:
    found = chances(*business({("C11", 34): (1, 4.0)}))["large_order"]
    (row,) = found[found["code"].notna()].to_dict("records")
    assert (row["customer_id"], row["code"], row["item_id"]) == ("C11", "large_order", "C11-34")
    assert row["subject"] == "C11 2026-05"
    assert row["amount_local"] == 4 * 3000 * 10_000
    # an order is usually worth somewhat less than a thousand
    assert 10 < row["measured"] < 18
    assert 1 < row["usual"] < row["measured"]
    assert row["p_value"] < 1 / 180
    assert len(found) == 60


def test_one_large_order_of_goods_out_of_season_names_them() -> None:
    found = chances(*until_february({("C08", 31): (1, 5.0)}))["large_order"]
    (row,) = found[found["code"].notna()].to_dict("records")
    assert (row["customer_id"], row["code"], row["word"]) == ("C08", "large_order_off_season", "ice")


def test_a_peak_of_the_whole_company_is_nobodys_anomaly() -> None:
    """Told from the others: the more of them there are, the surer it is the month and not the customer."""
    for signs in chances(*business(peak=3.0, customers=400)).values():
        assert len(rare(signs)) <= 2


def until_february(extra: Bought | None = None) -> tuple[pd.DataFrame, pd.DataFrame, np.datetime64]:
    """The business up to a month in which ice is out of season."""
    groups, months = (frame[frame["month_start"] < pd.Timestamp("2026-03-01")] for frame in business(extra))
    return groups, months, np.datetime64("2026-02-28")


def test_nobody_is_flagged_where_nothing_happened_and_all_are_tested() -> None:
    found = chances(*until_february())
    assert found.keys() == {"off_season_bulk", "repeated_bulk", "order_rate_jump", "large_order"}
    for signs in found.values():
        assert signs["customer_id"].nunique() == 60
        assert not rare(signs)


def test_where_nothing_is_out_of_season_that_is_said() -> None:
    lacks = {detector: lack for detector, _, lack in judged(*business(), TODAY, RULES)}
    assert lacks.pop("off_season_bulk") == ("season", 0, 1)
    assert lacks == dict.fromkeys(("repeated_bulk", "order_rate_jump", "large_order"))


def test_a_month_that_has_only_begun_is_held_against_a_whole_one() -> None:
    groups, months = business()
    assert not rare(chances(groups, months, np.datetime64("2026-06-10"))["repeated_bulk"])


def test_a_short_past_is_not_evaluated() -> None:
    groups, months = business()
    since = pd.Timestamp("2025-10-01")
    parts = groups[groups["month_start"] >= since], months[months["month_start"] >= since].assign(history_from=since)
    lacks = {detector: lack for detector, signs, lack in judged(*parts, TODAY, RULES) if signs is None}
    assert lacks["repeated_bulk"] == lacks["large_order"] == ("months", 9, 12)
    assert "order_rate_jump" not in lacks


def test_a_past_of_a_few_months_is_no_mistake() -> None:
    groups, months = business(customers=4)
    for since in ("2025-11-01", "2026-02-01", "2026-04-01", "2026-06-01"):
        begun = pd.Timestamp(since)
        parts = (
            groups[groups["month_start"] >= begun],
            months[months["month_start"] >= begun].assign(history_from=begun),
        )
        assert [detector for detector, *_ in judged(*parts, TODAY, RULES)] == [
            "off_season_bulk",
            "repeated_bulk",
            "order_rate_jump",
            "large_order",
        ]
