"""Building SQL text safely: names and values that come from files and profiles are always quoted here."""

from __future__ import annotations


def ident(name: str) -> str:
    """Quote a column or table name."""
    return '"' + name.replace('"', '""') + '"'


def lit(value: str | None) -> str:
    """Quote a text value; None is NULL."""
    return "null" if value is None else "'" + value.replace("'", "''") + "'"
