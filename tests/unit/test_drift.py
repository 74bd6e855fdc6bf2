"""Drift of days beyond terms, against its golden numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from receivables.policy.drift import chance, drift_lacks, drift_signs, payments, sums
from receivables.settings import AnomalyBuying

RULES = AnomalyBuying()
PLAIN = AnomalyBuying.model_validate({"drift_deviations_max": 100})
DAYS = np.array([[2.0, 0, -1, 1, 0, 2, 6, 7, 9, 8, 10, 12]])
TODAY = np.datetime64("2026-06-30")


def test_the_sum_alarms_at_the_tenth_payment() -> None:
    found = sums(DAYS, np.array([1.0]), np.array([3.0]), PLAIN)
    assert found[0] == pytest.approx([0, 0, 0, 0, 0, 0, 1.1667, 2.6667, 4.8333, 6.6667, 9.1667, 12.3333], abs=1e-4)
    assert int((found[0] > 5).argmax()) + 1 == 10
    assert int((found[0] > 4).argmax()) + 1 == 9


def test_one_forgotten_invoice_is_no_drift() -> None:
    assert sums(np.array([[200.0, 0, 0]]), np.array([0.0]), np.array([2.0]), RULES).max() < 5


def test_known_habits_alarm_as_seldom_as_siegmund_says() -> None:
    known = np.array([1_000_000])
    assert 1 / chance(np.array([5.0]), np.array([1]), known, RULES)[0] == pytest.approx(938, rel=0.01)
    assert 1 / chance(np.array([4.0]), np.array([1]), known, RULES)[0] == pytest.approx(338, rel=0.01)


def test_a_baseline_of_few_payments_makes_an_alarm_likelier() -> None:
    few, more, known = (
        float(chance(np.array([5.0]), np.array([12]), np.array([n]), RULES)[0]) for n in (12, 24, 10**6)
    )
    assert few > more > known
    assert known == pytest.approx(0.0127, abs=0.001)
    assert more >= 0.033
    assert few >= 0.063


def paid(late: list[float], customer: str = "C1") -> pd.DataFrame:
    days = pd.date_range(end="2026-06-25", periods=len(late), freq="10D")
    return pd.DataFrame(
        {
            "customer_id": customer,
            "day": days.to_numpy(),
            "amount": 1_000_000,
            "days_late": late,
            "largest_id": [f"D{n}" for n in range(len(late))],
        }
    )


def signs(late: list[float]) -> pd.DataFrame:
    days = paid(late)
    told = payments(days, TODAY, RULES)
    return drift_signs(told, days, told.mean)


def test_a_punctual_payer_that_pays_ever_later_is_told_since_when() -> None:
    steady = [0.0, 1, -1, 2, 0, 1, -2, 0, 1, 0, -1, 1] * 2
    (row,) = signs([*steady, *[0.0] * 6, 8, 12, 15, 18, 20, 20]).to_dict("records")
    assert row["code"] == "lateness_drift"
    assert row["p_value"] < 0.001
    assert row["measured"] == pytest.approx(15.5)
    assert row["usual"] == pytest.approx(1 / 6, abs=0.01)
    assert row["day"] == np.datetime64("2026-05-06")


def test_who_pays_as_ever_is_tested_and_not_told() -> None:
    (row,) = signs([0.0, 1, -1, 2, 0, 1, -2, 0, 1, 0, -1, 1] * 3).to_dict("records")
    assert row["p_value"] == 1


def test_drift_that_is_over_is_none() -> None:
    steady = [0.0, 1, -1, 2, 0, 1, -2, 0, 1, 0, -1, 1] * 2
    (row,) = signs([*steady, 20, 20, 20, 20, 20, *[0.0] * 7]).to_dict("records")
    assert row["p_value"] > 0.05


def test_too_few_payments_say_what_is_lacking() -> None:
    assert drift_lacks(payments(paid([0.0] * 5), TODAY, RULES), RULES) == ("payments", 5, 13)
    assert drift_lacks(payments(paid([0.0] * 20), TODAY, RULES), RULES) is None
