"""A slice of the study of bias and coverage (`make study` measures all of it): few customers of two sample worlds, drawn two dozen times."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pytest

import followed_customers
from collection_study import FIGURES, measure, page_of, whole
from receivables.policy.collection import CASH, DILUTION, LOSS, TRANSFERRED

if TYPE_CHECKING:
    from collection_study import Figure, Line
    from followed_customers import Pool

pytestmark = pytest.mark.wide

REPLICATIONS: Final = 24
CUSTOMERS: Final = 80
NEAR: Final = 0.006
"""How far the share collected, of all customers together, may lie from what became of their money."""


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return followed_customers.pool(tmp_path_factory.mktemp("pool"), worlds=2, customers=100, invoices=40)


@pytest.fixture(scope="module")
def lines(pool: Pool) -> list[Line]:
    return measure(pool, CUSTOMERS, REPLICATIONS)


def far_off(pool: Pool) -> list[Figure]:
    """The shares collected that are not told or lie too far from the truth."""
    told = whole(pool)
    return [
        figure
        for figure in FIGURES
        if figure.horizon is None and abs((told[figure] or 0) - figure.truth(pool.fate)) > NEAR
    ]


def test_what_left_by_all_causes_in_the_end_is_no_more_than_there_was(pool: Pool) -> None:
    in_the_end = [pool.fate.share(cause, 10_000, by_amount=True) for cause in (CASH, LOSS, DILUTION, TRANSFERRED)]
    assert 0.99 < sum(in_the_end) < 1
    seen = sum(map(float, pool.tranches["amount_local"].to_pylist()))
    assert seen == pytest.approx(pool.fate.cents.sum() / 100, rel=0.005)


def test_censored_and_seen_late_the_curve_of_all_customers_is_what_became_of_their_money(pool: Pool) -> None:
    assert far_off(pool) == []


def test_a_curve_that_took_what_is_seen_late_as_seen_whole_would_be_far_off(pool: Pool) -> None:
    told = pool.tranches
    entry, left = (np.array(told[name].to_pylist()) for name in ("recent_entry_age", "exit_age"))
    unaware = pa.array(np.where((entry >= 0) & (entry < left), -1, entry), pa.int32())
    place = told.schema.get_field_index("recent_entry_age")
    found = far_off(replace(pool, tranches=told.set_column(place, "recent_entry_age", unaware)))
    assert {figure.history for figure in found} == {"24m"}


def test_intervals_hold_the_truth_and_are_no_wider_than_they_must_be(lines: list[Line]) -> None:
    assert all(len(line.values) for line in lines)
    # of intervals half as wide 54 % hold it, of those twice as wide 99.6 %
    assert 0.75 < np.mean([line.coverage for line in lines]) < 0.99


def test_the_page_tells_every_figure(pool: Pool, lines: list[Line]) -> None:
    text = page_of(pool, REPLICATIONS, {CUSTOMERS: lines})
    assert f"## {CUSTOMERS} customers" in text
    assert sum(text.count(f"| {figure.name} |") for figure in set(FIGURES[:7])) == len(FIGURES)
