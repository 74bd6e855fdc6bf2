"""What can go wrong between the quarantine and its repair: a kill at any moment, wrong files, wrong rows, files that were not kept."""

from __future__ import annotations

import gzip
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

import receivables
from homes import CLOCKS, KILLING, PublishedRows, ask, command, half_done, published, script, seal
from quarantine_tables import Export, Row, canonical, drawn, filled, home_with, read, saved
from receivables import repair
from receivables.errors import FileRefused
from receivables.intake.profile import available

pytestmark = pytest.mark.wide

KILLED_REPAIR: Final = f"{KILLING}receivables.repair_findings(sys.argv[5], home, by='Ana Gil')"

POINTS: Final = {
    "the file is given back, not yet read": ("receivables.repair:restore_source", 1, "after"),
    "a file of the lake is written, not yet in its place": ("receivables.lake:settle", 1, "before"),
    "the new reading is in the lake, the repairs are not": ("receivables.lake:write", 1, "after"),
    "all is in the lake, nothing registered": ("receivables.repair:keep_repairs", 1, "after"),
    "all is registered, the run does not know yet": ("receivables.state:State.add", 2, "after"),
}
"""Where the process is killed: a function, which call of it, before or after that call."""


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    return canonical(tmp_path_factory.mktemp("export"), 30)


@pytest.fixture(scope="module")
def damaged_once(export: Export, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with six lines in quarantine; not to be changed."""
    return home_with(tmp_path_factory.mktemp("damaged") / "home", export, export.damaged(6))


@pytest.fixture
def damaged(damaged_once: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "damaged"
    shutil.copytree(damaged_once, copy, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def table(damaged_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the quarantine exports."""
    target = tmp_path_factory.mktemp("table") / "out.csv"
    receivables.export_findings(target, damaged_once)
    return target


@pytest.fixture(scope="module")
def right(table: Path, export: Export) -> Path:
    """The same, every line filled in."""
    return filled(
        table, lambda row: {"repaired_line": export.lines[int(row["line_no"]) - 1]}, table.with_name("right.csv")
    )


def all_published(home: Path) -> PublishedRows:
    """Everything a night says, its own clock aside."""
    shown = published(home, ("core", "marts", "checks", "ops"))
    clocks = CLOCKS | {"resolved_at"}
    return {
        name: [tuple(cell for cell in row if cell[0] not in clocks) for row in rows]
        for name, rows in shown.items()
        if name != "ops.run"
    }


@pytest.fixture(scope="module")
def undisturbed(damaged_once: Path, right: Path, tmp_path_factory: pytest.TempPathFactory) -> PublishedRows:
    """What is published after a repair that nobody kills."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(damaged_once, home, symlinks=True)
    receivables.repair_findings(right, home, by="Ana Gil")
    receivables.build(home)
    return all_published(home)


@pytest.mark.slice(2)
@pytest.mark.parametrize("point", POINTS)
def test_a_repair_that_was_killed_is_made_good_by_the_same_again(
    point: str, damaged: Path, right: Path, undisturbed: PublishedRows
) -> None:
    with script(KILLED_REPAIR, damaged, *map(str, POINTS[point]), right) as run:
        assert run.wait(60) == -signal.SIGKILL, run.communicate()[1]
    assert command("findings", "repair", right, "--home", damaged, "--by", "Ana Gil").exit_code == 0
    receivables.build(damaged)
    assert all_published(damaged) == undisturbed
    assert half_done(damaged) == []
    registered = {str(batch.batch_id) for batch in receivables.status(damaged).batches}
    told = [path for path in (damaged / "lake").rglob("*.parquet") if not path.parent.name.startswith("published_")]
    assert {path.stem for path in told} == registered


def test_a_night_after_a_killed_repair_is_as_if_it_had_never_begun(damaged: Path, right: Path) -> None:
    receivables.build(damaged)
    before = all_published(damaged)
    point = POINTS["all is in the lake, nothing registered"]
    with script(KILLED_REPAIR, damaged, *map(str, point), right) as run:
        assert run.wait(60) == -signal.SIGKILL, run.communicate()[1]
    receivables.build(damaged)
    assert all_published(damaged) == before


def test_one_content_that_came_twice_is_repaired_wherever_it_counts(
    damaged: Path, right: Path, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = export.file_name.replace("2024-03-29", "2024-04-30")
    shutil.copyfile(damaged / "inbox" / export.file_name, damaged / "inbox" / name)
    receivables.ingest([damaged / "inbox"], damaged)
    original, calls = repair._read_again, []  # where the second reading begins

    def failing(*args: object) -> None:
        calls.append(args)
        if len(calls) == 2:
            raise FileRefused(got="no room", expected="some", try_="again")
        original(*args)  # type: ignore[arg-type]  # whatever it was called with

    monkeypatch.setattr(repair, "_read_again", failing)
    assert command("findings", "repair", right, "--home", damaged).exit_code == 3
    monkeypatch.undo()
    ended = command("findings", "repair", right, "--home", damaged)
    assert ended.stdout.startswith("0 repaired, 0 left out, 6 already repaired")
    receivables.build(damaged)
    assert ask(damaged, "select count(*) from ops.issue where action = 'quarantine' and resolved_at is null") == [(0,)]
    assert ask(damaged, "select count(*) from core.document") == [(30,)]


def change(name: str, text: str) -> Callable[[list[Row]], list[Row]]:
    """The first row with another text in one column."""
    return lambda rows: [{**rows[0], "decision": "leave_out", name: text}, *rows[1:]]


WRONG_ROWS: Final[dict[str, tuple[Callable[[list[Row]], list[Row]], str]]] = {
    "an unknown ref": (change("ref", "B99-L4"), "row 2 with ref 'B99-L4'"),
    "a line that is not in quarantine": (change("ref", "B3-L9999999"), "row 2 with ref 'B3-L9999999'"),
    "no ref": (change("ref", ""), "row 2 with ref ''"),
    "a ref a spreadsheet made of it": (change("ref", "03.05.2024"), "row 2 with ref '03.05.2024'"),
    "another raw line": (change("raw_line", "ES01,changed"), "row 2 (B"),
    "a word that is no decision": (change("decision", "delete"), "decision 'delete' in row 2"),
    "a line left out and repaired": (change("repaired_line", "x"), "two different repairs of"),
    "two lines for one": (
        lambda rows: [{**rows[0], "repaired_line": "a"}, {**rows[0], "repaired_line": "b"}],
        "in rows 2 and 3",
    ),
    "two values for one column": (
        lambda rows: [{**rows[0], "repaired_value": "1"}, *rows[1:], {**rows[0], "repaired_value": "2"}],
        "two different repairs of",
    ),
}


@pytest.mark.parametrize("kind", WRONG_ROWS)
def test_a_row_that_cannot_be_meant_changes_nothing(kind: str, damaged: Path, table: Path, tmp_path: Path) -> None:
    make, got = WRONG_ROWS[kind]
    back = saved(make(list(read(table))), tmp_path / "back.csv")
    before = seal(damaged / "lake")
    ended = command("findings", "repair", back, "--home", damaged)
    assert ended.exit_code == 2
    assert got in ended.only_message()
    assert seal(damaged / "lake") == before


def test_more_lines_than_were_there_are_refused_for_their_file(damaged: Path, table: Path, tmp_path: Path) -> None:
    back = filled(table, lambda _: {"repaired_line": "one\ntwo"}, tmp_path / "back.csv")
    ended = command("findings", "repair", back, "--home", damaged)
    assert (ended.exit_code, ended.stdout[:10]) == (2, "0 repaired")
    assert "2 lines for 1 at line" in ended.only_message()
    assert ask(damaged, "select count(*) from ops.batch where superseded_by is not null") == [(0,)]


def test_a_value_for_a_problem_without_a_column_asks_for_the_line(damaged: Path, table: Path, tmp_path: Path) -> None:
    back = filled(table, lambda _: {"column_name": "", "repaired_value": "5"}, tmp_path / "back.csv")
    ended = command("findings", "repair", back, "--home", damaged)
    assert ended.exit_code == 2
    assert "try filling repaired_line" in ended.only_message()


def test_a_file_that_was_not_kept_says_what_to_do(damaged: Path, right: Path) -> None:
    shutil.rmtree(damaged / "lake" / "source")
    ended = command("findings", "repair", right, "--home", damaged)
    assert ended.exit_code == 3
    assert "whose bytes are not in lake/source" in ended.only_message()


@pytest.mark.parametrize(
    "content", [None, b"", b"no archive", b"\x1f\x8b\x08\x00", gzip.compress(b"another file", mtime=0)]
)
def test_kept_bytes_that_are_damaged_are_said(content: bytes | None, damaged: Path, right: Path) -> None:
    (packed,) = (damaged / "lake" / "source").glob("*.gz")
    packed.unlink()
    if content is not None:
        packed.write_bytes(content)
    ended = command("findings", "repair", right, "--home", damaged)
    assert ended.exit_code == 3
    assert "are gone or damaged" in ended.only_message()


def test_a_profile_that_is_gone_says_what_to_do(damaged: Path, right: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = tuple(profile for profile in available(None) if profile.id != "canonical")
    monkeypatch.setattr("receivables.repair.available", lambda _: others)
    ended = command("findings", "repair", right, "--home", damaged)
    assert ended.exit_code == 3
    assert "profile 'canonical'" in ended.only_message()


@pytest.mark.parametrize("by", ["", "  ", "\x07"])
def test_somebody_must_answer_for_a_repair(by: str, damaged: Path, right: Path) -> None:
    ended = command("findings", "repair", right, "--home", damaged, "--by", by)
    assert ended.exit_code == 2
    assert "try --by NAME" in ended.only_message()


def test_nobody_known_to_the_system_must_say_who_repaired(
    damaged: Path, right: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("getpass.getuser", unknown)
    ended = command("findings", "repair", right, "--home", damaged)
    assert "got nobody's name" in ended.only_message()


@pytest.mark.parametrize("verb", ["export", "repair"])
def test_a_folder_that_is_no_home_stays_as_it_is(verb: str, tmp_path: Path) -> None:
    table = saved([{"ref": "B1-L1", "raw_line": "x", "decision": "leave_out"}], tmp_path / "in.csv")
    ended = command("findings", verb, table if verb == "repair" else tmp_path / "x.csv", "--home", tmp_path / "no")
    assert ended.exit_code == 2
    assert "no state.sqlite" in ended.only_message()
    assert not (tmp_path / "no").exists()


def test_an_empty_quarantine_writes_no_file(home: Path, tmp_path: Path) -> None:
    ended = command("findings", "export", tmp_path / "x.csv", "--home", home)
    assert (ended.exit_code, ended.stdout) == (0, "nothing in quarantine\n")
    assert not (tmp_path / "x.csv").exists()


def test_a_reason_that_is_none_names_the_nearest(damaged: Path, tmp_path: Path) -> None:
    ended = command("findings", "export", tmp_path / "x.csv", "--reason", "NUM_INVALD", "--home", damaged)
    assert "try --reason NUM_INVALID" in ended.only_message()


def test_a_reason_takes_every_problem_of_its_lines(damaged: Path, tmp_path: Path) -> None:
    assert (
        command("--home", damaged, "findings", "export", tmp_path / "x.csv", "--reason", "NUM_INVALID").exit_code == 0
    )
    rows = read(tmp_path / "x.csv")
    assert {row["reason_code"] for row in rows} == {"NUM_INVALID", "DATE_IMPOSSIBLE"}
    assert len({row["ref"] for row in rows}) == 4


def test_a_store_of_an_older_version_is_read_and_its_lines_exported(damaged: Path, tmp_path: Path) -> None:
    with sqlite3.connect(damaged / "state.sqlite") as store:
        store.execute("drop table repair")
        store.execute("alter table batch drop column arrival_id")
    store.close()
    assert receivables.export_findings(tmp_path / "x.csv", damaged) == 6
    assert {batch.arrival_id for batch in receivables.status(damaged).batches} == {None}


def test_every_line_of_a_list_can_be_left_out(tmp_path: Path) -> None:
    export = drawn(tmp_path, 3)
    home = home_with(tmp_path / "home", export, export.damaged(3))
    receivables.export_findings(tmp_path / "out.csv", home)
    back = filled(tmp_path / "out.csv", lambda _: {"decision": "leave_out"}, tmp_path / "back.csv")
    assert command("findings", "repair", back, "--home", home).stdout.startswith("0 repaired, 3 left out")
