"""The columns of a file as they were read: what each one means, how it is written, and values before and after."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables.intake.header import repeated_labels, unknown_labels
from receivables.intake.profile import ROLES, fold
from receivables.intake.records import split_fields, split_pipes
from receivables.intake.regular import raw_lines
from receivables.intake.sqltext import ident

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from receivables.intake.convert import Field, Typed
    from receivables.intake.recognise import Recognised


@dataclass(frozen=True)
class Example:
    """One cell as it stands in the file, and what the first role read from it became; NULL is None, as is all that was never typed."""

    line_no: int
    before: str
    after: str | None
    is_typed: bool = True


@dataclass(frozen=True)
class ColumnRead:
    """One column of the header, or what a head above the rows tells (position 0).

    `use` is role (read under `roles`), unused (a role this file's rows do not need), ignored (known and left aside), unknown, repeated
    (a label that stood before) or unlabelled.
    `written` says how its dates are written.
    """

    position: int
    label: str
    use: str
    roles: tuple[str, ...] = ()
    type: str = ""
    written: str = ""
    examples: tuple[Example, ...] = ()


EXAMPLE_ROWS: Final = 2_000
"""Items, from the first on, of which examples are taken: enough to meet the odd ones, and as quick on a file of millions."""

EXAMPLES: Final = 3
"""Examples of a column: one may be usual, the second shows a sign or a blank, the third what else there is."""


def columns_read(con: duckdb.DuckDBPyConnection, found: Recognised, typed: Typed | None) -> tuple[ColumnRead, ...]:
    """Every column of the header in order, then the roles that heads above the rows tell."""
    fields = _fields_by_place(typed)
    cells = _sampled(con, found)
    values = _values(con, typed, list(cells))
    columns = []
    for position, label in enumerate(found.header.labels, 1):
        told = _told(found, position, fields)
        silent = tuple(role for role, place in found.header.roles.items() if place == position)
        name = told[0][0] if told else ""
        columns.append(
            ColumnRead(
                position,
                label,
                "role" if told else "unused" if silent else _why_unread(found, position, label),
                tuple(dict.fromkeys(role for role, _ in told)) or silent,
                told[0][1] if told else "",
                typed.chosen.date_formats.get(name, "") if typed else "",
                _examples(position, name, cells, values),
            )
        )
    types = ROLES.get(found.profile.shape, {})
    heads = [
        ColumnRead(0, "(head above the rows)", "role", (role,), types.get(role, "text"))
        for role in found.profile.rows.group
    ]
    return (*columns, *heads)


def _fields_by_place(typed: Typed | None) -> dict[int, list[Field]]:
    """The fields whose text is made of a column, by the column's position; those read from one column alone stand first."""
    places: dict[int, list[Field]] = {}
    for field in sorted(typed.fields, key=lambda field: len(field.told)) if typed else ():
        for name in sorted(field.told):
            if name.startswith("cell_"):
                places.setdefault(int(name.removeprefix("cell_")), []).append(field)
    return places


def _told(found: Recognised, position: int, fields: Mapping[int, Sequence[Field]]) -> list[tuple[str, str]]:
    """Names and types of what is read from a column; before anything was typed, of what the header names."""
    if fields:
        return [(field.name, field.type) for field in fields.get(position, ())]
    types = ROLES.get(found.profile.shape, {})
    return [(role, types.get(role, "text")) for role, place in found.header.roles.items() if place == position]


def _why_unread(found: Recognised, position: int, label: str) -> str:
    if not label.strip():
        return "unlabelled"
    before = [fold(other) for other in found.header.labels[: position - 1]]
    if label in repeated_labels(found.header) and fold(label) in before:
        return "repeated"
    return "unknown" if label in unknown_labels(found.header, found.profile) else "ignored"


def _examples(
    position: int, name: str, cells: Mapping[int, Sequence[str]], values: Mapping[int, Mapping[str, str | None]]
) -> tuple[Example, ...]:
    """The first texts of different shapes, digits as 9 and letters as a; where there are too few, more texts of the same shape."""
    texts: dict[str, Example] = {}
    for line_no, row in cells.items():
        text = row[position - 1] if position <= len(row) else ""
        if text.strip():
            texts.setdefault(text, Example(line_no, text, values.get(line_no, {}).get(name), line_no in values))
    shapes: dict[str, Example] = {}
    for text, example in texts.items():
        shapes.setdefault(re.sub(r"[^\W\d_]+", "a", re.sub(r"\d+", "9", text)), example)
    odd = list(shapes.values())[:EXAMPLES]
    more = [example for example in texts.values() if example not in odd]
    return tuple(sorted([*odd, *more][:EXAMPLES], key=lambda example: example.line_no))


def _sampled(con: duckdb.DuckDBPyConnection, found: Recognised) -> dict[int, list[str]]:
    """The cells of the first items as they stand in the file, by line; none before the file is cut into items."""
    tables = {row[0] for row in con.execute("select table_name from duckdb_tables()").fetchall()}
    if "item" not in tables:
        return {}
    numbers = [n for (n,) in con.execute(f"select line_no from item order by line_no limit {EXAMPLE_ROWS}").fetchall()]
    rows: dict[int, list[str]] = {}
    if "record" in tables and numbers:
        rows = dict(con.execute(f"select line_no, cells from record where line_no in ({_listed(numbers)})").fetchall())
    left = [number for number in numbers if number not in rows]
    if left and found.text is not None:
        told = raw_lines(found.text, left).to_pydict()
        cut = split_pipes if found.container == "pipe_list" else lambda line: split_fields(line, found.delimiter)
        rows |= {int(n): cut(raw) for n, raw in zip(told["line_no"], told["raw"], strict=True)}
    return {number: rows[number] for number in numbers if number in rows}


def _values(
    con: duckdb.DuckDBPyConnection, typed: Typed | None, numbers: Sequence[int]
) -> dict[int, dict[str, str | None]]:
    """What the fields of the lines became, as text; nothing where nothing was typed."""
    is_typed = con.execute("select 1 from duckdb_columns() where table_name = 'typed_row' limit 1").fetchall()
    if typed is None or not is_typed or not numbers:
        return {}
    names = [field.name for field in typed.fields if not field.is_absent]
    texts = "".join(f", {ident(name)}::varchar" for name in names)
    rows = con.execute(f"select line_no{texts} from typed_row where line_no in ({_listed(numbers)})").fetchall()
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(map(str, numbers))
