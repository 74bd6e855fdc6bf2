"""A file that has not come by its hour is a finding of the night, and the night asks for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import receivables
from factories import document
from homes import TUESDAY, ask, command, tell
from receivables.dates import utc_now
from receivables.settings import FILE_NAME
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path

EVERY_DAY: Final = "by = '00:00'\nweekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']\nwithin_hours = 24\n"
FINDING: Final = "select column_name, raw_value from ops.issue where reason_code = 'FILE_NOT_ARRIVED' order by 1"


def expect(home: Path, *files: str) -> None:
    told = "".join(f"[[expected]]\n{EVERY_DAY}{file}\n" for file in files)
    (home / FILE_NAME).write_text(told + "[contracts]\nenabled = false\n", encoding="utf-8")


def test_a_file_that_has_not_come_is_a_finding_and_one_that_came_is_none(home: Path) -> None:
    state = State(home / "state.sqlite")
    state.add([replace(one, loaded_at=utc_now() - timedelta(days=3)) for one in state.batches()])
    expect(home, "company = 'ES01'", "company = 'MX01'\nprofile = 'sap_fbl5n'")
    tell(home, {"document": [document("D9", "5.00", doc_date=TUESDAY)]}, TUESDAY, full=False)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 5
    ((where, by),) = ask(home, FINDING)
    assert (where, by[-6:]) == ("MX01 sap_fbl5n", " 00:00")
    assert f"needs a person: MX01 sap_fbl5n: no new file has come by {by}" in ended.stderr
    assert "A file that should have come by this hour" in (home / "out" / "receivables-en.html").read_text("utf-8")
    # a build of what is there asks for nothing
    receivables.build(home)
    assert ask(home, FINDING) == []


def test_a_night_that_missed_a_file_is_made_again_as_it_was_whatever_is_awaited_by_now(home: Path) -> None:
    expect(home, "company = 'MX01'")
    assert command("nightly", "--home", home).exit_code == 5
    assert command("verify", "--home", home, "--rebuild").exit_code == 0
    expect(home, "company = 'ES01'\nprofile = 'sap_fbl5n'", "company = 'CN01'")
    ended = command("verify", "--home", home, "--rebuild")
    assert (ended.exit_code, ended.stderr.count("got")) == (0, 0)
