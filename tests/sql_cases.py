"""SQL model tests without Python: pytest collects folders of given tables and one expected result.

A case is a folder `tests/sql/<schema>.<model>/<case>/` with

- `given/<schema>.<table>.csv`, one file per table the model reads. Empty is NULL, `""` is the empty text, lists are
  separated by `;`. A table of the dictionary (in `lake`, `entries`, `staging` or `core`) has all its columns, with their
  types; those the file leaves out are NULL, in `lake` as the loader fills them: defaults, every row current and first, its
  batch the one of its file's arrival; the lake's own tables (`lake.batch`, `lake.published`) have their types too. Any
  other column needs its type in `params.toml`. `params.*` holds the default settings unless the case gives the table. A
  model of `entries` that is read and not given is built from the lake in its turn; tables of the dictionary in the lake that
  are not given are empty.
- `expect.csv`: the result, in any order, on exactly the columns it lists. Numbers compare exactly, doubles to nine digits.
- `params.toml`, if needed: every top-level key is a variable of the query (`as_of = 2026-10-31`), `[types."core.x"]`
  gives types (`days_overdue = "INTEGER"`).
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pytest

from receivables import assets, engine, schema
from receivables.engine.duckdb import write_params
from receivables.engine.models import read_model
from receivables.lake import OWN
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Set
    from pathlib import Path

    from receivables.engine import Model

CANONICAL_SCHEMAS: Final = ("lake", "entries", "staging", "core")

# What a case need not give: it is built from what the case gives of the lake.
BUILT: Final = ("entries.", "staging.company", "staging.closing_rate")

# What landing adds to every row beyond the dictionary; views over the lake show it.
LANDING_TYPES: Final = {
    "extract_as_of": "DATE",
    "source_mode": "VARCHAR",
    "missing_since": "DATE",
    "loaded_at": "TIMESTAMP",
    "is_current": "BOOLEAN",
    "is_first": "BOOLEAN",
    "arrival_id": "BIGINT",
}

LANDED: Final = {"is_current": True, "is_first": True, "recorded_source": "batch", "source_mode": "delta"}

EXACT: Final = ("DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "UINTEGER", "USMALLINT")


class CaseError(Exception):
    """A case is written wrongly, or its model cannot run; the message says which and why."""


class Differs(Exception):
    """The model's result is not the expected one; the message is the difference."""


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take every `expect.csv` three folders below `tests/` as a test case."""
    is_case = file_path.name == "expect.csv" and [folder.name for folder in file_path.parents][2:4] == ["sql", "tests"]
    return CaseFile.from_parent(parent, path=file_path) if is_case else None


class CaseFile(pytest.File):
    """The folder of one case."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield the one test the folder is."""
        folder = self.path.parent
        yield CaseItem.from_parent(self, name=f"{folder.parent.name}/{folder.name}")


class CaseItem(pytest.Item):
    """Runs one case."""

    def runtest(self) -> None:
        """Run the model on the given tables and compare."""
        run_case(self.path.parent, assets.sql_dir())

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show a difference or a faulty case as it is, without a traceback."""
        if isinstance(excinfo.value, (CaseError, Differs)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Name the case in pytest's report."""
        return self.path, 0, self.name


def run_case(folder: Path, sql_dir: Path) -> None:
    """Run the case in `folder` against the models below `sql_dir`.

    Raises:
        CaseError: a table, column, type or model is missing, or the SQL fails.
        Differs: the result is another one.
    """
    model = folder.parent.name
    params = _read_params(folder / "params.toml")
    types = params.pop("types", {})
    ground = _ground(sql_dir)
    db = ground.db
    db.execute("begin")
    try:
        for name, value in params.items():
            db.execute(f"set variable {_quoted(name)} = {_literal(value)}")
        given = sorted((folder / "given").glob("*.csv"))
        for path in given:
            _load(db, path, types.get(path.stem, {}))
        _run_model(ground, sql_dir, model, {path.stem for path in given})
        difference = _difference(db, folder / "expect.csv")
    except duckdb.Error as error:
        _ground.cache_clear()  # an engine may be of no use after some errors
        cause = str(error).partition("\n\n")[0]  # what follows is advice about reading files
        raise CaseError(f"{model}/{folder.name}: {cause}") from error
    finally:
        with suppress(duckdb.Error):
            db.execute("rollback")
            for name in params:
                db.execute(f"reset variable {_quoted(name)}")
    if difference:
        raise Differs(f"{model}/{folder.name}\n{difference}")


@dataclass(frozen=True)
class _Ground:
    """What all cases stand on, made once: params, macros, an empty lake and what is made of it. What a case makes is taken back after it."""

    db: duckdb.DuckDBPyConnection
    built: dict[str, Model]
    """What a case need not give, each after those it reads."""
    empty: frozenset[str]
    """Tables of the lake, and of what is built from it, that stand there without a row."""


@lru_cache(maxsize=1)
def _ground(sql_dir: Path) -> _Ground:
    db = engine.connect()
    write_params(db, Settings())
    for shared in sorted(sql_dir.glob("*.sql")):  # macros every model may use
        db.execute(shared.read_text(encoding="utf-8"))
    for schema_name in ("lake", "entries", "staging"):
        db.execute(f"create schema {schema_name}")
    for name, table in schema.TABLES.items():
        columns = table.ddl_columns | LANDING_TYPES
        db.execute(f"create table lake.{name} ({', '.join(f'{_quoted(c)} {kind}' for c, kind in columns.items())})")
    empty = {f"lake.{name}" for name in schema.TABLES}
    built = _what_is_built(sql_dir)
    standing = set(empty)
    for name, model in built.items():
        if all(read in standing or read.startswith("params.") for read in model.reads):
            db.execute(f"create table {name} as {model.sql}")
            standing.add(name)
            empty |= {name} if model.is_empty(empty) else set()
    return _Ground(db, built, frozenset(empty))


def _what_is_built(sql_dir: Path) -> dict[str, Model]:
    found = {
        model.full_name: model
        for path in sorted(sql_dir.glob("*/*.sql"))
        if f"{path.parent.name}.{path.stem}".startswith(BUILT)
        for model in [read_model(path)]
    }
    order = TopologicalSorter({name: sorted(model.reads & found.keys()) for name, model in found.items()})
    return {name: found[name] for name in order.static_order()}


def _read_params(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _load(db: duckdb.DuckDBPyConnection, path: Path, declared: dict[str, str]) -> None:
    header = _header(path)
    schema_name, _, table_name = path.stem.partition(".")
    target = f"{_quoted(schema_name)}.{_quoted(table_name)}"
    db.execute(f"create schema if not exists {_quoted(schema_name)}")
    known = _params_types(db, table_name) if schema_name == "params" else {}
    if schema_name == "lake" and table_name in OWN:
        known = {
            name: kind for name, _, kind in (column.strip().partition(" ") for column in _columns(OWN[table_name]))
        }
    types = _types_of(path.stem, header, known | declared)
    db.execute(
        f"create or replace table {target} ({', '.join(f'{_quoted(name)} {kind}' for name, kind in types.items())})"
    )
    converted = ", ".join(f"{_converted(name, types[name])} as {_quoted(name)}" for name in header)
    db.execute(f"insert into {target} by name select {converted} from {_csv(path, header)}")
    if schema_name == "lake":
        _fill(db, table_name, types.keys() - set(header))


def _columns(ddl: str) -> list[str]:
    """The columns of a table's definition; a comma inside brackets ends none."""
    return re.split(r",(?![^(]*\))", ddl)


def _fill(db: duckdb.DuckDBPyConnection, table: str, untold: Iterable[str]) -> None:
    """Fill what a file of the lake leaves out as the loader does."""
    columns = schema.TABLES[table].columns if table in schema.TABLES else {}
    filled = {name: column.default for name, column in columns.items() if column.default} | LANDED
    for name in sorted(filled.keys() & untold):
        db.execute(f"update lake.{table} set {_quoted(name)} = {_literal(filled[name])}")
    if "arrival_id" in untold and table in schema.TABLES:
        db.execute(f"update lake.{table} set arrival_id = batch_id")


def _params_types(db: duckdb.DuckDBPyConnection, table: str) -> dict[str, str]:
    query = "select column_name, data_type from duckdb_columns() where schema_name = 'params' and table_name = ?"
    return {str(name): str(kind) for name, kind in db.execute(query, [table]).fetchall()}


def _types_of(table: str, header: Sequence[str], known: dict[str, str]) -> dict[str, str]:
    """The table's columns: those of the dictionary, then what the file has more, typed by landing or as known."""
    schema_name, _, name = table.partition(".")
    canonical = schema.TABLES.get(name) if schema_name in CANONICAL_SCHEMAS else None
    types = dict(canonical.ddl_columns) if canonical else {}
    landed = [column for column in LANDING_TYPES if canonical and (schema_name == "lake" or column in header)]
    more = {column: LANDING_TYPES[column] for column in landed}
    types |= more | known
    untyped = [column for column in header if column not in types]
    if untyped:
        raise CaseError(f'{table}: give {", ".join(untyped)} a type in params.toml, below [types."{table}"]')
    return types


def _run_model(ground: _Ground, sql_dir: Path, model: str, given: Set[str]) -> None:
    schema_name, _, name = model.partition(".")
    path = sql_dir / schema_name / f"{name}.sql"
    if not path.is_file():
        raise CaseError(f"{model}: no model {schema_name}/{name}.sql")
    tested = read_model(path)
    _build_reads(ground, tested, given)
    ground.db.execute(f"create temp table actual as\n{tested.sql.rstrip(';')}")


def _build_reads(ground: _Ground, tested: Model, given: Set[str]) -> None:
    """Build what the model reads and the case need not give, and what that reads in its turn, unless it stands there without a row and still has none."""
    needed = {name for name in tested.reads if name.startswith(BUILT)} - given
    for name in reversed(ground.built):
        if name in needed:
            needed |= {below for below in ground.built[name].reads if below.startswith(BUILT)} - given
    empty = {*ground.empty} - given
    for name, model in ground.built.items():
        if name not in needed:
            continue
        if name in ground.empty and model.is_empty(empty):
            continue
        empty.discard(name)
        ground.db.execute(f"create or replace table {name} as {model.sql}")


def _difference(db: duckdb.DuckDBPyConnection, expect: Path) -> str:
    """What stands on one side only, as two small tables; empty where both sides are equal."""
    columns = _header(expect)
    types = {str(row[0]): str(row[1]) for row in db.execute("describe actual").fetchall()}
    absent = [column for column in columns if column not in types]
    if absent:
        raise CaseError(f"expect.csv names {', '.join(absent)}; the model has {', '.join(types)}")
    expected = _rows(db, [_converted(column, _comparable(types[column])) for column in columns], _csv(expect, columns))
    actual = _rows(db, [f"cast({_quoted(column)} as {_comparable(types[column])})" for column in columns], "actual")
    parts = [
        (f"only in {side}:", _table(columns, sorted((left - right).elements())))
        for side, left, right in (("expect.csv", expected, actual), ("the model's result", actual, expected))
        if left - right
    ]
    return "\n".join(f"{title}\n{table}" for title, table in parts)


def _rows(db: duckdb.DuckDBPyConnection, expressions: Sequence[str], source: str) -> Counter[tuple[str, ...]]:
    rows = db.execute(f"select {', '.join(expressions)} from {source}").fetchall()
    return Counter(tuple(_text(cell) for cell in row) for row in rows)


def _comparable(kind: str) -> str:
    """A type wide enough that an expected 12.345 is not rounded into a model's DECIMAL(18,2) and then found equal."""
    return "DECIMAL(38, 10)" if kind.startswith(EXACT) and not kind.endswith("]") else kind


def _converted(column: str, kind: str) -> str:
    text = _quoted(column)
    return f"cast(string_split({text}, ';') as {kind})" if kind.endswith("[]") else f"cast({text} as {kind})"


def _text(cell: Any) -> str:
    """One cell as it is compared and shown."""
    if cell is None:
        return "NULL"
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, Decimal):
        return f"{cell:f}".rstrip("0").rstrip(".") if cell else "0"
    if isinstance(cell, float):
        return f"{cell:.9g}"
    if isinstance(cell, list):
        return ";".join(_text(item) for item in cell)
    return str(cell) or "''"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines)
    return "\n".join("  " + "  ".join(cells).rstrip() for cells in padded)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return next(csv.reader(file), [])


def _csv(path: Path, columns: Sequence[str]) -> str:
    kinds = ", ".join(f"{_literal(column)}: 'VARCHAR'" for column in columns)
    dialect = "auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"', allow_quoted_nulls = false"
    return f"read_csv({_literal(str(path))}, columns = {{{kinds}}}, {dialect})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: Any) -> str:
    """A TOML value as SQL: text, numbers and booleans as they are, dates and times with their type."""
    if isinstance(value, bool | int | float):
        return str(value)
    kind = {"date": "date ", "datetime": "timestamp "}.get(type(value).__name__, "")
    return kind + "'" + str(value).replace("'", "''") + "'"
