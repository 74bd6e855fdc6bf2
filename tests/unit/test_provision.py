"""Expected loss: the published golden numbers of a Markov chain and of rare losses, and vintages held against those before them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from receivables.errors import SettingsError
from receivables.policy import provision
from receivables.settings import Provision, validated

MOVES: Final = np.array([[0.30, 0.20, 0, 0], [0.10, 0.25, 0.30, 0], [0.03, 0.05, 0.30, 0.40], [0.01, 0.02, 0.05, 0.60]])
ENDS: Final = np.array([[0.50, 0], [0.35, 0], [0.22, 0], [0.17, 0.15]])
"""Paid and lost, by bucket."""


def test_where_money_in_each_bucket_ends() -> None:
    found = provision.absorption(MOVES, ENDS, 1 / 1.005)
    lost = found.ends[:, 1]
    assert lost == pytest.approx([0.028925, 0.101237, 0.243452, 0.411216], abs=1e-6)
    assert found.expected_months == pytest.approx([2.302748, 3.059618, 3.548128, 3.154066], abs=1e-6)
    assert np.array([800, 300, 150, 100]) @ lost == pytest.approx(131.1506, abs=5e-5)
    assert found.present_value[:, 0] == pytest.approx([0.960745, 0.886625, 0.744424, 0.579163], abs=1e-6)
    assert found.ends.sum(axis=1) == pytest.approx(np.ones(4))


def test_two_losses_in_forty_cases() -> None:
    assert provision.jeffreys_interval(2, 40) == pytest.approx((0.0105, 0.1509), abs=1e-4)


def test_no_loss_is_never_no_chance_of_one() -> None:
    low, high = provision.jeffreys_interval(0, 40)
    assert low == 0
    assert 0 < high < provision.jeffreys_interval(0, 10)[1] < provision.jeffreys_interval(0, 0)[1] < 1
    assert provision.jeffreys_interval(40, 40) == pytest.approx((1 - high, 1))


def test_large_books_converge() -> None:
    assert provision.jeffreys_interval(1_000, 1_000_000) == pytest.approx((0.000939, 0.001063), abs=2e-6)


def test_a_vintage_is_held_against_the_mean_of_those_before_it() -> None:
    billed = np.array([[100, 100, 50, 50, 100], [100, 300, 50, 150, 100]], dtype=np.float64)
    collected = np.array([[90, 80, 50, 30, 60], [90, 240, 40, 130, 100]], dtype=np.float64)
    told = provision.change_to_prior(collected.sum(axis=0), billed.sum(axis=0))
    assert told == pytest.approx(0.8 - (0.9 + 0.8 + 0.9 + 0.8) / 4)
    left_out = provision.change_to_prior(provision.without_each(collected), provision.without_each(billed))
    first_alone = 0.6 - (0.9 + 0.8 + 1 + 0.6) / 4
    second_alone = 1 - (0.9 + 0.8 + 0.8 + 130 / 150) / 4
    assert left_out == pytest.approx([second_alone, first_alone])


def test_a_factor_for_the_future_needs_its_reason() -> None:
    with pytest.raises(SettingsError, match="forward_reason"):
        validated(Provision, {"forward_factor": 1.1}, "receivables.toml")
    told = validated(Provision, {"forward_factor": "1.1", "forward_reason": "rates rise"}, "receivables.toml")
    assert str(told.forward_factor) == "1.1"
