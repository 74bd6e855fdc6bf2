"""Ratings of the sample world, whose customers are known to be what they are: what was rated worse went bad more often in the year that followed, and their types are found again."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pytest

import receivables
from exports import WHOLE
from homes import ask
from receivables.policy import customer_type
from receivables.settings import TYPES, Settings
from receivables.world import generate
from receivables.world.specify import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CUSTOMERS: Final = 400 if WHOLE else 120
MONTH_ENDS: Final = 48 if WHOLE else 30
SEEDS: Final = (11, 21, 22) if WHOLE else (11,)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """Worlds by seed, each built once."""

    @cache
    def built(seed: int) -> Path:
        folder = tmp_path_factory.mktemp("world")
        home = folder / "home"
        receivables.init(home)
        (home / "receivables.toml").write_text(
            f"[aging]\nmonth_ends = {MONTH_ENDS}\n[contracts]\nenabled = false\n", encoding="utf-8"
        )
        generate(folder / "world", World(customers=CUSTOMERS, seed=seed))
        receivables.ingest([folder / "world"], home)
        receivables.build(home)
        return home

    return built


@pytest.fixture(scope="module")
def home(homes: Callable[[int], Path]) -> Path:
    return homes(SEEDS[0])


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


# Types of customers --------------------------------------------------------------------------------------------------

NEIGHBOURS: Final = 9
LATENESS: Final = ("payment_index", "days_beyond_terms", "late_share", "late_7_share", "late_30_share", "max_days_late")


def told_of(home: Path, day: date) -> pd.DataFrame:
    """`marts.payment_behaviour` on a day as doubles, indexed by the customer's own id."""
    columns = tuple(dict.fromkeys((*LATENESS, *customer_type.COLUMNS)))
    numbers = ", ".join(f"{name}::double as {name}" for name in columns)
    rows = ask(
        home,
        f"select split_part(customer_id, ':', 2), {numbers} from marts.payment_behaviour where period_end = date '{day}'",
    )
    return pd.DataFrame(rows, columns=["customer_id", *columns]).set_index("customer_id").astype("float64").sort_index()


def by_lateness(behaviour: pd.DataFrame, true: pd.Series[str]) -> pd.Series[str]:
    """The best guess from all measures of lateness together: what the customers that pay most alike truly are, rare types counting as much as common ones."""
    rank = behaviour[list(LATENESS)].rank(pct=True).fillna(-1).to_numpy()
    apart = ((rank[:, None] - rank[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    alike = pd.DataFrame(true.to_numpy()[np.argsort(apart, axis=1)[:, :NEIGHBOURS]], index=behaviour.index)
    share = true.value_counts()
    votes = pd.DataFrame({name: (alike == name).sum(axis=1) / share[name] for name in TYPES})
    return votes.idxmax(axis=1).astype(str)


def recall(told: pd.Series[str], true: pd.Series[str]) -> pd.Series[float]:
    """The share of each type that is told; their mean is the balanced accuracy."""
    return (told == true).groupby(true).mean().reindex(list(TYPES), fill_value=0.0).astype("float64")


@pytest.mark.parametrize("seed", SEEDS)
def test_types_are_found_again_better_than_by_lateness_alone(homes: Callable[[int], Path], seed: int) -> None:
    home = homes(seed)
    world = json.loads((home.parent / "world" / "truth.json").read_text(encoding="utf-8"))
    as_of = date.fromisoformat(world["as_of"])
    behaviour, before = (told_of(home, day) for day in (as_of, as_of.replace(year=as_of.year - 1)))
    true = pd.Series({row["customer_id"]: row["type"] for row in world["customers"]}).reindex(behaviour.index)
    told = customer_type.classify(behaviour, Settings().customer_type, before).customers
    found, lateness = recall(told["customer_type"].astype(str), true), recall(by_lateness(behaviour, true), true)
    assert found.mean() > lateness.mean() + 0.05
    assert found["punctual"] > 0.8
    sure = told["confidence"] > 0.9
    assert (told["likeliest"].astype(str) == true)[sure].mean() > 0.85
    grave = told[told["intent"] == "will_not_pay"]
    assert true[grave.index].isin(["evader", "malicious"]).mean() > 0.7


def test_the_types_are_published_with_their_evidence(home: Path) -> None:
    """As the policy tells them from the same two days."""
    as_of = ask(home, "select max(period_end) from marts.payment_behaviour")[0][0]
    behaviour, before = (told_of(home, day) for day in (as_of, as_of.replace(year=as_of.year - 1)))
    told = customer_type.classify(behaviour, Settings().customer_type, before).customers
    found = ask(
        home,
        "select split_part(customer_id, ':', 2), customer_type, intent, evidence from marts.customer_type order by 1",
    )
    assert [row[:3] for row in found] == list(told[["customer_type", "intent"]].astype(str).itertuples(name=None))
    assert all(json.loads(row[3]) for row in found if row[1] != "unknown")
