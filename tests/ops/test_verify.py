"""`receivables verify`: what of a home was lost or changed is named, one line each; what is whole passes."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import duckdb
import pytest

import receivables
from homes import TUESDAY, business, changed, command, seal, tell
from receivables.home import Home
from receivables.state import State

if TYPE_CHECKING:
    from pathlib import Path


def one_line(home: Path, *more: str) -> str:
    """The only fault that is told."""
    ended = command("verify", "--home", home, *more)
    assert ended.exit_code == 6
    assert "1 faults" in ended.stdout
    return ended.only_message()


def of_the_lake(home: Path, kind: str) -> Path:
    return min((home / "lake" / kind).iterdir())


def test_a_home_that_nobody_touched_is_as_it_should_be_and_stays_as_it_is(home: Path) -> None:
    before = seal(home / "lake")
    ended = command("verify", "--home", home, "--rebuild")
    assert (ended.exit_code, ended.stderr.count("got")) == (0, 0)
    assert "the published night made again: all as it should be" in ended.stdout
    assert seal(home / "lake") == before
    registered = {file.path for file in State(Home(home).state).lake_files()}
    assert registered == {name for name in before if (home / "lake" / name).is_file()}


@pytest.mark.parametrize("kind", ["document", "manifest", "issue", "published_item", "published"])
def test_a_file_of_the_lake_that_is_gone_is_named(home: Path, kind: str) -> None:
    path = of_the_lake(home, kind)
    path.unlink()
    assert one_line(home).startswith(f"got no lake/{kind}/{path.name}; expected its content as registered, SHA-256 ")


def test_one_changed_bit_of_the_lake_is_named(home: Path) -> None:
    path = of_the_lake(home, "document")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert one_line(home).startswith(f"got lake/document/{path.name} with SHA-256 ")


def test_a_link_in_place_of_a_file_of_the_lake_is_named_though_it_leads_to_the_same(home: Path) -> None:
    path = of_the_lake(home, "payment")
    elsewhere = home.parent / "elsewhere.parquet"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert "which is a link" in one_line(home)


def test_a_file_of_the_lake_that_nobody_registered_is_named(home: Path) -> None:
    shutil.copyfile(of_the_lake(home, "document"), home / "lake" / "document" / "99.parquet")
    assert one_line(home).startswith("got lake/document/99.parquet, which nobody registered; ")


def test_what_a_run_had_under_way_when_it_was_killed_is_no_fault(home: Path) -> None:
    (home / "lake" / "document" / "99.writing").touch()
    (home / "lake" / ".reading-x").mkdir()
    (home / "lake" / ".reading-x" / "text").touch()
    assert command("verify", "--home", home).exit_code == 0


def test_a_damaged_store_is_named_and_nothing_is_made_in_its_place(home: Path) -> None:
    store = home / "state.sqlite"
    content = bytearray(store.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    store.write_bytes(content)
    ended = command("verify", "--home", home, "--json")
    assert ended.exit_code == 6
    assert [fault["kind"] for fault in json.loads(ended.stdout)["faults"]] == ["state"]
    assert store.read_bytes() == bytes(content)


def test_a_decision_that_the_lake_tells_otherwise_than_the_store_is_named(rated_home: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(rated_home, home, symlinks=True)
    with receivables.open_warehouse(home) as warehouse:
        (customer,) = warehouse.con.execute(
            "select min(customer_id) from marts.rating where grade is not null"
        ).fetchone() or ("",)
    receivables.rate(customer, home, confirm=True, by="Ana Gil")
    assert "1 copies of decisions: all as it should be" in command("verify", "--home", home).stdout
    copy = of_the_lake(home, "rating_decision")
    told = json.loads(copy.read_text())
    with closing(sqlite3.connect(home / "state.sqlite")) as con, con:
        con.execute("update rating_decision set recorded_by = 'Somebody else'")
    assert one_line(home).startswith(f"got lake/rating_decision/{copy.name} that says otherwise than the store")
    assert told["recorded_by"] == "Ana Gil"


def test_a_published_file_that_somebody_changed_differs_from_what_the_lake_says(home: Path) -> None:
    published = (home / "warehouse" / "receivables.duckdb").resolve()
    with duckdb.connect(str(published)) as con:
        con.execute("update marts.open_item set open_doc = open_doc + 0.01 where doc_id = 'ES01:D1'")
    said = one_line(home, "--rebuild")
    assert said.startswith("got marts.open_item with 1 rows that only the first has, and 1 that only the second has")


def test_a_night_as_of_a_past_day_is_made_again_as_it_was_known(home: Path) -> None:
    known_at = receivables.status(home).last_run
    assert known_at is not None
    tell(home, changed(business(), "document", "D1", amount_doc="90.00", amount_local="90.00"), TUESDAY)
    receivables.nightly(home)
    receivables.build(home, known_at=known_at.finished_at)
    assert command("verify", "--home", home, "--rebuild").exit_code == 0


def test_other_settings_than_the_published_night_had_are_told_instead_of_its_differences(home: Path) -> None:
    settings = home / "receivables.toml"
    settings.write_text(settings.read_text().replace("#month_ends = 24", "month_ends = 12"))
    assert "made with other settings" in one_line(home, "--rebuild")


def test_a_home_of_a_version_that_registered_no_files_is_registered_by_its_next_run(home: Path) -> None:
    with closing(sqlite3.connect(home / "state.sqlite")) as con, con:
        con.execute("drop table lake_file")
    assert command("verify", "--home", home).exit_code == 6
    receivables.build(home)
    assert command("verify", "--home", home).exit_code == 0


def test_a_fault_is_told_to_a_monitor_in_its_parts(home: Path) -> None:
    path = of_the_lake(home, "customer")
    path.unlink()
    told = json.loads(command("verify", "--home", home, "--json").stdout)
    assert (told["rebuilt"], told["copies"]) == (False, 0)
    assert [{"kind", "subject", "got", "expected", "try"} == fault.keys() for fault in told["faults"]] == [True]
    assert told["faults"][0]["subject"] == f"customer/{path.name}"


def test_a_folder_without_a_store_is_no_home_to_verify(tmp_path: Path) -> None:
    ended = command("verify", "--home", tmp_path)
    assert (ended.exit_code, list(tmp_path.iterdir())) == (2, [])
    assert "which has no state.sqlite" in ended.only_message()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(home: Path) -> None:
    of_the_lake(home, "document").chmod(0)
    assert "Permission denied" in one_line(home)
