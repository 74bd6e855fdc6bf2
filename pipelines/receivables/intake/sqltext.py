"""Building SQL text safely: names and values that come from files and profiles are always quoted here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection

SPACES: Final = " \t\f\u00a0"
"""What is no word in a cell."""

FILLED: Final = (
    f"array_to_string(list_filter(list_transform(cells, lambda c: trim(c, '{SPACES}')), lambda c: c <> ''), chr(9))"
)
"""SQL for what a record says: its cells that are not blank, with a tab between them."""


def ident(name: str) -> str:
    """Quote a column or table name."""
    return '"' + name.replace('"', '""') + '"'


def cell(position: int) -> str:
    """The column of table `item` that holds a record's cell; positions count from 1."""
    return f"cell_{position}"


def lit(value: str | None) -> str:
    """Quote a text value; None is NULL."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"


def any_of(text: str, values: Collection[str]) -> str:
    """SQL condition: a text is one of a few; a long IN would become a join, in each case it stands in."""
    return f"({' or '.join(f'{text} = {lit(value)}' for value in values)})" if values else "false"
