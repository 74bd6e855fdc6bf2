"""Types of customers: what their lateness, their words and their promises say of them, with evidence and confidence, and of whom nothing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables.errors import SettingsError
from receivables.policy import customer_type
from receivables.policy.customer_type import COUNTS, Typed
from receivables.settings import TYPES, CustomerType, validated

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES: Final = CustomerType()
NOBODY_ASKED: Final = dict.fromkeys(COUNTS, 0)
PUNCTUAL: Final = {
    "items": 40,
    "late_share": 0.1,
    "late_7_share": 0.0,
    "late_30_share": 0.0,
    "days_beyond_terms": -2.0,
    "max_days_late": 3,
    "over_90_local": 0,
    "recent_purchases_local": 900,
    "resale_months": 0,
    "resold_share": np.nan,
    **NOBODY_ASKED,
}
SLOW: Final = {**PUNCTUAL, "late_share": 0.9, "late_7_share": 0.5, "days_beyond_terms": 12.0, "max_days_late": 40}
LATE: Final = {
    **PUNCTUAL,
    "late_share": 0.8,
    "late_7_share": 0.6,
    "late_30_share": 0.3,
    "days_beyond_terms": 40.0,
    "max_days_late": 200,
}
HARDSHIP: Final = {**LATE, "excuses": 10, "excuses_no_money": 8, "deferral_requests": 3, "personal_contacts": 12}
CHAIN_DEBT: Final = {**LATE, "excuses": 10, "excuses_own_debtor": 7, "upstream_debtors": 4, "personal_contacts": 12}
EVADER: Final = {
    **LATE,
    "excuses": 6,
    "excuses_absent": 3,
    "excuses_procedure": 2,
    "personal_contacts": 20,
    "unanswered": 13,
}
MALICIOUS: Final = {
    **LATE,
    "late_share": 0.4,
    "late_7_share": 0.4,
    "late_30_share": 0.38,
    "max_days_late": 400,
    "over_90_local": 5000,
    "recent_purchases_local": 0,
    "promises": 6,
    "broken_promises": 6,
    "personal_contacts": 8,
    "unanswered": 1,
}
TYPICAL: Final = dict(zip(TYPES, (PUNCTUAL, SLOW, HARDSHIP, CHAIN_DEBT, EVADER, MALICIOUS), strict=True))
NOTHING: Final = {**dict.fromkeys(PUNCTUAL, None), "items": 0, "resale_months": 0, **NOBODY_ASKED}


def behaviour(*rows: Mapping[str, Any]) -> pd.DataFrame:
    index = pd.Index([f"C{number}" for number in range(len(rows))], name="customer_id")
    return pd.DataFrame([dict(row) for row in rows], columns=list(PUNCTUAL), index=index).astype("float64")


def typed(*rows: Mapping[str, Any], rules: CustomerType = RULES, before: pd.DataFrame | None = None) -> Typed:
    return customer_type.classify(behaviour(*rows), rules, before)


def only(**facts: Any) -> CustomerType:
    """Rules by which one fact alone speaks for one type, and every type is as likely before."""
    told = {name: [[*facts[name]]] if name in facts else [] for name in TYPES}
    usual = [[name, 0] for name in TYPES]
    return validated(CustomerType, {**told, "usual_points": usual}, "receivables.toml")


@pytest.mark.parametrize("name", TYPES)
def test_a_typical_customer_of_each_type(name: str) -> None:
    found = typed(TYPICAL[name]).customers.iloc[0]
    assert found["customer_type"] == found["likeliest"] == name
    assert found["confidence"] > 0.7


def test_what_cannot_and_what_will_not_differ_in_words_not_in_lateness() -> None:
    found = typed(HARDSHIP, CHAIN_DEBT, EVADER, LATE).customers
    assert found["customer_type"].tolist()[:3] == ["hardship", "chain_debt", "evader"]
    assert found["intent"].tolist()[:3] == ["cannot_pay", "cannot_pay", "will_not_pay"]
    assert found["evidence_1"].tolist()[:3] == ["no_money_share", "own_debtor_share", "unanswered_share"]
    assert found["evidence_1_value"].tolist()[:3] == pytest.approx([0.8, 11 / 14, 0.65])
    # nobody asked the last one why
    assert found["customer_type"].iloc[3] == "unknown"


def test_who_pays_pays() -> None:
    assert typed(PUNCTUAL, SLOW).customers["intent"].tolist() == ["pays", "pays"]
    assert typed(MALICIOUS).customers["intent"].tolist() == ["will_not_pay"]


def test_of_whom_nothing_is_known_nothing_is_told() -> None:
    found = typed(NOTHING).customers.iloc[0]
    assert (found["customer_type"], found["intent"]) == ("unknown", "unknown")
    assert pd.isna(found["evidence_1"])
    assert np.isnan(found["evidence_1_points"])


def test_one_excuse_says_little_and_many_say_it_clearly() -> None:
    said = [{**LATE, "excuses": times, "excuses_no_money": times, "personal_contacts": times} for times in (1, 3, 12)]
    chance = typed(*said).chances["hardship"].tolist()
    assert chance == sorted(chance)
    assert chance[0] < 0.6
    assert chance[-1] > 0.9


def test_what_was_said_the_year_before_counts_too() -> None:
    half = {**HARDSHIP, **{name: HARDSHIP[name] / 2 for name in COUNTS}}
    year_before = behaviour({}, half)[list(COUNTS)].fillna(0)
    both = typed(LATE, half, before=year_before)
    whole = typed(LATE, HARDSHIP)
    pd.testing.assert_frame_equal(both.chances, whole.chances)
    new = typed(LATE, HARDSHIP, before=year_before.iloc[:0])
    pd.testing.assert_frame_equal(new.chances, whole.chances)


# Points --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("items", "part"), [(3, 1 / 2), (6, 2 / 3), (0, 0)])
def test_a_point_doubles_the_odds_by_as_often_as_it_was_seen(items: int, part: float) -> None:
    rules = only(slow=("late_7_share", [[0, 0], [1, 2]]))
    chance = typed({**SLOW, "items": items}, rules=rules).chances["slow"].iloc[0]
    odds = 2 ** (2 * 0.5 * part)
    assert chance == pytest.approx(odds / (odds + 5), abs=1e-6)


@pytest.mark.parametrize(("value", "points"), [(-5, -1), (0, -1), (10, 0), (20, 1), (99, 1)])
def test_points_lie_on_the_lines_of_the_table(value: float, points: float) -> None:
    rules = only(evader=("days_beyond_terms", [[0, -1], [20, 1]])).model_copy(update={"habit_times": 0})
    chance = typed({**LATE, "days_beyond_terms": value}, rules=rules).chances["evader"].iloc[0]
    assert chance == pytest.approx(2**points / (2**points + 5), abs=1e-6)


def test_before_anything_is_known_bad_faith_is_rare() -> None:
    assert typed(NOTHING).chances.iloc[0].tolist() == pytest.approx(
        [v / 3.75 for v in (1, 1, 0.5, 0.5, 0.5, 0.25)], abs=1e-6
    )


@pytest.mark.parametrize(
    ("fact", "row", "value"),
    [
        ("long_late_share", {"late_share": 0.4, "late_30_share": 0.1}, 0.25),
        ("long_late_share", {"late_share": 0, "late_30_share": 0}, None),
        ("own_debtor_share", {"excuses": 2, "excuses_own_debtor": 1, "upstream_debtors": 2}, 0.75),
        ("broken_share", {"promises": 4, "broken_promises": 1}, 0.25),
        ("broken_share", {"promises": 0, "broken_promises": 0}, None),
        ("unanswered_share", {"personal_contacts": 8, "unanswered": 2}, 0.25),
        ("procedure_share", {"excuses": 8, "excuses_procedure": 2}, 0.25),
        ("absent_share", {"excuses": 8, "excuses_absent": 2}, 0.25),
        ("payment_claims", {"payment_claims": 2}, 2),
        ("requests", {"deferral_requests": 2}, 2),
        ("resold_share", {"resold_share": 0.5, "resale_months": 12}, 0.5),
        ("resold_share", {"resold_share": None, "resale_months": 1}, None),
        ("has_gone", {"recent_purchases_local": 0, "over_90_local": 1}, 1),
        ("has_gone", {"recent_purchases_local": None, "over_90_local": 1}, 1),
        ("has_gone", {"recent_purchases_local": -3, "over_90_local": 0}, None),
        ("has_gone", {"recent_purchases_local": 1, "over_90_local": 1}, None),
    ],
)
def test_what_a_fact_is_made_of(fact: str, row: dict[str, Any], value: float | None) -> None:
    rules = only(malicious=(fact, [[0, 0], [4, 4]]))
    found = typed({**PUNCTUAL, **row}, rules=rules).customers.iloc[0]
    if value is None:
        assert pd.isna(found["evidence_1"])
    else:
        assert (found["evidence_1"], found["evidence_1_value"]) == (fact, value)


def test_evidence_is_what_speaks_most_for_it_against_the_average() -> None:
    found = typed(EVADER, rules=RULES.model_copy(update={"evidence": 10})).customers.iloc[0]
    told = [(found[f"evidence_{turn}"], found[f"evidence_{turn}_points"]) for turn in range(1, 11)]
    points = [given for name, given in told if isinstance(name, str)]
    assert points == sorted(points, reverse=True)
    assert 3 < len(points) < 10
    assert min(points) > 0
    # 13 of 20 are worth 3 points to an evader and 2 less to those in hardship or a chain of debt, 20 times seen counts 20 / 23
    assert told[0] == ("unanswered_share", pytest.approx(20 / 23 * (3 - (3 - 2 - 2) / 6), abs=1e-6))


@pytest.mark.parametrize(("resold", "intent"), [(0.55, "cannot_pay"), (0.97, "will_not_pay")])
def test_who_says_nothing_is_judged_by_whether_the_goods_are_sold(resold: float, intent: str) -> None:
    silent, told = (
        typed(LATE, {**LATE, "resale_months": 12, "resold_share": resold})
        .chances[[name for name in TYPES if name in customer_type.INTENTS[intent]]]
        .sum(axis=1)
    )
    assert told > silent + 0.1


def test_a_type_is_told_from_its_confidence_on() -> None:
    rules = only(chain_debt=("requests", [[0, 0], [1, 10]])).model_copy(update={"usual_points": RULES.usual_points})
    chance = typed({**NOTHING, "deferral_requests": 1}, rules=rules).customers.iloc[0]["confidence"]
    for least, told in ((chance, "chain_debt"), (chance + 1e-6, "unknown")):
        asked = rules.model_copy(update={"confidence_min": least})
        assert typed({**NOTHING, "deferral_requests": 1}, rules=asked).customers["customer_type"].tolist() == [told]


# All customers at once -----------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=20)
@given(st.lists(st.sampled_from([*TYPICAL.values(), NOTHING, LATE]), min_size=1, max_size=8))
def test_every_customer_is_told_by_itself(rows: list[Mapping[str, Any]]) -> None:
    found = typed(*rows)
    assert found.chances.sum(axis=1).to_numpy() == pytest.approx(np.ones(len(rows)), abs=1e-5)
    for number, row in enumerate(rows):
        alone = typed(row).customers
        pd.testing.assert_frame_equal(
            found.customers.iloc[[number]].reset_index(drop=True), alone.reset_index(drop=True)
        )


def test_many_customers_are_typed_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Mapping[str, Any]] = [*TYPICAL.values(), NOTHING]
    whole = typed(*rows)
    monkeypatch.setattr(customer_type, "_AT_ONCE", 2)
    pieces = typed(*rows)
    pd.testing.assert_frame_equal(pieces.customers, whole.customers)
    pd.testing.assert_frame_equal(pieces.chances, whole.chances)
    assert pieces.customers.index.tolist() == ["C0", "C1", "C2", "C3", "C4", "C5", "C6"]


def test_nobody_has_no_type() -> None:
    found = typed()
    assert (len(found.customers), list(found.chances.columns)) == (0, list(TYPES))


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"slow": [["late_7_share", [[0, 1]]], ["late_7_share", [[0, 2]]]]}, "slow must name each fact once"),
        ({"slow": [["late_7_share", [[0.5, 1], [0.5, 2]]]]}, "the values of late_7_share for slow must be in rising"),
        ({"slow": [["late_7_share", []]]}, "the values of late_7_share for slow must be in rising"),
        ({"usual_points": [["slow", 0]]}, "usual_points must give points to each of punctual, slow"),
        ({"slow": [["weather", [[0, 1]]]]}, "weather"),
    ],
)
def test_rules_that_cannot_be_meant(said: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        validated(CustomerType, said, "receivables.toml")
