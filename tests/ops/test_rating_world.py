"""Ratings of the sample world, whose customers are known to be what they are: what was rated worse went bad more often in the year that followed, and their types are found again."""

from __future__ import annotations

import json
import shutil
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

pytestmark = pytest.mark.wide

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
        "select value, difference_lo, baseline_value from marts.rating_backtest where card = 'expert' and metric = 'auc' and baseline = 'late_ratio'",
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


# The statistical card -------------------------------------------------------------------------------------------------

FEW: Final = "[statistical_card]\nbads_min = 5\nbads_per_parameter = 2\n"
"""What a small world has enough of."""


def with_settings(home: Path, folder: Path, more: str, *, month_ends: int = MONTH_ENDS) -> Path:
    """A home that was told and published the same, under further settings."""
    shutil.copytree(home, folder, symlinks=True)
    (folder / "receivables.toml").write_text(
        f"[aging]\nmonth_ends = {month_ends}\n[contracts]\nenabled = false\n{more}", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def promoted(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world graded by the statistical card, learnt from as few as it has."""
    told = with_settings(home, tmp_path_factory.mktemp("promoted") / "home", f'[rating]\ncard = "statistical"\n{FEW}')
    assert not any("rating.card" in reason for reason in receivables.build(told).needs_person)
    return told


GRADED: Final = "select review_date, customer_id, card, score, raw_grade, grade from marts.rating_history"


def test_a_card_of_too_few_bad_customers_says_so_and_grades_nobody(home: Path) -> None:
    fits = ask(
        home,
        "select fitted_on, is_fitted, reason, bads_needed, bads, cases from marts.statistical_card_fit order by fitted_on",
    )
    assert ask(home, "select distinct card from marts.rating where score is not null") == [("expert",)]
    assert [bads for *_, bads, _ in fits] == sorted(bads for *_, bads, _ in fits)
    if WHOLE:
        return
    assert {(is_fitted, reason, needed) for _, is_fitted, reason, needed, *_ in fits} == {(False, "too_few_bads", 50)}
    assert 0 < fits[-1][4] < 50
    told = ask(home, "select metric, value, reason from marts.rating_backtest where card = 'statistical'")
    assert told == [("auc", None, "not_fitted")]


def test_in_the_shadow_it_is_held_against_what_came_as_the_expert_card_is(home: Path, tmp_path: Path) -> None:
    told = with_settings(home, tmp_path / "home", FEW)
    receivables.build(told)
    assert ask(told, f"{GRADED} order by all") == ask(home, f"{GRADED} order by all")
    metrics = {
        card: {
            metric
            for (metric,) in ask(
                told, f"select metric from marts.rating_backtest where card = '{card}' and value is not null"
            )
        }
        for card in ("expert", "statistical", "graded")
    }
    assert metrics["expert"] | metrics["graded"] >= metrics["statistical"] > metrics["expert"]
    ((cases, scored),) = ask(
        told,
        "select (select value from marts.rating_backtest where card = 'statistical' and metric = 'cases'),"
        " (select count(*) from marts.rating_outcome as outcome inner join marts.statistical_score as said on outcome.customer_id = said.customer_id"
        " and outcome.review_date = said.review_date where said.score is not null)",
    )
    assert cases == scored > 0
    compared = ask(
        told, "select baseline from marts.rating_backtest where card = 'statistical' and metric = 'auc' order by 1"
    )
    assert compared == [("base_rate",), ("expert",), ("late_ratio",), (None,)]


def test_the_promoted_card_grades_from_its_own_score_where_it_is_fitted(home: Path, promoted: Path) -> None:
    told = ask(
        promoted,
        "select history.card, history.score = said.score, history.score = said.expert_score, said.score is not null from marts.rating_history as history"
        " inner join marts.statistical_score as said on history.customer_id = said.customer_id and history.review_date = said.review_date",
    )
    assert {row for row in told if row[3]} == {("statistical", True, False, True)}
    assert {row[0] for row in told if not row[3]} == {"expert"}
    for day in ("2026-09-30", "2026-10-31"):
        query = f"select customer_id, grade from marts.rating_history where review_date = '{day}' and score is not null order by 1"
        before, now = (dict(ask(place, query)) for place in (home, promoted))
        assert before.keys() == now.keys()
        assert before != now
    counts = ask(promoted, "select count(*), count(score), count(card) from marts.rating where status = 'insufficient'")
    assert counts[0][0] > 0
    assert counts[0][1:] == (0, 0)


def test_the_promoted_card_tells_its_own_reasons(promoted: Path) -> None:
    used = {
        name for (name,) in ask(promoted, "select distinct attribute from marts.statistical_card where state = 'used'")
    }
    best = dict(ask(promoted, "select attribute, best_points from marts.rating_attribute"))
    assert set(best) == used
    told = [json.loads(row[0]) for row in ask(promoted, "select reasons from marts.rating where card = 'statistical'")]
    costs = [
        (reason["code"], reason["params"]) for reasons in told for reason in reasons if "points" in reason["params"]
    ]
    assert costs
    assert {code for code, _ in costs} <= used
    assert all(params["points"] <= best[code] + 0.05 for code, params in costs)
    assert ask(promoted, "select count(payment_points) from marts.rating where card = 'statistical'") == [(0,)]


def test_bins_add_up_to_the_cases_and_their_evidence_runs_one_way(promoted: Path) -> None:
    fit = ask(promoted, "select cases from marts.statistical_card_fit order by fitted_on desc limit 1")
    assert set(ask(promoted, "select sum(cases) from marts.statistical_card group by attribute")) == set(fit)
    bins = pd.DataFrame(
        ask(
            promoted,
            "select attribute, woe, points, coefficient from marts.statistical_card where state = 'used' and not is_missing order by attribute, bin",
        ),
        columns=["attribute", "woe", "points", "coefficient"],
    )
    assert (bins["coefficient"] < 0).all()
    for _, own in bins.groupby("attribute"):
        assert own["woe"].is_monotonic_increasing or own["woe"].is_monotonic_decreasing
        assert (own["points"].rank() == own["woe"].rank()).all()


def test_a_review_by_the_statistical_card_knows_nothing_of_what_came_after(
    home: Path, promoted: Path, tmp_path: Path
) -> None:
    """A night four months earlier, whose window begins on the same day, tells the same scores and grades."""
    earlier = with_settings(
        home, tmp_path / "home", f'[rating]\ncard = "statistical"\n{FEW}', month_ends=MONTH_ENDS - 4
    )
    receivables.build(earlier, as_of=date(2026, 6, 30))
    told = f"{GRADED} where review_date <= '2026-06-30' order by review_date, customer_id"
    found = ask(earlier, told)
    assert found == ask(promoted, told)
    assert "statistical" in {row[2] for row in found}


def test_scores_of_past_reviews_stay_as_published_where_the_window_holds_too_little_to_learn_from(
    promoted: Path,
) -> None:
    told = f"{GRADED} where review_date between '2026-05-31' and '2026-09-30' order by review_date, customer_id"
    before = ask(promoted, told)
    text = (promoted / "receivables.toml").read_text(encoding="utf-8")
    (promoted / "receivables.toml").write_text(
        text.replace(f"month_ends = {MONTH_ENDS}", "month_ends = 5"), encoding="utf-8"
    )
    outcome = receivables.build(promoted)
    assert ask(promoted, told) == before
    assert "statistical" in {row[2] for row in before}
    assert [line for line in outcome.needs_person if "rating.card" in line]


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
