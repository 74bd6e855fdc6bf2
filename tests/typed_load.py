"""DuckDB's typed load of clean CSV, to which costs of reading and building are held: a program for a process of its own."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PROGRAM: Final = """
import json, sys, duckdb
con = duckdb.connect(sys.argv[1], config={"threads": 2, "memory_limit": "2GB"})
for table, (path, columns) in json.loads(sys.argv[2]).items():
    con.execute(f"create table {table} as select * from read_csv('{path}', header=true, delim=',', quote='\\"', auto_detect=false, columns={columns})")
"""


def typed_load(target: Path, tables: Mapping[str, tuple[Path, Mapping[str, str]]]) -> list[str]:
    """The command that loads tables from CSV files, each with its columns' types, into a new database."""
    told = {name: (str(path), str(dict(columns))) for name, (path, columns) in tables.items()}
    return [sys.executable, "-c", _PROGRAM, str(target), json.dumps(told)]
