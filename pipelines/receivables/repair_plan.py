"""What a filled-in table asks for: which line each row is about, and what all rows about one line ask together."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final

from receivables.errors import UsageError
from receivables.intake.substitute import Asked
from receivables.quarantine import place_of, problems
from receivables.state import readings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from receivables.quarantine import Problem
    from receivables.quarantine_file import FilledRow
    from receivables.run import Night

    Line = tuple[str, int]
    """A line of a file's content, by its hash."""


def asked_for(night: Night, rows: Sequence[FilledRow]) -> tuple[dict[Line, Asked], int]:
    """What is asked for every line that is filled in, and how many lines are not.

    Raises:
        UsageError: a row that names no quarantined line, or rows that contradict each other.
    """
    filled = [row for row in rows if row.is_filled]
    known = _problems_named(night, filled)
    contents = {batch.batch_id: batch.file_sha256 for batch in night.state.batches()}
    rows_of: dict[Line, list[FilledRow]] = {}
    raw_of: dict[Line, str] = {}
    for row in filled:
        problem = _problem_of(row, known)
        line = (contents[problem.batch_id], problem.line_no)
        rows_of.setdefault(line, []).append(row)
        raw_of.setdefault(line, problem.raw_line)
    asked = {line: _one_wish(line[1], raw_of[line], told) for line, told in rows_of.items()}
    idle = {row.ref for row in rows if not row.is_filled} - {row.ref for row in filled}
    return asked, len(idle)


def _problems_named(night: Night, rows: Sequence[FilledRow]) -> dict[tuple[int, int], Problem]:
    named = {place for row in rows if (place := place_of(row.ref))}
    batches = {batch_id for batch_id, _ in named}
    told = [reading for reading in readings(night.state.batches()) if reading[0].batch_id in batches]
    found = problems(night.home.lake, told, sorted({line for _, line in named}))
    return {(problem.batch_id, problem.line_no): problem for problem in reversed(found)}


def _problem_of(row: FilledRow, known: Mapping[tuple[int, int], Problem]) -> Problem:
    problem = known.get(place_of(row.ref) or (0, 0))
    if problem is None:
        raise UsageError(
            got=f"row {row.row} with ref {row.ref!r}, which names no quarantined line of this home",
            expected="a ref as receivables findings export wrote it",
            try_="exporting again, or the right --home",
        )
    if _loosely(row.raw_line) != _loosely(problem.raw_line):
        raise UsageError(
            got=f"row {row.row} ({row.ref}), whose raw_line is not that of line {problem.line_no} of {problem.file_name}",
            expected="raw_line as it was exported, beside the ref it belongs to",
            try_="exporting again, and filling repaired_line, repaired_value or decision only",
        )
    return problem


_UNSURE: Final = re.compile("_x[0-9A-Fa-f]{4}_|[\x00-\x1f\x7f\ufffe\uffff]")
_CELL_MAX: Final = 30_000


def _loosely(text: str) -> str:
    """A text without what spreadsheets change when they store it: control characters, line ends, what is beyond a cell's length."""
    return "".join(_UNSURE.sub("", text[:_CELL_MAX]).split())[: _CELL_MAX // 2]


def _one_wish(line_no: int, raw_line: str, rows: Sequence[FilledRow]) -> Asked:
    """What all rows about one line ask together.

    Raises:
        UsageError: two of them contradict each other.
    """
    first: dict[str, FilledRow] = {}
    for row in rows:
        for what, text in row.asks():
            other = first.setdefault(what, row)
            if dict(other.asks())[what] != text:
                raise _contradiction(other, row)
    kinds = {what.partition(" ")[0]: row for what, row in first.items()}
    if len(kinds) > 1:
        one, other, *_ = kinds.values()
        raise _contradiction(one, other)
    told = {what: dict(row.asks())[what] for what, row in first.items()}
    values = tuple(sorted((what.partition(" ")[2], text) for what, text in told.items() if what.startswith("value")))
    return Asked(line_no, raw_line, told.get("line"), values, "leave_out" in told)


def _contradiction(one: FilledRow, other: FilledRow) -> UsageError:
    where = f"row {one.row}" if one.row == other.row else f"rows {one.row} and {other.row}"
    return UsageError(
        got=f"two different repairs of {one.ref} in {where}",
        expected="one: repaired_line, or repaired_value for each column, or decision",
        try_="emptying what does not count",
    )


def as_json(one: Asked) -> str:
    """What is asked as it is recorded, by which the same again is known."""
    told = {"leave_out": True} if one.is_left_out else {"line": one.line} if one.line is not None else {}
    return json.dumps(told or {"values": dict(one.values)}, ensure_ascii=False, sort_keys=True)
