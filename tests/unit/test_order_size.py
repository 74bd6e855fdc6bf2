"""Single orders held against those of their customer before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from receivables.policy.order_size import Sizes, chances, large_orders, sizes, spread_of_all
from receivables.settings import AnomalyBuying

RULES = AnomalyBuying()


def told(
    newest: list[float], *, orders: int = 40, mean: float = 0.0, variance: float = 0.64, largest: float = 5.0
) -> Sizes:
    """Customers alike but for their newest order, all amounts in one unit of money."""
    size = len(newest)
    return Sizes(
        np.full(size, orders),
        np.full(size, mean),
        np.full(size, variance),
        np.full(size, largest),
        np.array(newest)[:, np.newaxis],
    )


def beyond(orders: Sizes, expected: float = 2.0) -> list[bool]:
    found = large_orders(orders, chances(orders, np.full(orders.newest.shape, expected), 1.0), 1.0, RULES)
    return [bool(one) for one in found[:, 0]]


def test_sizes_are_those_of_the_months_before_and_the_newest_of_each_month_tested() -> None:
    months = pd.DataFrame(
        {
            "customer_id": ["A", "A", "A", "B"],
            "month_start": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-04-01", "2026-03-01"]),
            "sized_orders": [2, 1, 1, 0],
            "log_sum": [np.log(20 * 80), np.log(40), np.log(900), 0.0],
            "log_square_sum": [np.log(20) ** 2 + np.log(80) ** 2, np.log(40) ** 2, np.log(900) ** 2, 0.0],
            "largest": [800_000, 400_000, 9_000_000, -5],
        }
    )
    january = int(np.datetime64("2026-01", "M").astype(np.int64))
    found = sizes(months, pd.Index(["A", "B"]), np.arange(january, january + 4), (0, 2), 2)
    assert found.orders.tolist() == [3, 0]
    assert found.usual[0] == pytest.approx(40)
    assert found.variance[0] == pytest.approx(np.log(2) ** 2)
    assert found.largest.tolist() == [800_000, 0]
    assert found.newest.tolist() == [[0, 9_000_000], [0, 0]]


def test_a_known_spread_gives_the_chance_of_the_normal_distribution() -> None:
    # three deviations above: 0.00135 for one order, of which there are two
    (found,) = chances(told([np.exp(3 * 0.8)], orders=100_000), np.array([[2.0]]), 1.0)[0]
    assert found == pytest.approx(2 * 0.00135, rel=0.01)


def test_few_orders_leave_more_to_chance() -> None:
    few, many = (chances(told([9.0, 1.0, 1.0], orders=orders), np.ones((3, 1)), 1.0)[0, 0] for orders in (8, 80))
    assert few > many


def test_an_order_must_be_rare_and_larger_than_any_before_and_some_times_the_usual() -> None:
    assert beyond(told([12.0, 6.0, 0.0])) == [True, False, False]
    assert beyond(told([12.0], largest=13.0)) == [False]
    # ever the same amounts: half as much again is rare, and no bulk
    assert beyond(told([1.6, 3.2], variance=0.0, largest=1.1)) == [False, True]


def test_where_more_orders_are_expected_one_must_be_larger() -> None:
    assert beyond(told([9.0]), expected=0.5) == [True]
    assert beyond(told([9.0]), expected=10.0) == [False]


def test_customers_that_differ_in_spread_keep_their_own_and_those_alike_share_one() -> None:
    rng = np.random.default_rng(3)
    free = np.full(2_000, 30)
    alike = 0.5 * rng.chisquare(30, 2_000) / 30
    usual, strength = spread_of_all(alike, free)
    assert usual == pytest.approx(0.5, rel=0.02)
    assert strength > 200
    # variances of an inverse gamma as if of 12 orders: that many are added
    unlike = alike * 12 / rng.chisquare(12, 2_000)
    assert spread_of_all(unlike, free)[1] == pytest.approx(12, rel=0.25)
    assert spread_of_all(np.zeros(3), np.array([0, 5, 5]))[0] == 0


def test_a_company_without_orders_tells_nothing() -> None:
    none = told([5.0], orders=0, variance=0.0, largest=0.0)
    assert chances(none, np.ones((1, 1)), 1.0).tolist() == [[1.0]]
    assert beyond(none) == [False]
