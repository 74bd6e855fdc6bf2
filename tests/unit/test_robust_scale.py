"""Robust distances, against their golden numbers."""

from __future__ import annotations

import numpy as np
import pytest

from receivables.policy.robust_scale import CUT_OFFS, centre_and_scale, cut_off, distance

GOLDEN = np.array([[100.0, 110, 95, 105, 98, 102, 300]])


def test_one_huge_value_does_not_decide_what_is_usual() -> None:
    middle, scale = centre_and_scale(GOLDEN)
    assert middle[0] == 102
    assert scale[0] == pytest.approx(1.4826 * 4)
    assert distance(GOLDEN, middle, scale)[0, -1] == pytest.approx(33.3873, abs=1e-4)


def test_where_most_values_are_the_same_the_mean_deviation_counts_and_then_a_share_of_the_level() -> None:
    _, scale = centre_and_scale(np.array([[10.0, 10, 10, 10, 20], [10, 10, 10, 10, 10]]))
    assert scale == pytest.approx([1.2533 * 2, 0.5])


def test_values_that_are_not_told_are_left_out() -> None:
    middle, scale = centre_and_scale(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]]))
    assert middle[0] == 2
    assert np.isnan([middle[1], scale[1]]).all()


def test_the_fewer_values_the_further_out_is_unusual() -> None:
    counts, points = zip(*CUT_OFFS, strict=True)
    assert cut_off(np.array(counts)) == pytest.approx(points)
    assert np.isinf(cut_off(np.array([4]))[0])
    between = cut_off(np.array([20, 100, 1000]))
    assert 3.77 < between[0] < 4.25
    assert 2.807 < between[2] < between[1] < 3.14
