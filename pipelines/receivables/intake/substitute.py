"""Lines that somebody repaired, put in the place of a file's own before it is cut into items."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from receivables.errors import UsageError
from receivables.intake.fields import fields_of
from receivables.intake.profile import fold
from receivables.intake.records import replace_at, replace_drawn, replace_field
from receivables.intake.regular import raw_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import duckdb

    from receivables.intake.convert import Field
    from receivables.intake.recognise import Recognised


@dataclass(frozen=True)
class Replacement:
    """What is read in the place of the record at a line: as many lines of text, or the cells as a JSON list where a file has no lines."""

    line_no: int
    text: str
    is_left_out: bool = False


@dataclass(frozen=True)
class Asked:
    """What somebody asks to be read in the place of a record: another line, other texts in some of its columns, or nothing at all."""

    line_no: int
    raw_line: str
    line: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    is_left_out: bool = False


def substitute(
    con: duckdb.DuckDBPyConnection, found: Recognised, recorded: Sequence[Replacement], asked: Sequence[Asked]
) -> tuple[Recognised, tuple[Replacement, ...]]:
    """Put repaired records in the place of the file's own, in the order in which they were decided; returns what is asked as it is to be recorded.

    A value is put into its line as that stands after everything recorded.

    Raises:
        UsageError: what is asked cannot be put into this file.
    """
    if not recorded and not asked:
        return found, ()
    if found.text is not None:
        settled = _settle_text(found, found.text, recorded, asked)
        _apply_text(found.text, _physical((*recorded, *settled)))
    else:
        settled = _settle_cells(con, found, recorded, asked)
        _apply_cells(con, (*recorded, *settled))
    every = (*recorded, *settled)
    latest = {one.line_no: one.is_left_out for one in every}
    return replace(found, left_out=tuple(sorted(line for line, is_out in latest.items() if is_out))), settled


_Settled = tuple[Replacement, ...]


def _settle_text(found: Recognised, text: Path, recorded: Sequence[Replacement], asked: Sequence[Asked]) -> _Settled:
    spans = {one.line_no: one.text.count("\n") + 1 for one in recorded}
    spans = {one.line_no: max(one.raw_line.count("\n") + 1, spans.get(one.line_no, 1)) for one in asked}
    told = _lines_of(text, spans) | _physical(recorded)
    is_out = {one.line_no: one.is_left_out for one in recorded}
    write = _cell_writer(found, fields_of(found) if any(one.values for one in asked) else [])
    settled = []
    for one in asked:
        span = spans[one.line_no]
        stands = "\n".join(told.get(one.line_no + n, "") for n in range(span))
        seen = one.raw_line if is_out.get(one.line_no) else stands
        line = "" if one.is_left_out else _plain(one.line) if one.line is not None else seen.rstrip("\n")
        for column, value in one.values:
            line = write(one, line, column, _plain(value))
        settled.append(Replacement(one.line_no, _as_long(found, one, line, span), one.is_left_out))
    return tuple(settled)


def _lines_of(text: Path, spans: Mapping[int, int]) -> dict[int, str]:
    """Some lines of the file as they stand."""
    numbers = [line + n for line, span in spans.items() for n in range(span)]
    if not numbers:
        return {}
    told = raw_lines(text, numbers)
    return dict(zip(told["line_no"].to_pylist(), told["raw"].to_pylist(), strict=True))


def _physical(replacements: Sequence[Replacement]) -> dict[int, str]:
    """Line by line what stands where after all replacements, the later over the earlier."""
    return {one.line_no + n: line for one in replacements for n, line in enumerate(one.text.split("\n"))}


_NO_TEXT: Final = re.compile("[\x00\x01]")


def _plain(text: str) -> str:
    """A person's text as a file would hold it once it is read: plain line ends, none at its end, and no character that no export means."""
    return _NO_TEXT.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n")).removesuffix("\n")


def _as_long(found: Recognised, one: Asked, text: str, span: int) -> str:
    """The text in as many lines as it replaces, so that all others keep their numbers; what it does not need is left blank.

    Raises:
        UsageError: it has more.
    """
    missing = span - 1 - text.count("\n")
    if missing < 0:
        raise UsageError(
            got=f"{span - missing} lines for {span} at line {one.line_no} of {found.source.path.name}",
            expected="no more lines than are replaced, since all others keep their numbers",
            try_="one record in each repaired_line",
        )
    return text + "\n" * missing


def _cell_writer(found: Recognised, fields: Sequence[Field]) -> Callable[[Asked, str, str, str], str]:
    """How a value is put into a line of this file."""

    def write(one: Asked, text: str, column: str, value: str) -> str:
        place = _place(found, fields, one, column)
        if found.container == "pipe_list":
            written = replace_drawn(text, found.header.width, place, value)
        elif found.container == "fixed_width":
            written = replace_at(text, found.profile.columns_at, place, value)
        else:
            written = replace_field(text, found.delimiter, place, value)
        if written is None:
            raise _needs_line(found, one, column, "which has no place of its own in this line")
        return written

    return write


def _place(found: Recognised, fields: Sequence[Field], one: Asked, column: str) -> int:
    """The position (from 1) of the one cell a column is read from.

    Raises:
        UsageError: there is none, or more than one.
    """
    field = next((field for field in fields if field.name == column), None)
    texts = " ".join((field.cell, *field.sum_cells)) if field is not None else ""
    places = {int(number) for number in re.findall(r"\bcell_([0-9]+)\b", texts)}
    if not places:
        labels = [fold(label) for label in found.header.labels]
        places = {labels.index(fold(column)) + 1} if fold(column) in labels else set()
    if len(places) != 1:
        why = "which is put together from several cells" if places else "which has no cell of its own in this file"
        raise _needs_line(found, one, column, why)
    return places.pop()


def _needs_line(found: Recognised, one: Asked, column: str, why: str) -> UsageError:
    return UsageError(
        got=f"a repaired_value for {column or 'no column'} at line {one.line_no} of {found.source.path.name}, {why}",
        expected="the whole line as it should be",
        try_="filling repaired_line instead",
    )


def _apply_text(text: Path, lines: Mapping[int, str]) -> None:
    unfinished = text.with_suffix(".repaired")
    with text.open("rb") as old, unfinished.open("wb") as new:
        for number, line in enumerate(old, 1):
            end = b"\n" if line.endswith(b"\n") else b""
            new.write(lines[number].encode() + end if number in lines else line)
    unfinished.replace(text)


def _settle_cells(
    con: duckdb.DuckDBPyConnection, found: Recognised, recorded: Sequence[Replacement], asked: Sequence[Asked]
) -> _Settled:
    con.register("asked_rows", pa.table({"line_no": pa.array([one.line_no for one in asked], pa.int64())}))
    told = con.execute("select line_no, cells from record semi join asked_rows using (line_no)").fetchall()
    con.unregister("asked_rows")
    stands: dict[int, list[str]] = dict(told)
    stands |= {one.line_no: json.loads(one.text) for one in recorded if not one.is_left_out}
    fields = fields_of(found) if any(one.values for one in asked) else []
    settled = []
    for one in asked:
        cells = stands[one.line_no]
        if one.is_left_out:
            cells = [""] * len(cells)
        elif one.line is not None:
            cells = _cut_cells(found, one, one.line, len(cells))
        for column, value in one.values:
            place = _place(found, fields, one, column)
            cells = [value if n == place else cell for n, cell in enumerate(cells, 1)]
        settled.append(Replacement(one.line_no, json.dumps(cells, ensure_ascii=False), one.is_left_out))
    return tuple(settled)


def _cut_cells(found: Recognised, one: Asked, line: str, width: int) -> list[str]:
    """The cells of a row that is written as one line.

    Raises:
        UsageError: it has more or fewer cells than the row.
    """
    cells = line.split("\t")
    if len(cells) != width:
        raise UsageError(
            got=f"{len(cells)} cells in repaired_line for row {one.line_no} of {found.source.path.name}",
            expected=f"{width} cells with a tab between them, as raw_line has them",
            try_="filling repaired_value instead",
        )
    return cells


def _apply_cells(con: duckdb.DuckDBPyConnection, replacements: Sequence[Replacement]) -> None:
    latest = {one.line_no: json.loads(one.text) for one in replacements}
    told = pa.table(
        {
            "line_no": pa.array(list(latest), pa.int64()),
            "cells": pa.array(list(latest.values()), pa.list_(pa.string())),
        }
    )
    con.register("repaired_rows", told)
    con.execute(
        "update record set cells = told.cells, raw = array_to_string(told.cells, chr(9)) from repaired_rows as told where record.line_no = told.line_no"
    )
    con.unregister("repaired_rows")
