"""What a sheet of a workbook is: columns with their type and meaning, and the query its rows come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Kind = Literal["text", "long_text", "money", "count", "points", "share", "date"]
"""How a column is written: money and numbers as numbers, points with one decimal, shares (fractions of 1) as percent."""


@dataclass(frozen=True)
class Column:
    """A column of a sheet: `sql` tells its value, `title` and `meaning` are messages, `currency` is the column that says in which currency its money is."""

    name: str
    sql: str
    title: str
    meaning: str = ""
    kind: Kind = "text"
    width: int = 0
    currency: str = ""
    is_summed: bool = False


@dataclass(frozen=True)
class Sheet:
    """A sheet: `source` is what follows FROM in its query, `order` the order of its rows, down to a key.

    `says` turns a value into words, `composes` a whole row into one; what they need beyond the columns is told by `hidden`, as SQL by name.
    """

    id: str
    columns: tuple[Column, ...]
    source: str
    order: str
    hidden: Mapping[str, str] = field(default_factory=dict)
    says: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    composes: Mapping[str, Callable[[Mapping[str, Any]], Any]] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """The query of its rows; `order` is not in it."""
        told = {column.name: column.sql for column in self.columns} | dict(self.hidden)
        columns = ", ".join(f'{sql} as "{name}"' for name, sql in told.items())
        return f"select {columns} from {self.source}"  # of our own words alone

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of its query in order, hidden ones last."""
        return (*(column.name for column in self.columns), *self.hidden)
