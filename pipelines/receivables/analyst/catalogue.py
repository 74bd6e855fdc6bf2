"""What is published, in words: every table with what a row of it is, every column with type, unit and meaning."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from html import escape
from typing import TYPE_CHECKING, Any

from receivables import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from receivables.engine import Connection


def html_table(head: Iterable[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table for a notebook; every cell is text and no markup."""
    cells = "".join(f"<th style='text-align:left'>{escape(str(cell))}</th>" for cell in head)
    lines = "".join(
        f"<tr>{''.join(f'<td style=text-align:left>{escape(str(cell))}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{lines}</tbody></table>"


class Tables(dict[str, str]):
    """Tables with what one row of each is, shown as a list of them."""

    def _repr_html_(self) -> str:
        return html_table(("table", "one row"), self.items())


@dataclass(frozen=True)
class Column:
    """A column of a published table; `meaning` is empty where the dictionaries have no words for it."""

    name: str
    type: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Description:
    """A published table: what a row of it is (`grain`), what else there is to know of it, its rows and columns; `key` only of canonical tables."""

    table: str
    grain: str
    notes: str
    key: tuple[str, ...]
    rows: int
    columns: tuple[Column, ...]

    @property
    def frame(self) -> pd.DataFrame:
        """Its columns, a row each."""
        import pandas as pd

        return pd.DataFrame([astuple(column) for column in self.columns], columns=_HEAD)

    def __str__(self) -> str:
        widest = max(len(column.name) for column in self.columns)
        lines = [
            f"  {column.name:{widest}}  {column.type.lower()}{f', {column.unit}' if column.unit else ''}{f': {column.meaning}' if column.meaning else ''}"
            for column in self.columns
        ]
        return "\n".join([f"{self.table}, {self.rows:,} rows. {self._words()}", *lines])

    def _words(self) -> str:
        key = f"Key: {', '.join(self.key)}." if self.key else ""
        return " ".join(filter(None, (self.grain, self.notes, key)))

    def _repr_html_(self) -> str:
        rows = [astuple(column) for column in self.columns]
        title = f"<p><b>{escape(self.table)}</b>, {self.rows:,} rows. {escape(self._words())}</p>"
        return title + html_table(_HEAD, rows)


_HEAD = [field.name for field in fields(Column)]


def described(con: Connection, table: str, words: str) -> Description:
    """A table that is published; `words` is its comment."""
    schema_name, _, name = table.partition(".")
    rows = con.execute(
        "select column_name, data_type from duckdb_columns() where schema_name = ? and table_name = ? order by column_index",
        [schema_name, name],
    ).fetchall()
    ((count,),) = con.execute(f"select count(*) from {table}").fetchall()
    canonical = schema.TABLES.get(name) if schema_name == "core" else None
    grain, _, notes = (words or (canonical.grain if canonical else "")).partition(". ")
    key = ("company_id", *(part for part in canonical.key if part != "company_id")) if canonical else ()
    columns = tuple(_column(table, column, kind) for column, kind in rows)
    return Description(table, grain.rstrip(".") + "." if grain else "", notes, key, count, columns)


def _column(table: str, name: str, kind: str) -> Column:
    told = schema.meaning(table, name)
    return Column(name, kind, told.unit, told.text)
