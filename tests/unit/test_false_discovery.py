"""The false discovery rate, against its golden numbers."""

from __future__ import annotations

import numpy as np
import pytest

from receivables.policy.false_discovery import adjusted

P_VALUES = np.array([0.0005, 0.003, 0.011, 0.012, 0.02, 0.04, 0.30, 0.62])


def test_benjamini_and_hochberg_call_five_of_eight() -> None:
    found = adjusted(P_VALUES)
    assert found == pytest.approx([0.004, 0.012, 0.024, 0.024, 0.032, 0.053333, 0.342857, 0.62], abs=1e-6)
    assert (found <= 0.05).sum() == 5


def test_benjamini_and_yekutieli_hold_however_tests_hang_together() -> None:
    assert adjusted(P_VALUES, is_any_dependence=True)[0] == pytest.approx(0.010871, abs=1e-6)


def test_the_order_of_tests_does_not_matter() -> None:
    order = np.array([3, 0, 7, 5, 1, 6, 2, 4])
    assert adjusted(P_VALUES[order]) == pytest.approx(adjusted(P_VALUES)[order])


def test_no_test_is_called_of_none() -> None:
    assert adjusted(np.array([])).size == 0
