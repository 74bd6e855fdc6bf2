"""Runs the landing models of a shape: from `landing.entry` to canonical rows, in the order in which they read each other."""

from __future__ import annotations

import re
from functools import cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from receivables.assets import sql_dir
from receivables.schema import TABLES

if TYPE_CHECKING:
    import duckdb


@cache
def landing_models(shape: str) -> tuple[tuple[str, str], ...]:
    """Name and SQL of each landing model of the shape and of those all shapes share, in order."""
    texts = {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted(
            path for folder in ("common", shape) for path in (sql_dir() / "landing" / folder).glob("*.sql")
        )
    }
    # Every table of the schema is written with it: no parser is needed, which takes longer to load than a small file to land.
    reads = {name: set(re.findall(r"\blanding\.(\w+)", text)) & texts.keys() for name, text in texts.items()}
    return tuple(
        (name, texts[name])
        for name in TopologicalSorter({name: sorted(reads[name]) for name in sorted(reads)}).static_order()
    )


def run_landing(con: duckdb.DuckDBPyConnection, shape: str) -> tuple[str, ...]:
    """Create `landing.<table>` for every canonical table the shape yields; returns their names."""
    con.execute((sql_dir() / "macros.sql").read_text(encoding="utf-8"))
    for name, text in landing_models(shape):
        con.execute(f"create or replace table landing.{name} as {text}")
    return tuple(name for name, _ in landing_models(shape) if name in TABLES)
