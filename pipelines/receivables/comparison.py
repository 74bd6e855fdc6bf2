"""Whether two published files say the same: equal sets of rows, decimals exact, doubles to 1e-9, what a run says of itself aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from receivables.engine import Connection

_OF_THE_RUN: Final = (
    "run_id",
    "verb",
    "asked_as_of",
    "started_at",
    "finished_at",
    "code_sha256",
    "gone_on_from",
    "builds_since_whole",
)
"""Columns in which a night that is made again differs from the first: its own name, who asked for it and how, its own clock, and what it took over from an earlier one."""

_TOLERANCE: Final = "1e-9"
"""How far doubles may differ, relative to the larger of the two."""


@dataclass(frozen=True)
class Difference:
    """A table in which two files differ, how, in words that begin with its name, and how many rows only one of the two has."""

    table: str
    how: str
    only_told: int = 0
    only_again: int = 0


def differences(con: Connection, told: Path, again: Path, aside: Collection[str] = _OF_THE_RUN) -> list[Difference]:
    """The tables in which two published files differ, columns `aside`; `con` is a connection in which databases `told` and `again` may be attached."""
    for name, path in (("told", told), ("again", again)):
        con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as {name} (read_only)")
    try:
        columns = {name: _columns(con, name) for name in ("told", "again")}
        found = []
        for table in sorted(columns["told"].keys() | columns["again"].keys()):
            one, other = (columns[name].get(table) for name in ("told", "again"))
            if one is None or other is None:
                which = "second" if one is None else "first"
                found.append(Difference(table, f"{table} only in the {which} of the two"))
            elif one != other:
                changed = ", ".join(sorted(dict(one.items() ^ other.items())))
                found.append(Difference(table, f"{table} with other columns: {changed}"))
            elif any(apart := _rows_apart(con, table, one, aside)):
                how = (
                    f"{table} with {apart[0]:,} rows that only the first has, and {apart[1]:,} that only the second has"
                )
                found.append(Difference(table, how, *apart))
        return found
    finally:
        for name in ("told", "again"):
            con.execute(f"detach {name}")


def _columns(con: Connection, database: str) -> dict[str, dict[str, str]]:
    """Every table with its columns and their types."""
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in con.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns() where database_name = ? and not internal order by all",
        [database],
    ).fetchall():
        found.setdefault(table, {})[column] = kind
    return found


def _rows_apart(con: Connection, table: str, columns: dict[str, str], aside: Collection[str]) -> tuple[int, int]:
    """How many rows only one of the two has; those that differ in doubles alone, by no more than the tolerance, are the same."""
    own = [name for name in columns if name not in aside]
    doubles = [name for name in own if columns[name] in ("DOUBLE", "FLOAT")]
    listed = ", ".join(f'"{name}"' for name in own)
    if not listed:
        return 0, 0
    for name, other in (("told", "again"), ("again", "told")):
        con.execute(
            f"create or replace temp table only_{name} as select {listed} from {name}.{table} except all select {listed} from {other}.{table}"
        )
    counts = [_count(con, f"select count(*) from only_{name}") for name in ("told", "again")]
    if any(counts) and doubles:
        alike = _alike(con, [name for name in own if name not in doubles], doubles)
        counts = [count - alike for count in counts]
    return counts[0], counts[1]


def _alike(con: Connection, exact: list[str], doubles: list[str]) -> int:
    """How many pairs of the rows left over are alike; pairs are made in the order of the exact columns, then of the doubles."""
    order = ", ".join(f'"{name}"' for name in (*exact, *doubles))
    key = ", ".join(f'"{name}"' for name in exact) or "1"
    paired = " and ".join(
        ["one.place = other.place", *(f'one."{name}" is not distinct from other."{name}"' for name in exact)]
    )
    close = " and ".join(
        f'(one."{name}" is not distinct from other."{name}"'
        f' or abs(one."{name}" - other."{name}") <= {_TOLERANCE} * greatest(abs(one."{name}"), abs(other."{name}")))'
        for name in doubles
    )
    numbered = "select *, row_number() over (partition by {key} order by {order}) as place from only_{name}"
    return _count(
        con,
        f"select count(*) from ({numbered.format(key=key, order=order, name='told')}) as one"
        f" inner join ({numbered.format(key=key, order=order, name='again')}) as other on {paired} where {close}",
    )


def _count(con: Connection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])
