"""Ratings of the sample world, whose customers are known to be what they are: what was rated worse went bad more often in the year that followed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

import receivables
from exports import WHOLE
from homes import ask
from receivables.world import generate
from receivables.world.specify import World

if TYPE_CHECKING:
    from pathlib import Path

CUSTOMERS: Final = 400 if WHOLE else 120
MONTH_ENDS: Final = 48 if WHOLE else 30


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    home = folder / "home"
    receivables.init(home)
    (home / "receivables.toml").write_text(
        f"[aging]\nmonth_ends = {MONTH_ENDS}\n[contracts]\nenabled = false\n", encoding="utf-8"
    )
    generate(folder / "world", World(customers=CUSTOMERS, seed=11))
    receivables.ingest([folder / "world"], home)
    receivables.build(home)
    return home


def test_worse_grades_went_bad_more_often(home: Path) -> None:
    """Of those no hard event capped; a cap is a rule of caution, no estimate."""
    rates = ask(
        home,
        "select grade, sum(bads)::double / sum(cases) as rate, sum(cases) as cases from marts.rating_bad_rate where not is_capped group by grade order by grade",
    )
    assert sum(cases for *_, cases in rates) > 4 * CUSTOMERS
    told = [(grade, rate) for grade, rate, cases in rates if cases >= 30]
    assert len(told) >= 3
    assert [rate for _, rate in told] == sorted(rate for _, rate in told)
    assert told[-1][1] > 3 * told[0][1] > 0


def test_scores_rank_better_than_the_customers_own_late_ratio(home: Path) -> None:
    value, lo, baseline = ask(
        home,
        "select value, difference_lo, baseline_value from marts.rating_backtest where metric = 'auc' and baseline = 'late_ratio'",
    )[0]
    assert value > baseline
    assert value > 0.7
    if WHOLE:
        assert lo > 0


def test_insolvent_and_closed_customers_are_graded_f_the_same_night(home: Path) -> None:
    told = ask(
        home,
        "select distinct history.grade from marts.hard_event as event inner join marts.rating_history as history"
        " on event.period_end = history.review_date and event.customer_id = history.customer_id where event.event in ('insolvency', 'closure')",
    )
    assert told == [("F",)]


def test_nobody_without_history_has_a_score(home: Path) -> None:
    counts = ask(
        home,
        "select count(*), count(score), count(raw_grade), count(recommended_limit) filter (where grade is null) from marts.rating where status = 'insufficient'",
    )
    assert counts[0][0] > 0
    assert counts[0][1:] == (0, 0, 0)
