"""A slice of both studies of the detectors (`make study` measures all of them): a small world with few anomalies, and a small one without any into whose series some are put."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import anomaly_study
import planted_study
from anomaly_study import ANY_TIME, DRIFT, OFF_SEASON, WHATS, What
from receivables.judgement import buying_tests
from receivables.settings import Anomaly, AnomalyBuying
from study_page import HEAD, RULES, TESTS, write_chapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.wide


@pytest.fixture(scope="module")
def put_in() -> Iterator[anomaly_study.Study]:
    with pytest.MonkeyPatch.context() as patch:
        # shuffled orders of many customers take most of the time
        patch.setattr(anomaly_study, "RULES", AnomalyBuying(mix_permuted=10))
        yield anomaly_study.studied(each=2, seeds=1, customers=80, invoices=100, month_ends=2)


@pytest.fixture(scope="module")
def planted() -> planted_study.Study:
    return planted_study.studied(each=1, seeds=1, customers=80, invoices=40)


def test_all_that_was_asked_for_is_put_in_and_the_largest_are_found(put_in: anomaly_study.Study) -> None:
    assert {what: put_in.found[what].put_in for what in WHATS} == dict.fromkeys(WHATS, 2)
    grave = [put_in.found[what] for what in (What(OFF_SEASON, 8), What(ANY_TIME, 8), What(DRIFT, 20))]
    assert sum(tally.found for tally in grave) >= 1
    # the more is put in, the rarer it is by chance
    for kind, small, large in ((OFF_SEASON, 3, 8), (ANY_TIME, 3, 8), (DRIFT, 5, 20)):
        least, most = (np.log(put_in.found[What(kind, size)].chances).mean() for size in (small, large))
        assert most < least


def test_a_drift_of_twenty_days_is_flagged_within_its_payments_and_one_of_five_is_not(
    put_in: anomaly_study.Study,
) -> None:
    small, large = (put_in.found[What(DRIFT, days)].delays for days in (5, 20))
    assert len(small) == len(large) == 2
    # a payment counts too little to pass the limit alone
    assert all(2 <= delay <= anomaly_study.DRIFTED for delay in large)
    assert min(small) > max(large)


def test_stricter_limits_find_and_flag_no_more(put_in: anomaly_study.Study) -> None:
    for limits in (anomaly_study.LIMITS, anomaly_study.ORDER_MONTHS):
        for counts in (
            *([tally.at_limit[limit] for limit in limits] for tally in put_in.found.values()),
            [put_in.at_limit[limit].raised for limit in limits],
        ):
            assert counts == sorted(counts, reverse=True)


def test_chances_on_untouched_series_are_no_smaller_than_chance_makes_them(put_in: anomaly_study.Study) -> None:
    assert put_in.quiet.keys() == {*buying_tests.DETECTORS}
    chances = np.concatenate([quiet.unchanged for quiet in put_in.quiet.values()])
    assert len(chances) > 200
    assert np.mean(chances < 0.05) < 0.1


def test_planted_anomalies_are_found_by_the_rules(planted: planted_study.Study) -> None:
    tallies = [planted.tallies[kind] for kind in planted_study.FOUND_BY]
    assert sum(tally.planted for tally in tallies) >= 20
    assert [missed for tally in tallies for missed in tally.missed] == []


def test_a_first_night_raises_no_more_than_a_night_may_and_the_world_knows_of_more_than_was_planted(
    planted: planted_study.Study,
) -> None:
    assert 0 < len(planted.raised) <= Anomaly().new_flags_max
    assert all(flag.is_so for flag in planted.raised if flag.is_planted)
    assert sum(flag.is_so for flag in planted.raised) > sum(flag.is_planted for flag in planted.raised)
    owing, bad = planted.owing
    assert 0 < bad < owing


def test_each_study_writes_its_chapter_and_leaves_the_other(
    put_in: anomaly_study.Study, planted: planted_study.Study, tmp_path: Path
) -> None:
    page = tmp_path / "page.md"
    write_chapter(page, TESTS, anomaly_study.chapter(put_in))
    write_chapter(page, RULES, planted_study.chapter(planted))
    write_chapter(page, TESTS, anomaly_study.chapter(put_in))
    text = page.read_text(encoding="utf-8")
    assert text.startswith(HEAD)
    assert text.index(f"## {RULES}") < text.index(f"## {TESTS}")
    for words in ("| broken promises |", "| drift | +20 days | 2 |", "| lateness_drift |", "### Flagged where nothing"):
        assert words in text
    assert text.count("\n## ") == 2
