"""The collection curve: the published golden numbers on twelve tranches, ties, causes, late entry, part payments, intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from receivables.distributions import jackknife_error
from receivables.policy import collection
from receivables.policy.collection import DILUTION, ENTERED, ENTERED_DILUTION, Cells, Curve, Tranches
from tranche_tables import LATE, PARTS, T12, tranches, without_loss

if TYPE_CHECKING:
    from receivables.policy.collection import Floats, Ints


def curve_of(given: Tranches, *, net: bool = False) -> Curve:
    ages = given.ages()
    return collection.estimate(ages, given.moved(ages).sum(axis=1), net=net)


def at(curve: Curve, share: Floats, *ages: int) -> list[float]:
    return [float(share[np.searchsorted(curve.ages, age, side="right") - 1]) for age in ages]


def test_counts_of_the_golden_ledger() -> None:
    curve = curve_of(tranches(T12, by_count=True))
    assert at(curve, curve.cash, 0, 10, 30, 60, 90, 200) == pytest.approx(
        [0.083333, 0.25, 0.34375, 0.453125, 0.5625, 0.726562], abs=1e-6
    )
    assert at(curve, curve.loss, 30, 60, 200) == pytest.approx([0, 0.109375, 0.109375], abs=1e-6)
    assert at(curve, curve.open_share, 0, 10, 30, 60, 90, 200) == pytest.approx(
        [0.916667, 0.75, 0.65625, 0.4375, 0.328125, 0.164062], abs=1e-6
    )


def test_amounts_of_the_golden_ledger() -> None:
    curve = curve_of(tranches(T12))
    assert at(curve, curve.cash, 0, 10, 30, 60, 90, 200) == pytest.approx(
        [0.053476, 0.187166, 0.271836, 0.520781, 0.576794, 0.661201], abs=1e-6
    )
    assert at(curve, curve.loss, 60) == pytest.approx([0.037342], abs=1e-6)
    assert at(curve, curve.open_share, 60, 90, 200) == pytest.approx([0.441877, 0.385865, 0.301457], abs=1e-6)


def test_with_losses_taken_as_still_open_it_is_the_kaplan_meier_estimate() -> None:
    curve = curve_of(tranches(without_loss(T12), by_count=True))
    assert at(curve, curve.open_share, 60, 90, 200) == pytest.approx([0.546875, 0.410156, 0.205078], abs=1e-6)


def test_what_comes_under_observation_late_is_at_risk_only_from_then_on() -> None:
    curve = curve_of(tranches(T12, by_count=True, late=LATE))
    assert at(curve, curve.cash, 0, 10, 30, 60, 90, 200) == pytest.approx(
        [0.125, 0.375, 0.53125, 0.648438, 0.765625, 0.824219], abs=1e-6
    )
    exits = [0, 10, 30, 45, 60, 90, 120, 200, 400]
    assert at(curve, curve.at_risk, *exits) == [8, 7, 4, 5, 4, 2, 2, 2, 1]
    amounts = curve_of(tranches(T12, late=LATE))
    assert at(amounts, amounts.cash, 90, 200) == pytest.approx([0.783859, 0.823260], abs=1e-6)


def test_part_payments_and_credits_gross_and_net() -> None:
    gross, net = curve_of(tranches(PARTS)), curve_of(tranches(PARTS), net=True)
    assert at(gross, gross.cash, 40) == pytest.approx([0.730769], abs=1e-6)
    assert at(gross, gross.dilution, 15) == pytest.approx([0.038462], abs=1e-6)
    assert at(gross, gross.loss, 180) == pytest.approx([0.230769], abs=1e-6)
    assert at(net, net.cash, 40) == pytest.approx([0.76], abs=1e-6)
    assert at(net, net.loss, 180) == pytest.approx([0.24], abs=1e-6)
    assert float(net.dilution[-1]) == 0


def success(curve: Curve, overdue: int, until: int) -> tuple[float, float]:
    told = collection.conditional_success(curve, np.array([overdue]), np.array([until]), 400)
    return float(told.p[0]), float(told.upper_bound[0])


def test_the_chance_of_success_of_the_golden_ledger() -> None:
    counts, amounts = curve_of(tranches(T12, by_count=True)), curve_of(tranches(T12))
    assert success(counts, 0, 90)[0] == pytest.approx(0.522727, abs=1e-6)
    assert success(counts, 30, 120)[0] == pytest.approx(0.333333, abs=1e-6)
    assert success(counts, 30, 400) == pytest.approx((0.583333, 0.833333), abs=1e-6)
    assert (success(counts, 60, 150)[0], success(counts, 60, 400)[0]) == pytest.approx((0.25, 0.625), abs=1e-6)
    assert (success(counts, 90, 180)[0], success(counts, 90, 400)[0]) == pytest.approx((0, 0.5), abs=1e-6)
    assert (success(amounts, 30, 120)[0], success(amounts, 30, 400)[0]) == pytest.approx((0.418803, 0.534722), abs=1e-6)
    assert (success(amounts, 60, 150)[0], success(amounts, 60, 400)[0]) == pytest.approx((0.126761, 0.317782), abs=1e-6)


def test_nothing_is_told_beyond_the_last_age_or_where_nothing_is_open() -> None:
    curve = curve_of(tranches([("A", 10, 5, 1), ("B", 10, 9, 1)]))
    told = collection.conditional_success(curve, np.array([0, 5, 9, 12]), np.array([9, 12, 9, 12]), 9)
    assert float(told.p[0]) == 1
    assert np.isnan(told.p[1:]).tolist() == [True, True, True]


def test_the_error_of_leaving_out_one_customer_at_a_time() -> None:
    given = tranches(T12)
    ages = given.ages()
    left_out = collection.estimate_without_each(ages, given.moved(ages))
    errors = jackknife_error(left_out.cash)
    place = int(np.searchsorted(ages, 90))
    assert (float(errors[place]), float(errors[-1])) == pytest.approx((0.360865, 0.274813), abs=1e-6)
    others = collection.conditional_success(left_out, np.array([30]), np.array([400]), 400)
    assert float(jackknife_error(others.p)[0]) == pytest.approx(0.411980, abs=1e-6)


def test_a_part_is_drawn_to_the_whole_band_by_band() -> None:
    """Ten of the part and twenty customers of the whole, of whom four count: 20 beside 10 in the first month, 10 beside 6 in the second."""
    own, whole = (
        curve_of(tranches([("A", weight, age, cause) for weight, age, cause in rows]))
        for rows in (
            [(4, 5, 1), (2, 40, 1), (1, 40, 2), (3, 61, 0)],
            [(50, 10, 1), (20, 45, 1), (5, 60, 2), (25, 61, 0)],
        )
    )
    drawn = collection.drawn_to(own, whole, np.full(len(whole.ages), 20), 4, np.array([0, 30, 60]))
    assert drawn.cash == pytest.approx([0, 14 / 30, 14 / 30 + 16 / 30 * 6 / 16])
    assert drawn.loss == pytest.approx([0, 0, 16 / 30 * 2 / 16])
    assert drawn.open_share == pytest.approx([1, 16 / 30, 16 / 30 * 8 / 16])
    assert drawn.at_risk == pytest.approx([10, 10, 6])


def cells(given: Tranches, ages: Ints) -> Cells:
    """What moves of each, late entries too."""
    late = given.entry_age >= 0
    diluted = late & (given.cause == DILUTION)
    customer = np.concatenate([given.group, given.group[late], given.group[diluted]])
    channel = np.concatenate(
        [given.cause, np.full(int(late.sum()), ENTERED), np.full(int(diluted.sum()), ENTERED_DILUTION)]
    )
    place = np.searchsorted(ages, np.concatenate([given.exit_age, given.entry_age[late], given.entry_age[diluted]]))
    weight = np.concatenate([given.weight, given.weight[late], given.weight[diluted]])
    order = np.lexsort((-place, customer))
    return Cells(customer[order], channel[order], place[order], weight[order], given.groups, len(ages))


def test_who_stands_behind_each_age() -> None:
    given = tranches(T12)
    found = cells(given, given.ages())
    behind = collection.support(collection.customers_at_risk(found), found.grouped(200))
    assert behind.customers.tolist() == [4, 4, 3, 3, 2, 2, 1, 1, 1]
    assert behind.last_age(given.ages(), 2) == 90
    assert behind.last_age(given.ages(), 5) is None
    shares = dict(zip(given.ages().tolist(), behind.largest_share.tolist(), strict=True))
    assert shares[0] == pytest.approx(6200 / 18700)
    assert behind.reasons(2, 0.5)[-3:] == ["few_customers"] * 3
    assert behind.reasons(2, 0.5)[5] == "one_customer"


@pytest.mark.parametrize("net", [False, True])
def test_customers_at_risk_are_those_of_whom_anything_is_at_risk(net: bool) -> None:
    """Counted from what moves; here held against everything laid out, with late entries that leave gaps."""
    random = np.random.default_rng(5)
    for _ in range(50):
        size = int(random.integers(1, 30))
        exit_age = random.integers(0, 12, size)
        entry = np.where(random.random(size) < 0.5, -1, random.integers(0, 12, size))
        seen = entry < exit_age
        given = Tranches(
            entry[seen],
            exit_age[seen],
            random.integers(0, 5, size)[seen],
            random.integers(1, 9, size)[seen].astype(np.float64),
            random.integers(0, 6, size)[seen],
            6,
        )
        ages = given.ages([0])
        laid_out = given.moved(ages)
        kept = [laid_out[channel] for channel in (0, 1, 2, 4)] + ([] if net else [laid_out[3]])
        flow = sum(kept) - laid_out[5] + (laid_out[6] if net else 0)
        at_risk = np.flip(np.cumsum(np.flip(flow, axis=-1), axis=-1), axis=-1)
        told = collection.customers_at_risk(cells(given, ages), net=net)
        assert told.tolist() == (at_risk > 0).sum(axis=0).tolist()


def test_more_customers_than_groups_share_them() -> None:
    given = tranches(T12)
    grouped = cells(given, given.ages()).grouped(2)
    assert grouped.shape[1] == 2
    assert grouped.sum() == sum(weight for _, weight, *_ in T12)
