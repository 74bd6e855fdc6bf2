"""Column profiles: what a batch's rows are like, column by column, taken from its Parquet in one pass and compared with the batch before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from receivables.assets import sql_dir
from receivables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.state import Batch

CODES: Final = ("kind", "source_type")
"""Columns of type codes: what a document or receipt is, here and as the ERP names it."""

CODES_KEPT: Final = 500
"""Codes kept of one column, the first in order: a column of more is no list of types."""

PROFILE: Final = (
    "batch_id bigint, column_name varchar, kind varchar, row_count bigint, nulls bigint, distinct_count bigint, largest decimal(38, 4),"
    " gross decimal(38, 4), first_day date, last_day date, codes varchar[]"
)
"""One row per batch and column told in it. largest and gross (the sum) are of amounts without their sign."""


def kind_of(table: str, column: str) -> str:
    """What kind of column it is: key (the table's own), id, code, money, date or other."""
    if column in TABLES[table].key:
        return "key"
    if column in CODES:
        return "code"
    kind = TABLES[table].columns[column].type
    return kind if kind in ("id", "money", "date") else "other"


def profile_query(con: Connection, table: str, path: Path, batch_id: int) -> str:
    """SQL for the profile of a batch; each column is read once, and distinct values are estimated, the same way every time."""
    source = f"read_parquet('{str(path).replace(chr(39), chr(39) * 2)}')"
    told = [row[0] for row in con.execute(f"select column_name from (describe select * from {source})").fetchall()]
    columns = [name for name in told if name in TABLES[table].columns]
    return " union all ".join(_column_query(source, name, kind_of(table, name), batch_id) for name in columns)


def _column_query(source: str, name: str, kind: str, batch_id: int) -> str:
    largest, gross = ('max(abs("{0}"))', 'sum(abs("{0}"))') if kind == "money" else ("null", "null")
    first, last = ('min("{0}")', 'max("{0}")') if kind == "date" else ("null", "null")
    codes = (
        f'(select list(code order by code) from (select distinct "{name}"::varchar as code from {source} where "{name}" is not null order by code limit {CODES_KEPT}))'
        if kind == "code"
        else "null"
    )
    return (
        f"select {batch_id}::bigint as batch_id, '{name}' as column_name, '{kind}' as kind, count(*)::bigint as row_count,"
        f' (count(*) - count("{name}"))::bigint as nulls, approx_count_distinct("{name}")::bigint as distinct_count,'
        f" {largest.format(name)}::decimal(38, 4) as largest, {gross.format(name)}::decimal(38, 4) as gross,"
        f" {first.format(name)}::date as first_day, {last.format(name)}::date as last_day, {codes}::varchar[] as codes from {source}"
    )


def compare(
    con: Connection, pairs: Sequence[tuple[Batch, Batch | None]], earlier: Iterable[tuple[int, int]], least_rows: int
) -> None:
    """Write what the frames of batches are made from: the pairs of a batch and the one before it, and which batches came before each.

    Args:
        con: a connection that holds `contract.profile`, made by `hold`.
        pairs: each batch to judge with the one it is compared with.
        earlier: batch ids, each with the id of a batch of its kind that came before.
        least_rows: a batch of fewer rows is nothing to compare with.
    """
    con.execute("create or replace table contract.pair (batch_id bigint, previous_id bigint)")
    con.execute("create or replace table contract.earlier (batch_id bigint, earlier_id bigint)")
    con.execute(
        "create or replace table contract.batch (batch_id bigint, company_id varchar, table_name varchar, file_name varchar, file_before varchar, mode varchar,"
        " extract_as_of date, control_total decimal(18, 4), control_total_file decimal(18, 4), least_rows bigint)"
    )
    for batch, before in pairs:
        con.execute("insert into contract.pair values (?, ?)", [batch.batch_id, before.batch_id if before else None])
        told = (
            batch.batch_id,
            batch.company_id,
            batch.table_name,
            batch.file_name,
            before.file_name if before else None,
        )
        more = (batch.mode, batch.extract_as_of, batch.control_total, batch.control_total_file, least_rows)
        con.execute("insert into contract.batch values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", [*told, *more])
    links = list(earlier)
    if links:
        con.executemany("insert into contract.earlier values (?, ?)", links)


def hold(con: Connection, paths: Sequence[Path]) -> None:
    """Hold the profiles kept in some files as `contract.profile`."""
    con.execute("create schema if not exists contract")
    con.execute(f"create or replace table contract.profile ({PROFILE})")
    if paths:
        con.execute("insert into contract.profile select * from read_parquet(?)", [[str(path) for path in paths]])


def frame(con: Connection, name: str) -> list[dict[str, Any]]:
    """The rows of one frame, `sql/contract/<name>.sql`; amounts are Decimal."""
    found = con.execute((sql_dir() / "contract" / f"{name}.sql").read_text(encoding="utf-8"))
    columns = [column[0] for column in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
