"""The life of a flag, night by night."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from receivables.policy.flag_life import live
from receivables.settings import Anomaly

DAY = date(2026, 10, 31)
RULES = Anomaly()
WEEK = timedelta(days=7)


def found(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "flag_id": "F1",
        "owner": "C1 drift",
        "weight": 2,
        "exposure": 100,
        "turn": 1,
        "seen_on": DAY,
        "last_seen": DAY,
        "cool_down_days": 30,
    }
    return pd.DataFrame([usual | row for row in rows], columns=list(usual)).set_index("flag_id")


def before(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {
        "flag_id": "F1",
        "owner": "C1 drift",
        "weight": 2,
        "first_seen": DAY - WEEK,
        "raised_on": DAY - WEEK,
        "raised_weight": 2.0,
        "state": "new",
        "last_seen": DAY - WEEK,
    }
    return pd.DataFrame([usual | row for row in rows], columns=list(usual)).set_index("flag_id")


def after(many: pd.DataFrame, flags: pd.DataFrame) -> pd.DataFrame:
    """What the night that told these flags left."""
    owners, rows = many["owner"].to_dict(), flags.to_dict("index")
    told = [(flag_id, row["raised_on"], row["raised_weight"]) for flag_id, row in rows.items()]
    return before(
        *(
            {"flag_id": flag_id, "owner": owners[flag_id], "first_seen": DAY, "raised_on": day, "raised_weight": weight}
            for flag_id, day, weight in told
        )
    )


def decided(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"flag_id": "F1", "kind": "acknowledged", "weight": 2, "given_on": DAY - timedelta(days=3)}
    return pd.DataFrame([usual | row for row in rows], columns=list(usual)).set_index("flag_id")


def told(
    now: pd.DataFrame,
    was: pd.DataFrame | None = None,
    said: pd.DataFrame | None = None,
    as_of: date = DAY,
    rules: Anomaly = RULES,
) -> pd.DataFrame:
    flags = live(now, before() if was is None else was, decided() if said is None else said, as_of, rules)
    return flags.fillna({"held_by": "", "closed_as": ""})


def test_a_flag_seen_first_is_raised() -> None:
    flag = told(found({})).loc["F1"]
    assert (flag["state"], flag["held_by"], bool(flag["is_new"])) == ("new", "", True)
    assert flag["raised_on"].date() == flag["first_seen"].date() == DAY


def test_a_flag_stays_as_it_was_raised() -> None:
    flag = told(found({}), before({})).loc["F1"]
    assert flag["raised_on"].date() == DAY - WEEK
    assert not flag["is_new"]


def test_no_more_are_raised_than_a_night_may_and_the_others_wait_their_turn() -> None:
    many = found(
        *({"flag_id": f"F{n:02}", "owner": f"C{n}", "exposure": n} for n in range(30)),
        {"flag_id": "F99", "owner": "C99", "weight": 4, "exposure": 20},
    )
    flags = told(many)
    assert flags["is_new"].sum() == RULES.new_flags_max
    assert set(flags.index[flags["held_by"] == "cap"]) == {f"F{n:02}" for n in range(11)}
    assert flags.loc["F99", "is_new"]
    tomorrow = told(
        many,
        after(many, flags),
        as_of=DAY + timedelta(days=1),
    )
    assert (tomorrow["held_by"] == "").all()
    assert tomorrow["is_new"].sum() == 11


def test_what_is_followed_up_at_once_comes_first_where_anything_is_owed_and_what_is_ours_to_mend_last() -> None:
    flags = told(
        found(
            {"flag_id": "ours", "owner": "C1", "exposure": 900, "weight": 4, "turn": 2},
            {"flag_id": "owes nothing", "owner": "C2", "exposure": -5, "weight": 4, "turn": 0},
            {"flag_id": "usual", "owner": "C3", "exposure": 800},
            {"flag_id": "at once", "owner": "C4", "exposure": 1, "turn": 0},
        ),
        rules=Anomaly(new_flags_max=2),
    )
    assert [*flags.index] == ["at once", "usual", "owes nothing", "ours"]
    assert [*flags.index[flags["is_new"]]] == ["at once", "usual"]


def test_the_same_night_again_raises_the_same() -> None:
    many = found(*({"flag_id": f"F{n:02}", "owner": f"C{n}", "exposure": n} for n in range(30)))
    first = told(many)
    was = after(many, first)
    pd.testing.assert_frame_equal(told(many, was), first, check_dtype=False)


def test_the_same_detector_is_silent_about_a_customer_for_a_while() -> None:
    other = {"flag_id": "F2", "seen_on": DAY}
    assert told(found({}, other), before({})).loc["F2", "held_by"] == "cool_down"
    long_ago = before({"raised_on": DAY - timedelta(days=30)})
    assert told(found({}, other), long_ago).loc["F2", "is_new"]
    assert told(found({}, other | {"weight": 4}), before({})).loc["F2", "is_new"]
    assert told(found({}, other | {"cool_down_days": 0}), before({})).loc["F2", "is_new"]


def test_of_several_at_once_the_gravest_speaks() -> None:
    flags = told(found({"weight": 1}, {"flag_id": "F2", "weight": 4}, {"flag_id": "F3", "weight": 2}))
    assert flags["held_by"].to_dict() == {"F1": "cool_down", "F2": "", "F3": "cool_down"}


def test_what_a_person_says_counts() -> None:
    for kind, state, closed_as in (
        ("acknowledged", "acknowledged", ""),
        ("confirmed", "closed", "confirmed"),
        ("dismissed", "closed", "dismissed"),
        ("reopened", "new", ""),
    ):
        flag = told(found({"seen_on": DAY - timedelta(days=20)}), before({}), decided({"kind": kind})).loc["F1"]
        assert (flag["state"], flag["closed_as"], bool(flag["is_new"])) == (state, closed_as, False)


def test_a_flag_that_gets_graver_is_raised_again_whatever_was_said() -> None:
    for said in (decided({}), decided({"kind": "dismissed"}), decided()):
        flag = told(found({"weight": 4}), before({}), said).loc["F1"]
        assert (flag["state"], flag["held_by"], bool(flag["is_graver"])) == ("new", "", True)
        assert flag["raised_on"].date() == DAY
        assert flag["raised_weight"] == 4


def test_a_closed_flag_comes_back_with_new_evidence_after_the_time_of_silence() -> None:
    closed = decided({"kind": "dismissed", "given_on": DAY - timedelta(days=31)})
    was = before({"raised_on": DAY - timedelta(days=40), "state": "closed"})
    assert told(found({"seen_on": DAY - timedelta(days=1)}), was, closed).loc["F1", "state"] == "closed"
    flag = told(found({"seen_on": DAY}), was, closed).loc["F1"]
    assert (flag["state"], bool(flag["is_new"])) == ("new", True)


def test_a_flag_whose_sign_is_gone_is_told_as_closed_for_a_while() -> None:
    flag = told(found(), before({})).loc["F1"]
    assert (flag["state"], flag["closed_as"]) == ("closed", "lapsed")
    assert told(found(), before({}), decided({"kind": "confirmed"})).loc["F1", "closed_as"] == "confirmed"
    assert told(found(), before({"last_seen": DAY - timedelta(days=2 * RULES.look_back_days)})).empty
    assert told(found(), before({"raised_on": None})).empty


def test_nothing_is_seen_and_nothing_was() -> None:
    assert told(found()).empty
