"""DuckDB's typed load of clean CSV, to which costs of reading and building are held: a program for a process of its own.

`python typed_load.py LAKE FOLDER` writes the tables of a lake as such files.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from receivables.engine import connect

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAM: Final = """
import json, sys, duckdb
con = duckdb.connect(sys.argv[1], config={"threads": 2, "memory_limit": "2GB"})
con.execute("set enable_progress_bar = false")
for table, (path, columns) in json.loads(sys.argv[2]).items():
    con.execute(f"create table {table} as select * from read_csv('{path}', header=true, delim=',', quote='\\"', auto_detect=false, columns={columns})")
"""


def typed_load(target: Path, tables: Mapping[str, tuple[Path, Mapping[str, str]]]) -> list[str]:
    """The command that loads tables from CSV files, each with its columns' types, into a new database."""
    told = {name: (str(path), str(dict(columns))) for name, (path, columns) in tables.items()}
    return [sys.executable, "-c", _PROGRAM, str(target), json.dumps(told)]


def clean_csv(lake: Path, folder: Path) -> dict[str, tuple[Path, dict[str, str]]]:
    """The tables of a lake as CSV files in a folder, written in a process of its own, each with its columns' types."""
    subprocess.run([sys.executable, __file__, str(lake), str(folder)], check=True)
    with connect() as con:
        return {
            path.stem: (
                path,
                dict(
                    con.execute(f"select column_name, column_type from (describe {_told(lake, path.stem)})").fetchall()
                ),
            )
            for path in sorted(folder.glob("*.csv"))
        }


def _told(lake: Path, table: str) -> str:
    """A table without what landing adds to it."""
    return f"select * exclude (batch_id, line_no, recorded_at, recorded_source) from '{lake / table}/*.parquet'"


def _write(lake: Path, folder: Path) -> None:
    with connect() as con:
        for table in sorted(path.name for path in lake.iterdir()):
            con.execute(f"copy ({_told(lake, table)}) to '{folder / table}.csv' (format csv, header)")


if __name__ == "__main__":
    _write(Path(sys.argv[1]), Path(sys.argv[2]))
