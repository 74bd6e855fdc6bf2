"""Building SQL text safely: names and values that come from files and profiles are always quoted here."""

from __future__ import annotations

from typing import Final

SPACES: Final = " \t\f\u00a0"
"""What is no word in a cell."""

FILLED: Final = (
    f"array_to_string(list_filter(list_transform(cells, lambda c: trim(c, '{SPACES}')), lambda c: c <> ''), chr(9))"
)
"""SQL for what a record says: its cells that are not blank, with a tab between them."""


def ident(name: str) -> str:
    """Quote a column or table name."""
    return '"' + name.replace('"', '""') + '"'


def lit(value: str | None) -> str:
    """Quote a text value; None is NULL."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"
