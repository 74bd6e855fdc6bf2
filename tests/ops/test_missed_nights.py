"""Nights that were not run are made up for, oldest first and as they would have been; what cannot be is named, and only the last is mailed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import pytest

import receivables
from factories import document
from homes import MONDAY, TUESDAY, WEDNESDAY, Ended, ask, business, command, published, quick_night, set_contracts, tell
from receivables.dates import utc_now
from receivables.published import kept
from receivables.settings import FILE_NAME
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path

THURSDAY: Final = date(2024, 3, 7)
FRIDAY: Final = date(2024, 3, 8)
MAILED: Final = "\n[mail]\nsender = 'r@example.com'\nattachment_mb = 0\n[[recipient]]\naddress = 'ana@example.com'\n"


def asleep(home: Path, days: int = 3) -> None:
    """Let the last nights have been some days ago."""
    state = State(home / "state.sqlite")
    state.add([replace(run, started_at=utc_now() - timedelta(days=days)) for run in state.runs()])


def dates(home: Path) -> list[date]:
    """What was published, in order."""
    return [run.as_of for run in kept(home / "lake")]


def night(home: Path) -> Ended:
    return command("nightly", "--home", home)


def tell_document(home: Path, day: date, amount: str) -> None:
    """Tell one more document, as a change of that day."""
    told = document(f"D{day}", amount, doc_date=day, due_date=day + timedelta(days=30))
    tell(home, {"document": [told]}, day, full=False)


def test_missed_dates_are_published_in_order_and_only_the_last_is_mailed(home: Path) -> None:
    (home / FILE_NAME).write_text(MAILED + "[contracts]\nenabled = false\n", encoding="utf-8")
    tell_document(home, TUESDAY, "10.00")
    tell_document(home, THURSDAY, "20.00")
    asleep(home)
    ended = night(home)
    assert ended.exit_code == 0, ended
    assert dates(home) == [MONDAY, TUESDAY, WEDNESDAY, THURSDAY]
    assert ask(home, "select as_of from ops.run") == [(THURSDAY,)]
    for day in (TUESDAY, WEDNESDAY):
        assert f"note: the night of {day} was missed and is made up for; its report is not mailed" in ended.stderr
        assert (home / "out" / str(day) / "receivables-en.html").exists()
    assert [path.name[:10] for path in (home / "out" / "mail").iterdir()] == [str(THURSDAY)]
    assert f"{THURSDAY:%-d} March 2024" in (home / "out" / "receivables-en.html").read_text(encoding="utf-8")
    last = receivables.status(home).last_run
    assert last is not None
    assert (last.verb, last.status, last.as_of) == ("nightly", "published", THURSDAY)


def test_a_date_made_up_for_can_be_made_again_and_restates_nothing(home: Path) -> None:
    tell_document(home, TUESDAY, "10.00")
    tell_document(home, WEDNESDAY, "20.00")
    asleep(home)
    night(home)
    assert ask(home, "select count(*) from marts.restatement") == [(0,)]
    (tuesday,) = [run for run in kept(home / "lake") if run.as_of == TUESDAY]
    file = home / "warehouse" / f"receivables-{tuesday.run_id}.duckdb"
    assert file.exists()
    receivables.build(home, as_of=TUESDAY, known_at=tuesday.known_at)
    again = published(home)
    (home / "warehouse" / "receivables.duckdb").unlink()
    (home / "warehouse" / "receivables.duckdb").symlink_to(file.name)
    assert published(home) == again


def test_a_night_after_a_night_makes_up_for_nothing_however_long_the_data_were_away(home: Path) -> None:
    tell_document(home, FRIDAY, "20.00")
    ended = night(home)
    assert (dates(home), "note:" in ended.stderr) == ([MONDAY, FRIDAY], False)


def test_days_on_which_no_night_is_run_are_not_missed(home: Path) -> None:
    today = utc_now().date()
    quiet = {f"{today - timedelta(days=n):%a}".lower() for n in (1, 2)}
    days = [day for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") if day not in quiet]
    (home / FILE_NAME).write_text(f"[unattended]\nweekdays = {days}\n[contracts]\nenabled = false\n", encoding="utf-8")
    tell_document(home, FRIDAY, "20.00")
    asleep(home)
    night(home)
    assert dates(home) == [MONDAY, FRIDAY]


def test_no_more_dates_are_made_up_for_than_the_settings_say_and_the_others_are_named(home: Path) -> None:
    (home / FILE_NAME).write_text("[unattended]\nmissed_most = 1\n[contracts]\nenabled = false\n", encoding="utf-8")
    tell_document(home, FRIDAY, "20.00")
    asleep(home, 4)
    ended = night(home)
    assert dates(home) == [MONDAY, THURSDAY, FRIDAY]
    told = f"the night of {TUESDAY} to {WEDNESDAY} was missed and is not made up for: unattended.missed_most is 1"
    assert (ended.stderr.count("note: "), f"note: {told}" in ended.stderr) == (2, True)


def test_a_night_that_was_not_missed_is_not_made_up_for_though_it_had_no_new_data(home: Path) -> None:
    tell_document(home, FRIDAY, "20.00")
    asleep(home, 2)
    ended = night(home)
    assert (dates(home), ended.stderr.count("note: ")) == ([MONDAY, THURSDAY, FRIDAY], 1)


def test_a_date_asked_for_makes_up_for_no_other(home: Path) -> None:
    tell_document(home, WEDNESDAY, "20.00")
    asleep(home)
    receivables.nightly(home, as_of=WEDNESDAY)
    assert dates(home) == [MONDAY, WEDNESDAY]


@pytest.fixture
def listing(tmp_path: Path) -> Path:
    """A home whose company tells only what is open on a day, and did so on Monday."""
    home = tmp_path / "listing"
    receivables.init(home)
    set_contracts(home, enabled=False)
    list_open(home, MONDAY, "100.00")
    quick_night(home)
    return home


def list_open(home: Path, day: date, amount: str) -> None:
    told = {name: business()[name] for name in ("company", "customer")}
    row = document("D1", "100.00", doc_date=date(2024, 1, 10), reported_open_doc=amount)
    tell(home, told | {"document": [row]}, day)


def test_a_list_of_open_items_answers_for_its_own_date_and_the_dates_without_one_are_named(listing: Path) -> None:
    list_open(listing, WEDNESDAY, "60.00")
    list_open(listing, FRIDAY, "30.00")
    asleep(listing, 4)
    ended = night(listing)
    assert ended.exit_code == 0, ended
    assert dates(listing) == [MONDAY, WEDNESDAY, FRIDAY]
    open_on = {}
    for run in kept(listing / "lake"):
        receivables.build(listing, as_of=run.as_of, known_at=run.known_at)
        open_on[run.as_of] = ask(listing, "select open_doc from marts.open_item")
    assert open_on == {MONDAY: [(100,)], WEDNESDAY: [(60,)], FRIDAY: [(30,)]}
    for day in (TUESDAY, THURSDAY):
        assert (
            f"note: the night of {day} was missed and is not made up for: ES01 tells only what was open on"
            in ended.stderr
        )


def test_a_night_that_fails_while_making_up_for_another_goes_on(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tell_document(home, WEDNESDAY, "20.00")
    asleep(home)

    def full(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("receivables.publish._publish", full)
    ended = night(home)
    assert dates(home) == [MONDAY, WEDNESDAY]
    assert f"the night of {TUESDAY} was missed and is not made up for: [Errno 28] No space left" in ended.stderr
    statuses = [(run.verb, run.status) for run in State(home / "state.sqlite").runs()]
    assert ("catch up", "failed") in statuses
    assert statuses[-2:] == [("nightly", "published"), ("catch up", "failed")]
