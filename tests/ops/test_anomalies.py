"""Flags over several nights: raised, looked into, closed, forgotten; the same at every past pair; nothing said of what a company does not tell."""

from __future__ import annotations

import json
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import receivables
from homes import ask, tell
from rated_business import AS_OF, business
from receivables.detectors import DETECTORS, SIGN

pytestmark = pytest.mark.wide

FLAG = "ES01:insolvent"
WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def flagged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one night of a business of which one customer became insolvent that day; not to be changed."""
    home = tmp_path_factory.mktemp("flagged") / "home"
    receivables.init(home)
    settings = "[contracts]\nenabled = false\n[aging]\nmonth_ends = 2\n"
    (home / "receivables.toml").write_text(settings, encoding="utf-8")
    tell(home, business(), AS_OF)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home, as_of=AS_OF)
    return home


@pytest.fixture
def home(flagged: Path, tmp_path: Path) -> Path:
    """That home for one test alone."""
    return Path(shutil.copytree(flagged, tmp_path / "home", symlinks=True))


def flags(home: Path, *columns: str, detector: str = "insolvency") -> list[tuple[Any, ...]]:
    return ask(home, f"select {', '.join(columns)} from marts.anomaly where detector = '{detector}' order by flag_id")


def the_flag(home: Path) -> str:
    ((flag_id,),) = flags(home, "flag_id")
    return str(flag_id)


def test_a_sign_is_raised_the_same_night_with_its_evidence(home: Path) -> None:
    ((customer, severity, state, is_new, first, raised, held, evidence),) = flags(
        home, "customer_id", "severity", "state", "is_new", "first_seen", "raised_on", "held_by", "evidence"
    )
    assert (customer, severity, state, is_new, held) == (FLAG, "high", "new", True, None)
    assert first == raised == AS_OF
    (piece,) = json.loads(evidence)
    assert piece["code"] == "insolvency"
    assert piece["params"]["day"] == str(AS_OF)


def test_a_detector_that_lacks_its_data_is_not_evaluated_and_shows_no_zero(home: Path) -> None:
    told = {
        row[0]: row[1:]
        for row in ask(home, "select detector, evaluated, tested, flagged, raised, reason from marts.detector")
    }
    assert told.keys() == DETECTORS.keys()
    assert told["insolvency"][:4] == ("yes", 6, 1, 1)
    evaluated, tested, flagged, raised, reason = told["broken_promises"]
    assert (evaluated, tested, flagged, raised) == ("no", None, None, None)
    assert json.loads(reason) == {
        "code": "table",
        "params": {"company_id": "ES01", "need": "collection_log.promised_date"},
    }


def test_the_same_night_again_tells_the_same(home: Path) -> None:
    before = ask(home, "select * from marts.anomaly order by flag_id")
    receivables.build(home, as_of=AS_OF)
    assert ask(home, "select * from marts.anomaly order by flag_id") == before


def test_what_a_person_says_counts_from_the_next_night_on_and_is_counted(home: Path) -> None:
    receivables.decide_flags([the_flag(home)], "acknowledge", home, by="Ana Gil")
    receivables.build(home, as_of=AS_OF)
    assert flags(home, "state", "decided_by", "is_new") == [("acknowledged", "Ana Gil", True)]
    receivables.decide_flags([the_flag(home)], "confirm", home, reason="the court said so", by="Ana Gil")
    receivables.build(home, as_of=AS_OF)
    assert flags(home, "state", "verdict", "reason") == [("closed", "confirmed", "the court said so")]
    (found,) = ask(
        home,
        "select confirmed, dismissed, precision, precision_lo > 0.1, precision_hi, flagged from marts.detector where detector = 'insolvency'",
    )
    assert found[:4] == (1, 0, 1.0, True)
    assert found[5] == 0


def test_a_past_pair_knows_only_what_was_decided_by_then(home: Path) -> None:
    before = ask(home, "select known_at from ops.run")[0][0]
    receivables.decide_flags([the_flag(home)], "dismiss", home, reason="another firm of that name", by="Ana Gil")
    receivables.build(home, as_of=AS_OF)
    assert flags(home, "state", "verdict") == [("closed", "dismissed")]
    receivables.build(home, as_of=AS_OF, known_at=datetime.fromisoformat(str(before)))
    assert flags(home, "state", "verdict") == [("new", None)]


def later(home: Path, day: date) -> None:
    """A night of a later date that tells nothing new."""
    tell(home, {"company": business()["company"]}, day, full=False)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home, as_of=day)


def test_a_flag_keeps_the_day_it_was_first_seen_and_lapses_when_its_sign_is_old(home: Path) -> None:
    later(home, AS_OF + WEEK)
    assert flags(home, "state", "first_seen", "raised_on", "is_new") == [("new", AS_OF, AS_OF, False)]
    later(home, AS_OF + timedelta(days=100))
    assert flags(home, "state", "verdict", "first_seen", "evidence") == [("closed", "lapsed", AS_OF, "[]")]
    later(home, AS_OF + timedelta(days=185))
    assert flags(home, "state") == []


def test_a_night_raises_as_many_as_it_may_and_the_others_wait(home: Path) -> None:
    settings = (home / "receivables.toml").read_text(encoding="utf-8")
    (home / "receivables.toml").write_text(settings + "[anomaly]\nnew_flags_max = 1\n", encoding="utf-8")
    events = [
        {
            "company_id": "ES01",
            "customer_id": name,
            "event_id": f"X{name}",
            "event_date": AS_OF + WEEK,
            "kind": "closure",
        }
        for name in ("late", "new", "punctual")
    ]
    tell(home, {"customer_event": events}, AS_OF + WEEK, full=False)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home, as_of=AS_OF + WEEK)
    told = flags(home, "customer_id", "held_by", "is_new", detector="closure")
    assert sorted(row[1] or "" for row in told) == ["", "cap", "cap"]
    owed = dict(ask(home, "select customer_id, sum(open_local) from marts.aging group by customer_id"))
    (raised,) = [customer for customer, held, _ in told if held is None]
    assert owed.get(raised, 0) == max(owed.get(customer, 0) for customer, _, _ in told)
    assert flags(home, "is_new", "held_by") == [(False, None)]


def test_every_table_of_signs_has_the_columns_of_a_sign(home: Path) -> None:
    for one in DETECTORS.values():
        columns = [name for (name, *_) in ask(home, f"describe {one.table}")]
        assert set(SIGN.names) - {"p_value"} <= set(columns), one.id
