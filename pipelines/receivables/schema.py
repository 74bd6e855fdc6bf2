"""The column dictionary: every canonical table and column once, with its type, unit and meaning.

The words stand in `dictionary.toml`, those of the columns that only published tables have in `published.toml`; this module reads them into records.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

DICTIONARY: Final = Path(__file__).with_name("dictionary.toml")
PUBLISHED: Final = Path(__file__).with_name("published.toml")

_DUCKDB_TYPES: Final = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "enum": "VARCHAR",
    "list": "VARCHAR[]",
    "currency": "VARCHAR",
    "country": "VARCHAR",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "time": "TIME",
    "money": "DECIMAL(18,4)",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
}

PROVENANCE: Final = ("batch_id", "line_no", "recorded_at", "recorded_source")
"""Columns the loader adds to every row: the batch and physical line it came from, and when it was known and how."""

_ROW = re.compile(
    r"(?P<name>\w+)\s+(?P<type>\w+)(?:\((?P<args>[^)]*)\))?(?::(?P<ref>\w+))?(?P<required>!)?(?:=(?P<default>\S+))?"
    r"(?:\s+<(?P<alias>\w+))?\s*\|\s*(?P<meaning>.+)"
)


@dataclass(frozen=True)
class Column:
    """One column of one canonical table.

    `ref` names the table an id column points to; `alias` is the name a file may use instead; `choices` are an enum's
    allowed values; `args` are a decimal's precision and scale; `personal` says which kind of personal data it holds (`personal_data`), if any.
    """

    name: str
    type: str
    required: bool
    meaning: str
    default: str | None = None
    ref: str | None = None
    alias: str | None = None
    choices: tuple[str, ...] = ()
    args: str = ""
    personal: str | None = None

    @property
    def duckdb_type(self) -> str:
        """The column's type in DuckDB."""
        return f"DECIMAL({self.args})" if self.type == "decimal" else _DUCKDB_TYPES[self.type]

    @property
    def is_id(self) -> bool:
        """Whether the loader puts `<company>:` before the value."""
        return self.type == "id"


@dataclass(frozen=True)
class Table:
    """One canonical table: its grain in a sentence, its key without the company, its columns in order."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: dict[str, Column]

    @property
    def ddl_columns(self) -> dict[str, str]:
        """Every stored column with its DuckDB type: company, the table's own columns, then the provenance."""
        own = {name: column.duckdb_type for name, column in self.columns.items()}
        provenance = {
            "batch_id": "BIGINT",
            "line_no": "BIGINT",
            "recorded_at": "TIMESTAMP",
            "recorded_source": "VARCHAR",
        }
        return {"company_id": "VARCHAR"} | own | provenance


def _column(line: str, key: list[str], personal: dict[str, str]) -> Column:
    match = _ROW.fullmatch(line)
    if match is None:
        raise ValueError(f"dictionary row not understood: {line!r}")
    args = (match["args"] or "").replace(" ", "")
    is_enum = match["type"] == "enum"
    return Column(
        name=match["name"],
        type=match["type"],
        required=match["required"] is not None or (match["name"] in key and match["default"] is None),
        meaning=match["meaning"].strip(),
        default="" if match["default"] == "''" else match["default"],
        ref=match["ref"],
        alias=match["alias"],
        choices=tuple(args.split(",")) if is_enum else (),
        args="" if is_enum else args,
        personal=personal.get(match["name"]),
    )


@cache
def load() -> dict[str, Table]:
    """Read the dictionary; keyed by table name, in the order of the file."""
    raw = tomllib.loads(DICTIONARY.read_text(encoding="utf-8"))
    tables = {}
    for name, body in raw.items():
        personal = body.get("personal", {})
        columns = [_column(line.strip(), body["key"], personal) for line in body["columns"].strip().splitlines()]
        if unknown := personal.keys() - {column.name for column in columns}:
            raise ValueError(f"personal data in no column of {name}: {sorted(unknown)}")
        tables[name] = Table(name, body["grain"], tuple(body["key"]), {column.name: column for column in columns})
    return tables


TABLES: Final = load()


_PUBLISHED_ROW = re.compile(r"(?P<name>\w+)(?P<unit>[a-z ]*?)\s*\|\s*(?P<meaning>.+)")
UNITS: Final = {
    "_local": "ledger currency",
    "_doc": "document currency",
    "_group": "reporting currency",
    "_pct": "percent",
    "_days": "days",
}
"""What the ending of a column's name says of its unit."""
_EVERY: Final = "every"


@dataclass(frozen=True)
class Meaning:
    """What a column of a published table means; `unit` is empty where it has none, `text` where the dictionaries have no words for it."""

    unit: str = ""
    text: str = ""


@cache
def _published() -> dict[str, dict[str, Meaning]]:
    raw = tomllib.loads(PUBLISHED.read_text(encoding="utf-8"))
    return {
        table: {
            name: meaning for line in body["columns"].strip().splitlines() for name, meaning in [_meaning(line.strip())]
        }
        for table, body in raw.items()
    }


def _meaning(line: str) -> tuple[str, Meaning]:
    match = _PUBLISHED_ROW.fullmatch(line)
    if match is None:
        raise ValueError(f"row of {PUBLISHED.name} not understood: {line!r}")
    return match["name"], Meaning(match["unit"].strip(), match["meaning"].strip())


def told_columns() -> dict[str, frozenset[str]]:
    """The columns that `published.toml` has words for of their own, by published table."""
    single = (table for table in _published() if table != _EVERY and not table.endswith("*"))
    return {table: frozenset(_published()[table]) for table in single}


def meaning(table: str, column: str) -> Meaning:
    """What a column of a published table means: by the words for this table or tables like it, by the canonical dictionary, or by those for every table."""
    words, own = _published(), Meaning()
    kind = next((name for name in words if name.endswith("*") and table.startswith(name[:-1])), "")
    canonical = TABLES[name].columns.get(column) if (name := table.removeprefix("core.")) in TABLES else None
    if canonical is not None and name != table:
        own = Meaning(text=canonical.meaning)
    elif not table.startswith("core.") or column in ("company_id", *PROVENANCE):
        own = words[_EVERY].get(column, own)
    found = words.get(table, {}).get(column) or words.get(kind, {}).get(column) or own
    return Meaning(found.unit or unit_of(column), found.text)


def unit_of(column: str) -> str:
    """The unit that the ending of a column's name tells; empty where it tells none."""
    return next((unit for end, unit in UNITS.items() if column.endswith(end)), "")
