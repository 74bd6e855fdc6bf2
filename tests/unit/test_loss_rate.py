"""The rate of bad debt: a ratio of sums, its interval by customer, and when it is not told."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.policy.loss_rate import LossRate, loss_rate
from receivables.settings import Curve

RULES: Final = Curve()


def of(written_off: list[float], sales: list[float]) -> LossRate:
    return loss_rate(np.array(written_off, dtype=np.float64), np.array(sales, dtype=np.float64), RULES)


def test_the_rate_is_the_ratio_of_the_sums_and_the_interval_leaves_customers_out() -> None:
    found = of([10, 20, 0, 0, 0, 0], [100, 100, 200, 200, 200, 200])
    assert found.rate == pytest.approx(0.03)
    left = np.array([20 / 900, 10 / 900, 0.0375, 0.0375, 0.0375, 0.0375])
    error = np.sqrt(5 / 6 * ((left - left.mean()) ** 2).sum())
    reach = 2.571 * error / 0.03
    assert (found.lo, found.hi) == pytest.approx((0.03 * np.exp(-reach), 0.03 * np.exp(reach)), rel=1e-3)


def test_few_customers_tell_of_persons_and_are_not_told() -> None:
    assert of([5, 0, 0, 0], [100, 100, 100, 100]) == LossRate(reason="few_customers")


def test_without_sales_there_is_no_rate() -> None:
    assert of([5, 0, 0, 0, 0], [0, 0, 0, 0, 0]) == LossRate(reason="no_sales")
    assert of([5, 0, 0, 0, 0], [10, -20, 0, 0, 0]) == LossRate(reason="no_sales")


@pytest.mark.parametrize("written_off", [[0, 0, 0, 0, 0, 0], [6, 0, 0, 0, 0, 0]])
def test_what_nobody_or_one_customer_lost_has_a_rate_and_no_interval(written_off: list[float]) -> None:
    found = of(written_off, [100] * 6)
    assert found == LossRate(sum(written_off) / 600)


def test_where_one_customer_bought_nearly_all_there_is_no_interval() -> None:
    found = of([1, 1, 0, 0, 0, 0], [1000, 1, -1, 0, 0, 0])
    assert found.rate == pytest.approx(0.002)
    assert found.lo is None


def test_many_customers_are_left_out_in_groups() -> None:
    draws = np.random.default_rng(7)
    sales = draws.uniform(50, 150, 2000)
    lost = np.where(draws.uniform(size=2000) < 0.05, 0.5 * sales, 0.0)
    found = loss_rate(lost, sales, RULES)
    assert found.lo is not None
    assert found.hi is not None
    assert found.lo < 0.025 < found.hi
    assert found.hi - found.lo < 0.02


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 500)), min_size=5, max_size=40))
def test_the_interval_holds_the_rate_and_never_falls_below_nothing(customers: list[tuple[int, int]]) -> None:
    found = of(*([float(row[side]) for row in customers] for side in (0, 1)))
    assert found.rate is not None
    if found.lo is not None and found.hi is not None:
        assert 0 <= found.lo <= found.rate <= found.hi
