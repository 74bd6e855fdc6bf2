"""How a home stands: told to people in lines, to monitors as JSON and by an exit code."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from homes import MONDAY, command
from receivables.dates import utc_now
from receivables.settings import FILE_NAME
from receivables.state import Delivery, Run, State

if TYPE_CHECKING:
    from pathlib import Path

NOW: Final = utc_now()


def told(home: Path) -> tuple[int, dict[str, Any]]:
    """The exit code, which the record says too, and the record."""
    ended = command("status", "--home", home, "--json")
    record: dict[str, Any] = json.loads(ended.stdout)
    assert (record["exit_code"], ended.stderr) == (ended.exit_code, "")
    return ended.exit_code, record


def store(home: Path) -> State:
    return State(home / "state.sqlite")


def delivery(status: str, **changes: Any) -> Delivery:
    made = Delivery("ana@example.com", MONDAY, 1, "r", "en", "credit", "{}", "id", status, "", 1, NOW)
    return replace(made, **changes)


def run(status: str, minutes: int, verb: str = "nightly") -> Run:
    at = NOW + timedelta(minutes=minutes)
    return Run(f"r{minutes}", MONDAY, at, at, at, status, "1", "s", verb)


def test_a_home_that_is_well_says_so_with_the_age_of_what_is_published(home: Path) -> None:
    exit_code, record = told(home)
    assert exit_code == 0
    assert (record["published"]["as_of"], record["last_run"]["status"]) == (str(MONDAY), "published")
    assert 0 <= record["published_age_hours"] < 1
    assert (record["wrong"], record["needs_person"], record["running"]) == ([], [], None)
    assert record["mail"] == {"queued": 0, "refused": 0, "unsure": 0}
    shown = command("status", "--home", home).stdout
    assert re.search(r", 0\.\d hours old\n", shown)
    assert "waiting     0 problems in quarantine, 0 files refused" in shown


def test_what_is_published_grows_old(home: Path) -> None:
    state = store(home)
    (last,) = [run for run in state.runs() if run.status == "published"]
    state.add([replace(last, finished_at=utc_now() - timedelta(hours=37))])
    exit_code, record = told(home)
    assert (exit_code, record["wrong"]) == (4, ["the published file is 37 hours old; 36 are allowed"])
    (home / FILE_NAME).write_text("[unattended]\nstale_hours = 40\n", encoding="utf-8")
    assert told(home)[0] == 0


@pytest.mark.parametrize(("status", "how"), [("failed", "failed"), ("running", "was cut off")])
def test_a_night_that_failed_or_was_cut_off_is_told_until_one_is_published(home: Path, status: str, how: str) -> None:
    store(home).add([run(status, 1), run("decided", 2, "rate")])
    exit_code, record = told(home)
    assert (exit_code, record["wrong"]) == (4, [f"the last night (r1) {how}: logs/r1.jsonl says where"])
    store(home).add([run("published", 3)])
    assert told(home)[0] == 0
    store(home).add([run("failed", 4, "build"), run("failed", 5, "catch up")])
    assert told(home)[0] == 0, "they were no nights"


@pytest.mark.parametrize(
    ("kept", "mail", "reason"),
    [
        ([delivery("queued")], {"queued": 1}, "mails: 1 not sent yet"),
        ([delivery("unsure")], {"unsure": 1}, "mails: 1 of which nobody knows"),
        ([delivery("sending")], {"unsure": 1}, "mails: 1 of which nobody knows"),
        ([delivery("refused")], {"refused": 1}, "mails: 1 refused"),
        ([delivery("queued", as_of=MONDAY - timedelta(days=1))], {"queued": 1}, "mails: 1 not sent yet"),
        ([delivery("unsure", as_of=MONDAY - timedelta(days=1))], {}, None),
        ([delivery("unsure"), delivery("sent", edition=2)], {}, None),
        ([delivery("superseded"), delivery("sent", address="li@example.com")], {}, None),
    ],
)
def test_mail_that_waits_or_is_unsure_needs_a_person(
    home: Path, kept: list[Delivery], mail: dict[str, int], reason: str | None
) -> None:
    store(home).add(kept)
    exit_code, record = told(home)
    assert record["mail"] == {"queued": 0, "refused": 0, "unsure": 0} | mail
    assert exit_code == (5 if reason else 0)
    assert [text.startswith(reason or "") for text in record["needs_person"]] == [True] * (reason is not None)


def test_a_file_that_has_not_come_needs_a_person_at_any_hour(home: Path) -> None:
    every_day = "weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']\nby = '00:00'\n"
    (home / FILE_NAME).write_text(f"[[expected]]\ncompany = 'MX01'\n{every_day}", encoding="utf-8")
    exit_code, record = told(home)
    assert exit_code == 5
    assert record["needs_person"][0].startswith("no new file of MX01 since it was due at 20")


def test_findings_of_the_published_night_are_counted(home: Path) -> None:
    (home / "inbox" / "broken.csv").write_text("no table\n", encoding="utf-8")
    receivables.nightly(home, deliver=False)
    exit_code, record = told(home)
    assert (exit_code, record["refused_files"]) == (5, 1)
    assert record["needs_person"] == ["the published night needs a person: its report says why"]
    assert "attention   the published night needs a person" in command("status", "--home", home).stdout


def test_a_published_file_that_cannot_be_read_is_wrong(home: Path) -> None:
    published = (home / "warehouse" / "receivables.duckdb").resolve()
    published.write_bytes(b"lost")
    exit_code, record = told(home)
    assert (exit_code, record["wrong"]) == (
        4,
        ["the published file cannot be read: receivables build makes it anew"],
    )
