"""The expert scorecard: points, what stands in for missing and old facts, who is not scored, and what cost most points."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.errors import SettingsError
from receivables.policy import scorecard
from receivables.policy.scorecard import Scored
from receivables.settings import BLOCKS, Rating, Scorecard, validated

CARD: Final = Scorecard()
RULES: Final = Rating()
NAMES: Final = [attribute.name for attribute in CARD.attributes()]
BEST: Final = {
    "years_trading": 12.0,
    "paid_in_share": 1.0,
    "fixed_assets_to_turnover": 0.4,
    "registry_event": "none",
    "return_on_operating_assets": 0.2,
    "inventory_turnover": 15.0,
    "debt_to_asset_ratio": 0.2,
    "current_ratio": 2.5,
    "payment_index": 95.0,
    "share_late_30": 0.0,
    "max_days_late": 0.0,
    "broken_promises": 0,
    "trend_days": -3.0,
}
WORST: Final = {
    "years_trading": 0.0,
    "paid_in_share": 0.0,
    "fixed_assets_to_turnover": 0.0,
    "registry_event": "insolvency",
    "return_on_operating_assets": -0.3,
    "inventory_turnover": 1.0,
    "debt_to_asset_ratio": 1.4,
    "current_ratio": 0.3,
    "payment_index": 20.0,
    "share_late_30": 0.9,
    "max_days_late": 400.0,
    "broken_promises": 9,
    "trend_days": 80.0,
}
NOTHING: Final = dict.fromkeys(BEST, None)
FILE: Final = [*BLOCKS["basic"], *(name for name in BLOCKS["operating"] if name in NAMES)]
MEDIANS: Final = dict.fromkeys(NAMES, 1.0)


def facts(*rows: dict[str, Any]) -> pd.DataFrame:
    frame = pd.DataFrame([{**BEST, **row} for row in rows], columns=NAMES)
    numbers = [name for name in NAMES if name != "registry_event"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def scored(*rows: dict[str, Any], **options: Any) -> Scored:
    return scorecard.score(facts(*rows), options.pop("card", CARD), RULES, **options)


def test_the_blocks_are_worth_what_the_practice_says() -> None:
    best = scored({}).customers.iloc[0]
    assert best[["score", "basic_points", "operating_points", "payment_points"]].tolist() == [100, 20, 30, 50]
    worst = scored(WORST).customers.iloc[0]
    assert worst[["score", "basic_points", "operating_points", "payment_points"]].tolist() == [0, 0, 0, 0]
    assert (best["completeness"], worst["completeness"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("payment_index", 80, 18),
        ("payment_index", 60, 9),
        ("payment_index", 5, 0),
        ("years_trading", 3.5, 2.75),
        ("debt_to_asset_ratio", 0.5, 6.5),
        ("broken_promises", 2, 2),
        ("registry_event", "reorganisation", 3),
    ],
)
def test_points_lie_on_the_lines_of_the_table(name: str, value: Any, points: float) -> None:
    assert scored({name: value}).points[name].tolist() == pytest.approx([points])


def test_the_median_of_the_portfolio_stands_in_for_what_is_missing() -> None:
    ratios = [1.0, 1.0, 1.5, 2.0, 2.0, None]  # points 2 2 5 6 6
    found = scored(*({"current_ratio": ratio} for ratio in ratios))
    assert found.points["current_ratio"].tolist() == [2, 2, 5, 6, 6, 5]
    assert found.customers["score"].tolist() == [96, 96, 99, 100, 100, 99]
    assert found.customers["completeness"].tolist() == [1, 1, 1, 1, 1, 0.94]
    described = found.attributes[found.attributes.index == "current_ratio"].to_numpy().tolist()[0]
    assert described == ["operating", 6, 5, 5]


def test_half_the_points_stand_in_where_few_have_a_value() -> None:
    found = scored(*({"current_ratio": ratio} for ratio in [1.0, 1.0, 1.0, 1.0, None]))
    assert found.points["current_ratio"].tolist() == [2, 2, 2, 2, 3]
    assert scored({"registry_event": None}).points["registry_event"].tolist() == [3.5]


def test_medians_told_stand_in_for_the_own_ones() -> None:
    found = scored({"current_ratio": None}, {"current_ratio": 2.0}, stand_in=MEDIANS)
    assert found.points["current_ratio"].tolist() == [1, 6]


@pytest.mark.parametrize(
    ("months", "points", "completeness", "kind"),
    [
        (0, 0, 1, "low"),
        (18, 0, 1, "low"),
        (18.1, 0.5, 0.97, "stale"),
        (30, 0.5, 0.97, "stale"),
        (31, 1, 0.94, "missing"),
    ],
)
def test_old_facts_count_half_then_not_at_all(months: float, points: float, completeness: float, kind: str) -> None:
    ages = pd.DataFrame({"current_ratio": [months], "of_no_attribute": [99]})
    found = scored({"current_ratio": 0.1}, ages=ages, stand_in=MEDIANS)
    assert found.points["current_ratio"].tolist() == [points]
    row = found.customers.iloc[0]
    assert (row["completeness"], row["reason_1"], row["reason_1_kind"]) == (completeness, "current_ratio", kind)


def test_without_history_a_customer_is_insufficient_and_never_average() -> None:
    crowd: list[dict[str, Any]] = [{}] * 6
    found = scored({**BEST, "payment_index": None}, {**WORST, "payment_index": None}, *crowd)
    new = found.customers.iloc[:2]
    assert new["status"].tolist() == ["insufficient"] * 2
    assert new[["score", "payment_points"]].isna().all(axis=None)
    assert new["file_score"].tolist() == [100, 0]
    # other facts of its payments do not count as long as there are too few of them
    assert new["completeness"].tolist() == [0.5, 0.5]
    assert not new["reason_1"].isin(BLOCKS["payment"]).any()
    assert found.points.iloc[:2][list(BLOCKS["payment"])].isna().all(axis=None)
    assert found.customers["status"].tolist()[2:] == ["rated"] * 6


def test_who_is_insufficient_sets_no_standard_for_payments() -> None:
    late = {"payment_index": None, "max_days_late": 400.0}
    found = scored(*[late] * 20, *[{}] * 5, {"max_days_late": None})
    assert found.points["max_days_late"].iloc[-1] == 8


def test_a_file_known_too_little_has_no_score_of_its_own() -> None:
    nothing = dict.fromkeys(FILE)
    little = {**nothing, **{name: BEST[name] for name in ("years_trading", "registry_event", "paid_in_share")}}
    enough = {**little, "return_on_operating_assets": 0.2, "inventory_turnover": 20.0}
    found = scored(nothing, little, enough, {}, stand_in=MEDIANS).customers
    assert found["file_completeness"].tolist() == [0, 0.32, 0.64, 1]
    assert found["file_score"].isna().tolist() == [True, True, False, False]
    just = scorecard.score(facts(enough), CARD, Rating(completeness_min=Decimal("0.64"))).customers
    assert just["file_score"].notna().tolist() == [True]
    # 16 of the first block with a median of 1 for its fourth attribute, 16 of the second with two of them
    assert found["file_score"].tolist()[2:] == [100 * (16 + 1 + 16 + 2) / 50, 100]
    assert found["completeness"].tolist() == [0.5, 0.66, 0.82, 1]


def test_reasons_are_what_cost_most() -> None:
    found = scored(
        {"payment_index": 50.0, "broken_promises": 1, "current_ratio": 1.0, "years_trading": 5.0},
        {"inventory_turnover": None, "share_late_30": 0.01},
        {},
        stand_in={"inventory_turnover": 4.5},
    ).customers
    assert found[["reason_1", "reason_2", "reason_3"]].iloc[0].tolist() == [
        "payment_index",
        "current_ratio",
        "years_trading",
    ]
    assert found[["reason_1_points", "reason_2_points", "reason_3_points"]].iloc[0].tolist() == [15, 4, 2]
    assert found[["reason_1", "reason_1_kind", "reason_1_points"]].iloc[1].tolist() == [
        "inventory_turnover",
        "missing",
        2.5,
    ]
    assert found[["reason_2", "reason_2_kind", "reason_2_points"]].iloc[1].tolist() == ["share_late_30", "low", 0.4]
    assert found["reason_3"].isna().tolist() == [False, True, True]
    assert "reason_4" not in found
    assert found[[f"reason_1{part}" for part in ("", "_kind", "_points")]].iloc[2].isna().all()


def test_nobody_and_nothing() -> None:
    assert scored(*[]).customers.empty
    assert set(scored(*[]).customers) == set(scored({}).customers)
    row = scored(NOTHING).customers.iloc[0]
    assert (row["status"], row["completeness"], row["file_completeness"]) == ("insufficient", 0, 0)
    assert np.isnan(row["score"])
    assert np.isnan(row["file_score"])


def test_infinite_values_are_none() -> None:
    found = scored({"inventory_turnover": np.inf, "payment_index": np.inf}).customers.iloc[0]
    assert (found["status"], found["completeness"]) == ("insufficient", 0.43)


def test_the_customers_keep_their_names() -> None:
    frame = facts({}, WORST).set_axis(["K2", "K1"])
    found = scorecard.score(frame, CARD, RULES)
    assert found.customers.index.tolist() == found.points.index.tolist() == ["K2", "K1"]


def test_facts_of_another_card_are_refused() -> None:
    with pytest.raises(KeyError, match="current_ratio"):
        scorecard.score(facts({}).drop(columns="current_ratio"), CARD, RULES)
    with pytest.raises(ValueError, match="registry_event 'rumour' has no points"):
        scored({"registry_event": "rumour"})


# Altman's Z" and the registry ----------------------------------------------------------------------------------------


def altman(*, assets: float = 1.0, liabilities: float = 1.0) -> float:
    told = (0.15, 0.20, 0.08, 0.50, assets, liabilities)
    names = ("working_capital", "retained_earnings", "operating_result", "book_equity", "assets", "liabilities")
    return float(scorecard.altman_z(**dict(zip(names, np.array(told)[:, np.newaxis], strict=True)))[0])


def test_altmans_golden_figure() -> None:
    assert altman() == pytest.approx(2.6986, abs=1e-9)
    assert altman() + 3.25 == pytest.approx(5.9486, abs=1e-9)  # his score of emerging markets


@pytest.mark.parametrize("told", [{"assets": 0.0}, {"assets": -1.0}, {"liabilities": 0.0}, {"liabilities": np.nan}])
def test_without_assets_or_liabilities_there_is_none(told: dict[str, float]) -> None:
    assert np.isnan(altman(**told))


def test_altmans_figure_can_be_put_on_the_card() -> None:
    raw = {
        "altman_z": [[1.1, 0], [2.6, 15]],
        "return_on_operating_assets": [],
        "debt_to_asset_ratio": [[0.4, 2], [1, 0]],
    }
    card = validated(Scorecard, raw, "receivables.toml")
    frame = facts({}).assign(altman_z=1.85)
    found = scorecard.score(frame, card, RULES)
    assert found.points["altman_z"].tolist() == pytest.approx([7.5])
    assert "return_on_operating_assets" not in found.points
    assert found.customers["score"].tolist() == [92.5]


def test_the_worst_event_of_the_time_looked_at() -> None:
    events = pd.DataFrame(
        {
            "customer_id": ["K1", "K1", "K2", "K2", "K3", "K4", "K9"],
            "kind": ["relocation", "demolition", "insolvency", "other", "closure", "relocation", "closure"],
            "event_date": pd.to_datetime(
                ["2026-10-01", "2025-01-01", "2024-10-31", "2024-11-01", "2026-11-01", "2026-10-31", "2026-01-01"]
            ),
        }
    )
    found = scorecard.worst_registry_event(events, pd.Index(["K3", "K2", "K1", "K4"]), date(2026, 10, 31), CARD)
    assert found.to_dict() == {"K3": "none", "K2": "other", "K1": "demolition", "K4": "relocation"}
    assert scorecard.worst_registry_event(events[:0], pd.Index(["K3"]), date(2026, 10, 31), CARD).tolist() == ["none"]


# What must always hold -----------------------------------------------------------------------------------------------

BETTER_IF_LESS: Final = {
    "debt_to_asset_ratio",
    "share_late_30",
    "max_days_late",
    "broken_promises",
    "trend_days",
}
NUMBERS: Final = [name for name in NAMES if name != "registry_event"]
value = st.none() | st.floats(-1, 2) | st.floats(-1000, 1000)
customer = st.fixed_dictionaries(dict.fromkeys(NUMBERS, value))


@settings(max_examples=30)
@given(st.sampled_from(NUMBERS), customer, st.floats(-100, 200), st.floats(0, 100), st.booleans())
def test_a_score_rises_with_every_good_and_falls_with_every_bad(
    name: str, row: dict[str, float | None], lower: float, more: float, is_stale: bool
) -> None:
    rows = (
        {"payment_index": 70.0, **{k: v for k, v in row.items() if k != "payment_index"}, name: x}
        for x in (lower, lower + more)
    )
    ages = pd.DataFrame({name: [20.0, 20.0]}) if is_stale else None
    low, high = scored(*rows, stand_in=MEDIANS, ages=ages).customers["score"]
    assert low >= high if name in BETTER_IF_LESS else low <= high


@settings(max_examples=30)
@given(st.lists(customer, min_size=1, max_size=8))
def test_scores_keep_within_their_bounds(rows: list[dict[str, float | None]]) -> None:
    found = scored(*rows)
    told = found.customers
    rated = told[told["status"] == "rated"]
    assert rated["score"].between(0, 100).all()
    assert told["score"].isna().tolist() == (told["status"] == "insufficient").tolist()
    assert told["completeness"].between(0, 1).all()
    # an insufficient customer's completeness keeps it below what a grade above the cap needs
    assert (told.loc[told["status"] == "insufficient", "completeness"] <= 0.5).all()
    blocks = rated[["basic_points", "operating_points", "payment_points"]].sum(axis=1)
    assert (blocks - rated["score"]).abs().max() < 1e-3 or rated.empty
    best = found.attributes["best_points"]
    assert (found.points.fillna(0) <= best + 1e-9).all(axis=None)
    lost = (best - found.points).fillna(0).to_numpy()
    assert told["reason_1_points"].fillna(0).to_numpy() == pytest.approx(lost.max(axis=1), abs=1e-3)


@settings(max_examples=30)
@given(st.lists(customer, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_customers_changes_nothing(rows: list[dict[str, float | None]], random: Any) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)
    frame = facts(*rows)
    straight = scorecard.score(frame, CARD, RULES).customers.iloc[order]
    shuffled = scorecard.score(frame.iloc[order], CARD, RULES).customers
    pd.testing.assert_frame_equal(straight, shuffled)


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"basic_points": 10}, "the points of the blocks must sum to 100, not 90"),
        ({"basic_points": 30, "operating_points": 20}, "must sum to 30, not 20"),
        ({"current_ratio": [[1, 0], [2, 7]]}, "current_ratio, altman_z must sum to 30, not 31"),
        ({"current_ratio": [[1, 0], [1, 6]]}, "the values of current_ratio must be in rising order"),
        ({"current_ratio": [[1, 0], [2, 6], [3, 5]]}, "the points of current_ratio must rise or fall, not both"),
        ({"current_ratio": [[1, -1], [2, 6]]}, "the points of current_ratio cannot be negative"),
        ({"altman_z": [[1, 0], [2, 16]]}, "altman_z may give 15 points at most"),
        ({"payment_index": []}, "payment_index cannot be left out"),
        ({"registry_event": [["none", 7]]}, "registry_event must give points to each of none, other"),
        ({"registry_event": [["rumour", 7]]}, "registry_event.0.0 = 'rumour'"),
        ({"ignored_months": 12}, "at least stale_months, 18"),
        ({"year_trading": []}, "try years_trading"),
    ],
)
def test_cards_that_cannot_be_are_refused(raw: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        validated(Scorecard, raw, "receivables.toml")
