from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from receivables.errors import NightFailed
from receivables.quarantine import superseded_by
from receivables.state import Batch, InboxFile, Repair, Run, State, Step, counting, readings

NOW: Final = datetime(2024, 3, 5, 4, 30, 0, 123456)
BATCH: Final = Batch(
    batch_id=1,
    source_system="sap",
    profile_id="sap_fbl5n",
    profile_version="1",
    company_id="ES01",
    table_name="document",
    file_name="list.txt",
    file_sha256="ab",
    encoding="cp1252",
    extract_as_of=date(2024, 3, 4),
    mode="full",
    rows_read=10,
    rows_loaded=8,
    rows_quarantined=1,
    rows_skipped=1,
    lines_read=12,
    lines_loaded=8,
    lines_quarantined=1,
    lines_skipped=3,
    control_total="12.3400",
    control_total_file=None,
    status="warn",
    loaded_at=NOW,
)
RUN: Final = Run("r1", None, NOW, NOW, None, "running", "0.1.0", "cd")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state.sqlite")


def test_what_is_kept_comes_back_as_it_was(state: State) -> None:
    refused = replace(BATCH, batch_id=2, encoding=None, extract_as_of=None, status="refused")
    step = Step("r1", "land", NOW, NOW + timedelta(seconds=1), 3, 1)
    file = InboxFile("r1", "list.txt", "ab", "loaded", "warn", "")
    state.add([BATCH, refused, RUN, step, file])
    assert state.batches() == [BATCH, refused]
    assert state.runs() == [RUN]
    assert state.steps("r1") == [step]
    assert state.inbox_files("r1") == [file]


def test_a_run_that_holds_the_store_reads_the_batches_once_and_knows_what_it_adds(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.add([BATCH])
    said: list[str] = []
    connect = State._connect

    def watched(self: State) -> sqlite3.Connection:
        con = connect(self)
        con.set_trace_callback(said.append)
        return con

    monkeypatch.setattr(State, "_connect", watched)
    other = replace(BATCH, batch_id=2, file_sha256="cd", loaded_at=NOW + timedelta(seconds=1))
    with state.held():
        assert (state.batches(), state.batches_of("ab"), state.batches_of("cd")) == ([BATCH], [BATCH], [])
        state.add([other, replace(BATCH, status="refused")])
        refused = replace(BATCH, status="refused")
        assert (state.batches(), state.batches_of("cd")) == ([refused, other], [other])
        assert (state.batches(NOW), state.batches_of("ab")) == ([refused], [refused])
        assert sum("from batch order by" in line for line in said) == 1
    assert (state.batches(), state.batches_of("cd")) == ([refused, other], [other])


def test_what_old_runs_saw_is_forgotten_and_of_known_files_what_all_but_those_kept_saw(state: State) -> None:
    runs = [replace(RUN, run_id=f"r{n}", started_at=NOW + timedelta(days=n)) for n in range(4)]
    steps = [Step(run.run_id, "land", NOW, NOW, 2, 0) for run in runs]
    seen = [
        InboxFile(run.run_id, name, sha256, outcome, "ok", "")
        for run in runs
        for name, sha256, outcome in (("old.csv", "ab", "known"), ("new.csv", "cd", "loaded"))
    ]
    state.add([*runs, *steps, *seen])
    assert state.forget(NOW + timedelta(days=2), keeping={"r0", "r3"}) == 2 + 1 + 1
    assert {run.run_id: [file.file_name for file in state.inbox_files(run.run_id)] for run in runs} == {
        "r0": ["new.csv", "old.csv"],
        "r1": [],
        "r2": ["new.csv"],
        "r3": ["new.csv", "old.csv"],
    }
    assert [run.run_id for run in runs if not state.steps(run.run_id)] == ["r1"]
    assert state.runs() == runs


REPAIR: Final = Repair(1, "ab", 1, 7, "raw", "{}", "repaired", "right", 3, "Ana Gil", NOW)


def test_repairs_are_known_from_when_they_were_recorded_and_by_content(state: State) -> None:
    later = replace(REPAIR, repair_id=2, file_sha256="cd", recorded_at=NOW + timedelta(seconds=1))
    state.add([later, REPAIR])
    assert state.repairs() == [REPAIR, later]
    assert state.repairs(NOW) == [REPAIR]
    assert state.repairs(sha256="cd") == [later]
    assert state.next_repair_id() == 3


def read_at(batch_id: int, seconds: int, arrival_id: int | None = None) -> Batch:
    return replace(BATCH, batch_id=batch_id, loaded_at=NOW + timedelta(seconds=seconds), arrival_id=arrival_id)


def test_the_last_reading_of_a_file_counts_and_says_which_it_superseded() -> None:
    first, second, third = (
        [read_at(1, 0, 1), read_at(2, 0, 1)],
        [read_at(4, 9, 1)],
        [read_at(6, 12, 1), read_at(7, 12, 1)],
    )
    other, older, refused = read_at(3, 5, 3), read_at(5, 10), replace(read_at(8, 13), status="refused")
    told = [*first, other, *second, older, *third, refused]
    assert counting(told) == [other, older, *third]
    assert counting(told[:4]) == [other, *second]
    assert counting(told[:2]) == first
    assert readings(told) == [first, [other], second, [older], third]
    assert superseded_by(told) == {1: 4, 2: 4, 4: 6}


def test_a_store_opened_again_still_knows(state: State, tmp_path: Path) -> None:
    state.add([BATCH])
    assert State(tmp_path / "state.sqlite").batches() == [BATCH]


def test_what_is_recorded_while_the_store_is_held_open_is_known_to_others_at_once(state: State, tmp_path: Path) -> None:
    with state.held():
        state.add([BATCH])
        assert State(tmp_path / "state.sqlite").batches() == state.batches() == [BATCH]
        with pytest.raises(sqlite3.ProgrammingError):
            state.add([RUN, replace(BATCH, batch_id=object())])  # type: ignore[arg-type]
        assert state.runs() == []
    assert [path.name for path in tmp_path.iterdir()] == ["state.sqlite"]
    assert state.batches() == [BATCH]


def test_a_record_of_the_same_key_replaces_the_earlier(state: State) -> None:
    ended = replace(RUN, as_of=date(2024, 3, 4), finished_at=NOW, status="published")
    state.add([RUN])
    state.add([ended])
    assert state.runs() == [ended]


def test_all_records_are_kept_or_none(state: State) -> None:
    def until_the_disk_is_full() -> Sequence[Batch]:
        raise OSError

    def records() -> object:
        yield BATCH
        yield from until_the_disk_is_full()

    with pytest.raises(OSError):  # noqa: PT011  # any will do; what counts is what is left
        state.add(records())  # type: ignore[arg-type]
    assert state.batches() == []


def test_batch_ids_are_never_used_twice(state: State) -> None:
    assert state.next_batch_id() == 1
    state.add([replace(BATCH, batch_id=7)])
    assert state.next_batch_id() == 8


def test_only_what_had_been_told_by_a_moment_is_given(state: State) -> None:
    later = replace(BATCH, batch_id=2, loaded_at=NOW + timedelta(microseconds=1))
    state.add([later, BATCH])
    assert state.batches() == [BATCH, later]
    assert state.batches(NOW) == [BATCH]
    assert state.batches(NOW - timedelta(days=1)) == []


def test_files_of_one_name_in_two_folders_are_both_kept(state: State) -> None:
    files = [InboxFile("r1", "list.txt", sha256, "loaded", "ok", "") for sha256 in ("ab", "cd")]
    state.add(files)
    assert state.inbox_files("r1") == files


def test_the_last_message_about_a_file_is_remembered(state: State) -> None:
    state.add([InboxFile(run, "x.csv", "ab", "refused", "refused", f"said in {run}") for run in ("r2", "r1")])
    assert state.last_message("x.csv", "ab") == "said in r2"
    assert state.last_message("x.csv", "cd") is None
    assert state.last_message("y.csv", "ab") is None


def test_a_file_that_is_no_store_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    path.write_bytes(b"something else" * 100)
    with pytest.raises(NightFailed, match=f"^got {path}: file is not a database; expected "):
        State(path)


def test_the_last_landing_that_came_to_its_end_is_known(state: State) -> None:
    assert state.landed_until() is None
    landed = Step("r1", "land", NOW, NOW + timedelta(seconds=1), 3, 1)
    state.add(
        [
            landed,
            replace(landed, run_id="r0", finished_at=NOW),
            replace(landed, name="build", finished_at=NOW + timedelta(1)),
        ]
    )
    assert state.landed_until() == landed.finished_at


def test_a_repaired_reading_that_a_contract_keeps_out_leaves_the_one_before_it_in_its_place() -> None:
    first = replace(BATCH, arrival_id=1)
    again = replace(first, batch_id=2, loaded_at=NOW + timedelta(hours=1))
    assert counting([first, again]) == [again]
    assert counting([first, replace(again, status="refused")]) == [first]


def test_what_was_replaced_stands_nowhere_in_the_file(state: State, tmp_path: Path) -> None:
    told = "Zacarías Quijano, Calle del Olmo 7; " * 300
    state.add([replace(REPAIR, repair_id=number, raw_line=told) for number in range(1, 20)])
    assert "Quijano" in (tmp_path / "state.sqlite").read_bytes().decode("utf-8", "replace")
    state.add([replace(REPAIR, repair_id=number, raw_line="") for number in range(1, 20)])
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir()).decode("utf-8", "replace")
    assert "Quijano" not in written


def test_a_store_that_is_only_read_is_not_changed_and_what_an_earlier_version_did_not_keep_is_none(
    state: State, tmp_path: Path
) -> None:
    path = tmp_path / "state.sqlite"
    state.add([replace(BATCH, arrival_id=1), replace(RUN, verb="build")])
    with closing(sqlite3.connect(path)) as con:
        con.execute("alter table batch drop column arrival_id")
        con.execute("drop table waiver")
    before = path.read_bytes()
    read = State(path, is_read_only=True)
    assert (read.batches(), read.runs(), read.waivers()) == ([BATCH], [replace(RUN, verb="build")], [])
    assert read.fault() == ""
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        read.add([RUN])
    assert path.read_bytes() == before
    with pytest.raises(NightFailed, match="expected the store of runs and batches, readable"):
        State(tmp_path / "none.sqlite", is_read_only=True)
    assert not (tmp_path / "none.sqlite").exists()


def test_what_a_run_is_writing_is_read_by_who_only_reads(state: State, tmp_path: Path) -> None:
    with state.held():
        state.add([BATCH])
        assert State(tmp_path / "state.sqlite", is_read_only=True).batches() == [BATCH]


def test_a_store_in_a_folder_that_may_not_be_written_is_read_and_nothing_is_put_beside_it(
    state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.add([BATCH])
    monkeypatch.setattr("receivables.state.os.access", lambda *_: False)
    assert State(tmp_path / "state.sqlite", is_read_only=True).batches() == [BATCH]
    assert [path.name for path in tmp_path.iterdir()] == ["state.sqlite"]
