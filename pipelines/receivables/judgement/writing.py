"""How judgement writes a table: what was told, with the as-of date before it and its grain beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from receivables.engine import comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from receivables.engine import Connection


def table_of(rows: Iterable[Mapping[Any, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table whose types do not depend on what is in it; what a row does not tell is NULL."""
    told = list(rows)
    columns = [
        pa.array([row.get(name) for row in told], schema.field(name).type, from_pandas=True) for name in schema.names
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def write(con: Connection, name: str, told: pa.Table, grain: str) -> None:
    """Create the table `name` with its grain; `as_of` comes first."""
    con.register("told", told)
    con.execute(f"create table {name} as select getvariable('as_of') as as_of, told.* from told")
    con.unregister("told")
    comment(con, name, grain)
