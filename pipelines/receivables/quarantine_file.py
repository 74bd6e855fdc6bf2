"""The quarantine as a table that people fill in: written as XLSX or CSV, read back from either, whatever a spreadsheet did to it meanwhile."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from receivables.errors import FileRefused, UsageError
from receivables.intake.container import sheet_texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from receivables.quarantine import Problem

LEAVE_OUT: Final = "leave_out"
"""The decision that a line is rightly no data."""

WIDTHS: Final[Mapping[str, int]] = {
    "ref": 14, "file_name": 34, "line_no": 9, "reason_code": 20, "reason": 46, "column_name": 18, "raw_value": 22,
    "repaired_value": 22, "header_line": 40, "raw_line": 70, "repaired_line": 70, "decision": 14,
}  # fmt: skip
"""The table's columns in order, and how many characters wide a spreadsheet shows them."""

FILLED_IN: Final[Mapping[str, str]] = {
    "repaired_value": "Fill in: what the file should have said in this column, written as the file writes it.",
    "repaired_line": "Fill in instead: the whole line as it should be, with all its separators and quotes.",
    "decision": f"Fill in instead: {LEAVE_OUT}, where the line is rightly no data.",
}
"""The columns that are empty for a person to fill in, and what goes into them."""

_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK: Final = "'"
_CELL_MAX: Final = 32_767
_ROWS_MAX: Final = 1_048_575
_HEADER_ROWS: Final = 20
_FIELD_MAX: Final = 1 << 27


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


def protected(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV file; `unprotected` gives it back.

    >>> protected("=1+1"), protected("'a"), protected("1+1")
    ("'=1+1", "''a", '1+1')
    """
    return _MARK + text if text.startswith((*_SIGNS, _MARK)) else text


def unprotected(text: str) -> str:
    """The text as it was before `protected`; one that a person wrote without the mark stays as it is."""
    return text.removeprefix(_MARK)


def write_table(path: Path, found: Sequence[Problem], sentence: Callable[[str], str]) -> None:
    """Write the table to a new file, private to the user; `sentence` says what a reason code means.

    Raises:
        UsageError: the name says neither kind of file, it exists, cannot be written, or holds no more rows.
    """
    write = {".csv": _write_csv, ".xlsx": _write_workbook}.get(path.suffix.lower())
    if write is None:
        raise UsageError(got=str(path), expected="a name that ends in .csv or .xlsx", try_="quarantine.xlsx")
    if path.exists():
        raise UsageError(
            got=f"{path}, which exists",
            expected="a new file, since somebody may be filling in this one",
            try_="another name",
        )
    if path.suffix.lower() == ".xlsx" and len(found) > _ROWS_MAX:
        raise UsageError(
            got=f"{len(found):,} rows for {path}",
            expected=f"at most {_ROWS_MAX:,} in a workbook",
            try_="--reason CODE, or a .csv file",
        )
    unfinished = path.with_name(f".{path.name}.new")
    try:
        write(unfinished, [_cells(problem, sentence) for problem in found])
        unfinished.chmod(0o600)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(
            got=f"{path}: {error.strerror or error}", expected="a place this user may write", try_="another folder"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _cells(problem: Problem, sentence: Callable[[str], str]) -> dict[str, str]:
    return dict.fromkeys(WIDTHS, "") | {
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


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    with open(path, "w", encoding="utf-8-sig", newline="", opener=_private) as stream:  # Path.open takes no opener
        writer = csv.writer(stream)
        writer.writerow(WIDTHS)
        writer.writerows([protected(text) for text in row.values()] for row in rows)


def _write_workbook(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    import xlsxwriter

    with open(path, "wb", opener=_private) as stream:  # Path.open takes no opener
        book = xlsxwriter.Workbook(
            stream, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        )
        sheet = book.add_worksheet("quarantine")
        _lay_out(book, sheet, len(rows))
        for number, row in enumerate(rows, start=1):
            for place, text in enumerate(row.values()):
                if text:
                    sheet.write_string(number, place, text[:_CELL_MAX])
        book.close()


def _lay_out(book: Any, sheet: Any, rows: int) -> None:
    """Give the columns their widths and a header; every cell is text, those to fill in are marked and explained."""
    text = {"num_format": "@", "valign": "top"}
    plain, open_ = (
        book.add_format(text),
        book.add_format(text | {"bg_color": "#FFF8DC", "border": 1, "border_color": "#C8C8C8"}),
    )
    head = book.add_format({"bold": True, "bg_color": "#E6E6E6", "bottom": 1})
    open_head = book.add_format({"bold": True, "bg_color": "#FFD966", "bottom": 1})
    for place, (name, width) in enumerate(WIDTHS.items()):
        is_open = name in FILLED_IN
        sheet.set_column(place, place, width, open_ if is_open else plain)
        sheet.write_string(0, place, name, open_head if is_open else head)
        if is_open:
            sheet.write_comment(0, place, FILLED_IN[name], {"x_scale": 2})
            for number in range(1, rows + 1):
                sheet.write_blank(number, place, None, open_)
    last = list(WIDTHS).index("decision")
    sheet.data_validation(1, last, max(rows, 1), last, {"validate": "list", "source": [LEAVE_OUT]})
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(rows, 1), last)


def read_table(path: Path) -> list[FilledRow]:
    """Read a table that was filled in, from a workbook or a CSV file.

    Raises:
        UsageError: it is no such table, or a row of it cannot be understood.
    """
    rows = iter(_texts(path))
    head = list(islice(rows, _HEADER_ROWS))
    start = next((n for n, row in enumerate(head) if "ref" in map(_name, row)), None)
    if start is None:
        raise _no_table(path, f"{path.name} without a column ref", "the column names that were exported")
    names = [_name(cell) for cell in head[start]]
    missing = [name for name in ("ref", "raw_line") if name not in names]
    if missing or not names_to_fill(names):
        lacking = missing[0] if missing else " or ".join(FILLED_IN)
        raise _no_table(path, f"{path.name} without a column {lacking}", "the column names that were exported")
    numbered = enumerate(chain(head[start + 1 :], rows), start + 2)
    told = [
        _filled_row(number, dict(zip(names, row, strict=False))) for number, row in numbered if any(map(str.strip, row))
    ]
    return [row for row in told if row.ref or row.is_filled]


def names_to_fill(names: Sequence[str]) -> list[str]:
    """The columns a person fills in, of those named."""
    return [name for name in names if name in FILLED_IN]


def _name(cell: str) -> str:
    return cell.strip().casefold()


def _no_table(path: Path, got: str, expected: str) -> UsageError:
    return UsageError(got=got, expected=expected, try_=f"a file from receivables findings export, not {path.name}")


def _filled_row(number: int, cells: Mapping[str, str]) -> FilledRow:
    decision = cells.get("decision", "").strip().casefold()
    if decision not in ("", LEAVE_OUT):
        raise UsageError(
            got=f"decision {decision!r} in row {number}",
            expected=f"{LEAVE_OUT} or nothing",
            try_="repaired_line for what the line should say",
        )
    return FilledRow(
        row=number,
        ref=cells.get("ref", "").strip(),
        column_name=cells.get("column_name", "").strip(),
        raw_line=cells.get("raw_line", ""),
        repaired_value=cells.get("repaired_value", ""),
        repaired_line=cells.get("repaired_line", ""),
        decision=decision,
    )


def _is_ours(rows: Sequence[tuple[int, list[str]]]) -> bool:
    return any("ref" in map(_name, cells) for _, cells in rows)


def _texts(path: Path) -> list[list[str]]:
    """The rows of a workbook or a CSV file as texts."""
    try:
        if path.is_dir():
            raise _no_table(path, f"{path}, a folder", "one file")
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            got=f"{path}: {error.strerror or error}", expected="a file that can be read", try_="checking the path"
        ) from None
    if not raw.strip():
        raise _no_table(path, f"{path}, an empty file", "a table with its header")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        try:
            return list(sheet_texts(path, _is_ours))
        except FileRefused as refusal:
            raise UsageError(got=refusal.got, expected=refusal.expected, try_=refusal.try_) from None
    return _csv_rows(path, _decoded(path, raw))


def _decoded(path: Path, raw: bytes) -> str:
    """The text as a spreadsheet may have saved it."""
    encodings = ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeError:
            continue
    raise _no_table(path, f"{path.name}, which is no text", "a CSV file or a workbook")


def _csv_rows(path: Path, text: str) -> list[list[str]]:
    """The rows of a CSV text, whichever delimiter it was saved with."""
    delimiter = next((mark for mark in (",", ";", "\t") if _has_header(text, mark)), ",")
    limit = csv.field_size_limit(_FIELD_MAX)
    try:
        rows = csv.reader(_lines(text), delimiter=delimiter, strict=True)
        return [[unprotected(cell) for cell in row] for row in rows]
    except csv.Error as error:
        raise _no_table(path, f"{path.name}: {error}", "a CSV file with closed quotes") from None
    finally:
        csv.field_size_limit(limit)


def _has_header(text: str, delimiter: str) -> bool:
    """Whether one of the first lines, cut at the delimiter, names our columns."""
    lines = islice(_lines(text), _HEADER_ROWS)
    return any("ref" in (_name(cell.strip('"\r\n')) for cell in line.split(delimiter)) for line in lines)


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends as they stand, cut only where a CSV reader does."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
