"""Readers and the night never wait for each other; two nights never write at once."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import receivables
from homes import MONDAY, TUESDAY, business, changed, command, quick_night, rows_of, script, seal, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDING_READER: Final = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
count = lambda: con.execute("select as_of, count(*) from marts.open_item group by as_of").fetchall()
print(count(), flush=True)
sys.stdin.readline()
print(count(), flush=True)
"""

HOLDING_WRITER: Final = """
import sys
from pathlib import Path
from receivables.home import Home
with Home(Path(sys.argv[1])).only_writer():
    print("held", flush=True)
    sys.stdin.readline()
"""


def tell_tuesday(home: Path) -> None:
    tell(home, {"document": changed(business(), "document", "D1", due_date=TUESDAY)["document"]}, TUESDAY)


def test_an_open_warehouse_keeps_its_numbers_and_a_new_one_sees_the_new_night(home: Path) -> None:
    with receivables.open_warehouse(home) as monday:
        before = rows_of(monday, "marts.open_item")
        tell_tuesday(home)
        quick_night(home)
        assert rows_of(monday, "marts.open_item") == before
        with receivables.open_warehouse(home) as tuesday:
            assert set(tuesday.table("ops.run")["as_of"]) == {TUESDAY}
            assert rows_of(monday, "marts.open_item") == before


def test_a_reader_of_another_process_never_blocks_the_night(home: Path) -> None:
    with script(HOLDING_READER, home / "warehouse" / "receivables.duckdb") as reader:
        assert reader.stdout is not None
        assert reader.stdin is not None
        first = reader.stdout.readline()
        tell_tuesday(home)
        quick_night(home)
        reader.stdin.write("\n")
        reader.stdin.close()
        assert reader.stdout.readline() == first
    assert repr(MONDAY) in first


@pytest.fixture
def holder(home: Path) -> Iterator[int]:
    """The id of a process that is writing the home."""
    with script(HOLDING_WRITER, home) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()


def test_a_second_night_at_once_is_told_who_is_at_work(home: Path, holder: int) -> None:
    before = seal(home)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 4
    assert f"in use by process {holder}; expected one run at a time" in ended.only_message()
    assert seal(home) == before


def test_who_only_reads_is_served_while_a_night_runs(home: Path, holder: int) -> None:
    assert command("status", "--home", home).exit_code == 0
    assert command("findings", "--home", home).exit_code == 0
    assert command("trace", "D1", "--home", home).exit_code == 0
    assert holder


def test_a_dead_holder_blocks_nobody(home: Path, holder: int) -> None:
    os.kill(holder, signal.SIGKILL)
    os.waitpid(holder, 0)
    assert command("build", "--home", home).exit_code == 0


def test_only_the_newest_files_are_kept(home: Path) -> None:
    (home / "receivables.toml").write_text("[engine]\nkeep_warehouses = 2\n", encoding="utf-8")
    for _ in range(2):
        receivables.build(home)
    files = sorted((home / "warehouse").glob("receivables-*.duckdb"))
    assert len(files) == 2
    assert (home / "warehouse" / "receivables.duckdb").resolve() == files[-1]


def test_a_clock_set_back_never_costs_the_file_just_published(home: Path) -> None:
    (home / "receivables.toml").write_text("[engine]\nkeep_warehouses = 1\n", encoding="utf-8")
    of_the_future = home / "warehouse" / "receivables-29900101T000000000000Z.duckdb"
    of_the_future.touch()
    outcome = receivables.build(home)
    assert outcome.warehouse == (home / "warehouse" / "receivables.duckdb").resolve()
    assert not of_the_future.exists()
