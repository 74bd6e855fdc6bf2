"""Nights that were not run are made up for, oldest first and as they would have been; what cannot be is named, and only the last is mailed."""

from __future__ import annotations

import re
import signal
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

import receivables
from factories import document
from homes import (
    KILLING,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    Ended,
    ask,
    business,
    command,
    published,
    quick_night,
    script,
    set_contracts,
    tell,
)
from receivables import catch_up
from receivables.catch_up import missed_days
from receivables.dates import local, utc_now
from receivables.engine import EngineError
from receivables.engine.models import models
from receivables.home import Home
from receivables.published import kept
from receivables.run import started
from receivables.settings import FILE_NAME
from receivables.settings.unattended import Unattended
from receivables.state import Run, State

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
        page = (home / "out" / str(day) / "receivables-en.html").read_text(encoding="utf-8")
        assert 'href="receivables-en.xlsx"' in page
        assert (home / "out" / str(day) / "receivables-en.xlsx").exists()
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


@pytest.mark.parametrize("at", ["receivables.night.missed_dates", "receivables.publish.run_entries"])
def test_a_date_that_the_database_refuses_blocks_no_night(home: Path, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    tell_document(home, WEDNESDAY, "20.00")
    asleep(home)

    def refused(*_: object, **__: object) -> None:
        monkeypatch.undo()
        raise EngineError("no such\nfile of the lake")

    monkeypatch.setattr(at, refused)
    ended = night(home)
    assert (ended.exit_code, dates(home)) == (0, [MONDAY, WEDNESDAY])
    assert re.search(rf"{TUESDAY}.* missed and is not|since .* missed are not", ended.stderr)
    assert "made up for: no such file of the lake" in ended.stderr


def test_operators_are_told_in_which_step_a_night_failed_that_made_up_for_another(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = MAILED.partition("[[recipient]]")[0] + "[[operator]]\naddress = 'it@example.com'\n"
    (home / FILE_NAME).write_text(told + "[contracts]\nenabled = false\n", encoding="utf-8")
    tell_document(home, WEDNESDAY, "20.00")
    asleep(home)

    def faulty(*_: object, **__: object) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr("receivables.publish.run_entries", faulty)
    assert night(home).exit_code == 1
    (message,) = (home / "out" / "mail").iterdir()
    assert "The night failed while the ledger was built." in message.read_text(encoding="utf-8")


@pytest.mark.wide
def test_what_a_night_that_is_killed_while_it_makes_up_for_others_had_left_to_do_is_made_up_for_by_the_next(
    home: Path,
) -> None:
    (home / FILE_NAME).write_text("[contracts]\nenabled = false\n", encoding="utf-8")
    tell_document(home, FRIDAY, "20.00")
    asleep(home, 4)
    with script(f"{KILLING}receivables.nightly(home)", home, "receivables.publish:_publish", "2", "before") as process:
        process.communicate(timeout=300)
    assert process.returncode == -signal.SIGKILL
    last = State(home / "state.sqlite").runs()[-1]
    assert (last.verb, last.as_of, last.status) == ("catch up", WEDNESDAY, "running")
    ended = night(home)
    assert ended.exit_code == 0, ended
    assert dates(home) == [MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]


def test_a_date_that_a_person_asked_for_silences_no_missed_one_and_is_not_published_twice(home: Path) -> None:
    tell_document(home, THURSDAY, "20.00")
    asleep(home)
    receivables.ingest([home / "inbox"], home)
    receivables.build(home, as_of=TUESDAY)
    ended = night(home)
    assert ended.exit_code == 0, ended
    assert dates(home) == [MONDAY, TUESDAY, WEDNESDAY, THURSDAY]
    assert f"the night of {WEDNESDAY} was missed and is made up for" in ended.stderr


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, []),
        ({"verb": "build"}, []),
        ({"status": "needs_person"}, []),
        ({"status": "failed"}, [3, 2, 1]),
        ({"verb": "catch up"}, [3, 2, 1]),
        ({"asked_as_of": MONDAY}, [3, 2, 1]),
        ({"known_at": utc_now() - timedelta(days=2)}, [3, 2, 1]),
    ],
)
def test_only_a_run_that_answered_for_its_own_day_has_served_it(changes: dict[str, Any], missed: list[int]) -> None:
    now = utc_now()
    night = Run("r1", MONDAY, now, now - timedelta(days=4), now, "published", "0.1.0", "cd", "nightly")
    last = replace(replace(night, run_id="r2", started_at=now - timedelta(days=1)), **changes)
    today = local(now).date()
    assert missed_days([night, last], today, Unattended()) == [today - timedelta(days=n) for n in missed]


def test_a_night_with_thousands_of_batches_tells_quickly_from_what_a_missed_date_can_be_answered(
    listing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches are told apart by when they were loaded, once each."""
    (batch, *_) = [one for one in State(listing / "state.sqlite").batches() if one.extract_as_of == MONDAY]
    later = replace(batch, batch_id=batch.batch_id + 10_000, extract_as_of=FRIDAY, loaded_at=utc_now())
    compared: list[object] = []

    def equals(one: object, other: object) -> bool:
        compared.append(one)
        return one is other

    monkeypatch.setattr(catch_up, "_own_days", lambda *_: {})
    monkeypatch.setattr(type(batch), "__eq__", equals)
    many = [*(replace(batch, batch_id=n) for n in range(3000)), later]
    found = catch_up._answered(None, TUESDAY, many, {"ES01": FRIDAY})  # type: ignore[arg-type]  # a night is asked nothing here
    assert (found.as_of, found.why_not, compared) == (TUESDAY, "", [])


@pytest.mark.parametrize(("table", "asked"), [("document", [FRIDAY]), ("entry", [TUESDAY, WEDNESDAY, THURSDAY])])
def test_how_companies_are_told_is_read_once_for_all_missed_dates_unless_a_date_decides_which_list_counts(
    home: Path, monkeypatch: pytest.MonkeyPatch, table: str, asked: list[date]
) -> None:
    state, today, days = State(home / "state.sqlite"), utc_now().date(), []
    state.add([replace(state.batches()[0], batch_id=1000, arrival_id=None, table_name=table, extract_as_of=FRIDAY)])

    def told(_: object, day: date, __: object) -> dict[str, date]:
        days.append(day)
        return {}

    monkeypatch.setattr(catch_up, "_own_days", told)
    with started("build", Home(home)) as night:
        missed = catch_up.missed_dates(night, [today - timedelta(days=n) for n in (3, 2, 1)], FRIDAY, today)
        night.record(status="landed")
    assert ([one.as_of for one in missed], days) == ([TUESDAY, WEDNESDAY, THURSDAY], asked)


def test_no_date_but_that_of_a_list_of_entries_decides_how_a_company_is_told() -> None:
    needed = {"core.company_basis"}
    for model in reversed(models()):
        if model.full_name in needed:
            needed |= model.reads
    dated = [model for model in models() if model.full_name in needed and "getvariable('as_of')" in model.sql]
    assert [model.full_name for model in dated] == ["entries.list_told"]
    assert "lake.entry" in {table for model in models() if model.full_name in needed for table in model.reads}
