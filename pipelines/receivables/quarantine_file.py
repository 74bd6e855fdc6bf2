"""The quarantine as a table that people fill in: what stands in its rows, and what is asked by what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from receivables import filled_table
from receivables.errors import UsageError
from receivables.filled_table import Filled, Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from receivables.quarantine import Problem

LEAVE_OUT: Final = "leave_out"
"""The decision that a line is rightly no data."""

LAYOUT: Final = Layout(
    title="quarantine",
    key="ref",
    widths={
        "ref": 14, "file_name": 34, "line_no": 9, "reason_code": 20, "reason": 46, "column_name": 18, "raw_value": 22,
        "repaired_value": 22, "header_line": 40, "raw_line": 70, "repaired_line": 70, "decision": 14,
    },
    filled_in={
        "repaired_value": "Fill in: what the file should have said in this column, written as the file writes it.",
        "repaired_line": "Fill in instead: the whole line as it should be, with all its separators and quotes.",
        "decision": f"Fill in instead: {LEAVE_OUT}, where the line is rightly no data.",
    },
    choices={"decision": (LEAVE_OUT,)},
    needed=("raw_line",),
    written_by="receivables findings export",
    fewer="--reason CODE",
)  # fmt: skip
"""The table of the quarantine."""


@dataclass(frozen=True)
class FilledRow:
    """One row of the table as it came back; `row` is its number in the file, the header's row counted too."""

    row: int
    ref: str
    column_name: str
    raw_line: str
    repaired_value: str
    repaired_line: str
    decision: str

    def asks(self) -> tuple[tuple[str, str], ...]:
        """What is filled in, as (what, text); a line that repeats the file's own asks nothing."""
        told = (
            (f"value {self.column_name}", self.repaired_value),
            ("line", "" if self.repaired_line == self.raw_line else self.repaired_line),
            (LEAVE_OUT, self.decision),
        )
        return tuple((what, text) for what, text in told if text.strip())

    @property
    def is_filled(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.asks())


def write_table(path: Path, found: Sequence[Problem], sentence: Callable[[str], str]) -> None:
    """Write the table to a new file, private to the user; `sentence` says what a reason code means.

    Raises:
        UsageError: the name says neither kind of file, it exists, cannot be written, or holds no more rows.
    """
    filled_table.write_table(path, LAYOUT, [_cells(problem, sentence) for problem in found])


def _cells(problem: Problem, sentence: Callable[[str], str]) -> dict[str, str]:
    return {
        "ref": problem.ref,
        "file_name": problem.file_name,
        "line_no": str(problem.line_no),
        "reason_code": problem.reason_code,
        "reason": sentence(problem.reason_code),
        "column_name": problem.column_name,
        "raw_value": problem.raw_value,
        "header_line": problem.header_line,
        "raw_line": problem.raw_line,
    }


def read_table(path: Path) -> list[FilledRow]:
    """Read a table that was filled in, from a workbook or a CSV file.

    Raises:
        UsageError: it is no such table, or a row of it cannot be understood.
    """
    told = [_filled_row(row) for row in filled_table.read_table(path, LAYOUT)]
    return [row for row in told if row.ref or row.is_filled]


def _filled_row(row: Filled) -> FilledRow:
    decision = row.word("decision").casefold()
    if decision not in ("", LEAVE_OUT):
        raise UsageError(
            got=f"decision {decision!r} in row {row.row}",
            expected=f"{LEAVE_OUT} or nothing",
            try_="repaired_line for what the line should say",
        )
    return FilledRow(
        row=row.row,
        ref=row.word("ref"),
        column_name=row.word("column_name"),
        raw_line=row.text("raw_line"),
        repaired_value=row.text("repaired_value"),
        repaired_line=row.text("repaired_line"),
        decision=decision,
    )
