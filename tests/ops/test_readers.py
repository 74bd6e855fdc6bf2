"""Readers and the night never wait for each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import receivables
from homes import MONDAY, TUESDAY, business, changed, quick_night, rows_of, script, tell

if TYPE_CHECKING:
    pass

HOLDING_READER: Final = """
import duckdb, sys
con = duckdb.connect(sys.argv[1], read_only=True)
count = lambda: con.execute("select as_of, count(*) from marts.open_item group by as_of").fetchall()
print(count(), flush=True)
sys.stdin.readline()
print(count(), flush=True)
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
