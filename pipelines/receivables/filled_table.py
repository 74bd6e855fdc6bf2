"""A table that people fill in: written as XLSX or CSV, read back from either, whatever a spreadsheet did to it meanwhile."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from io import BytesIO
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

from receivables.errors import FileRefused, UsageError
from receivables.intake.container import sheet_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARK: Final = "'"
_CELL_MAX: Final = 32_767
_ROWS_MAX: Final = 1_048_575
_HEADER_ROWS: Final = 20
_FIELD_MAX: Final = 1 << 27


@dataclass(frozen=True)
class Layout:
    """What a table looks like, and what a person does with it.

    `widths` are the columns in order, each with how many characters wide a spreadsheet shows it; `filled_in` those that are empty for a person,
    and what goes into them; `choices` what a drop-down offers; `amounts` are numbers in a workbook, all else is text. `key` names a row, and by
    its label the header is found; a table without the `needed` columns is none. `title` is the name of the sheet, `written_by` the command that
    writes such a table, `fewer` what asks it for fewer rows.
    """

    title: str
    key: str
    widths: Mapping[str, int]
    filled_in: Mapping[str, str]
    written_by: str
    fewer: str
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    amounts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Filled:
    """One row as it came back; `row` is its number in the file, the header's row counted too."""

    row: int
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell as it stands; empty where the column is gone."""
        return self.cells.get(column, "")

    def word(self, column: str) -> str:
        """A cell without the blanks around it."""
        return self.text(column).strip()


def protected(text: str) -> str:
    """A text that no spreadsheet takes for a formula when it opens a CSV file; `unprotected` gives it back.

    >>> protected("=1+1"), protected("'a"), protected("1+1")
    ("'=1+1", "''a", '1+1')
    """
    return _MARK + text if text.startswith((*_SIGNS, _MARK)) else text


def unprotected(text: str) -> str:
    """The text as it was before `protected`; one that a person wrote without the mark stays as it is."""
    return text.removeprefix(_MARK)


def write_table(path: Path, layout: Layout, rows: Sequence[Mapping[str, str]]) -> None:
    """Write rows to a new file, private to the user; a column that a row does not tell is empty in it.

    Raises:
        UsageError: the name says neither kind of file, it exists, cannot be written, or holds no more rows.
    """
    write = {".csv": _write_csv, ".xlsx": _write_workbook}.get(path.suffix.lower())
    if write is None:
        raise UsageError(got=str(path), expected="a name that ends in .csv or .xlsx", try_=f"{layout.title}.xlsx")
    if path.exists():
        raise UsageError(
            got=f"{path}, which exists",
            expected="a new file, since somebody may be filling in this one",
            try_="another name",
        )
    if path.suffix.lower() == ".xlsx" and len(rows) > _ROWS_MAX:
        raise UsageError(
            got=f"{len(rows):,} rows for {path}",
            expected=f"at most {_ROWS_MAX:,} in a workbook",
            try_=f"{layout.fewer}, or a .csv file",
        )
    unfinished = path.with_name(f".{path.name}.new")
    try:
        write(unfinished, layout, rows)
        unfinished.chmod(0o600)
        unfinished.replace(path)
    except OSError as error:
        raise UsageError(
            got=f"{path}: {error.strerror or error}", expected="a place this user may write", try_="another folder"
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write_csv(path: Path, layout: Layout, rows: Iterable[Mapping[str, str]]) -> None:
    with open(path, "w", encoding="utf-8-sig", newline="", opener=_private) as stream:  # Path.open takes no opener
        writer = csv.writer(stream)
        writer.writerow(layout.widths)
        for row in rows:
            told = ((name, row.get(name, "")) for name in layout.widths)
            writer.writerow([text if name in layout.amounts else protected(text) for name, text in told])


def _write_workbook(path: Path, layout: Layout, rows: Sequence[Mapping[str, str]]) -> None:
    import xlsxwriter

    made = BytesIO()
    book = xlsxwriter.Workbook(
        made, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    sheet = book.add_worksheet(layout.title)
    _lay_out(book, sheet, layout, len(rows))
    for number, row in enumerate(rows, start=1):
        for place, name in enumerate(layout.widths):
            text = row.get(name, "")
            if text and name in layout.amounts:
                sheet.write_number(number, place, float(text))
            elif text:
                write_text(sheet, number, place, text)
    close(book)
    with open(path, "wb", opener=_private) as stream:  # Path.open takes no opener
        stream.write(made.getbuffer())


def close(book: Workbook) -> None:
    """Put a workbook together, in memory: an archive that found no room on its disk would try again, and say so, when it is thrown away.

    Raises:
        OSError: the system refused a file meanwhile; xlsxwriter wraps what it said into an error of its own.
    """
    from xlsxwriter.exceptions import FileCreateError

    try:
        book.close()
    except FileCreateError as error:
        refused = _told_anew(error.args[0])
    else:
        return
    raise refused


def _told_anew(error: object) -> OSError:
    """The same without its traceback, which holds the unfinished archive: that is thrown away at once, while there is something to write to."""
    return OSError(error.errno, error.strerror, error.filename) if isinstance(error, OSError) else OSError(str(error))


def write_text(sheet: Worksheet, row: int, column: int, text: str, form: Format | None = None) -> None:
    """Write a cell that is text whatever stands in it, cut at what a cell holds."""
    if len(text) * 2 > _CELL_MAX:
        text = text.encode("utf-16-le")[: 2 * _CELL_MAX].decode("utf-16-le", errors="ignore")
    # xlsxwriter takes such a text for its own markup and writes it as it is
    if text.startswith("<r>") and text.endswith("</r>"):
        sheet.write_rich_string(row, column, text[0], text[1], text[2:], *([] if form is None else [form]))
    else:
        sheet.write_string(row, column, text, form)


def _lay_out(book: Any, sheet: Any, layout: Layout, rows: int) -> None:
    """Give the columns their widths and a header; cells to fill in are marked and explained."""
    text = {"num_format": "@", "valign": "top"}
    plain, amount, open_ = (
        book.add_format(told)
        for told in (
            text,
            text | {"num_format": "#,##0.00"},
            text | {"bg_color": "#FFF8DC", "border": 1, "border_color": "#C8C8C8"},
        )
    )
    head = book.add_format({"bold": True, "bg_color": "#E6E6E6", "bottom": 1})
    open_head = book.add_format({"bold": True, "bg_color": "#FFD966", "bottom": 1})
    for place, (name, width) in enumerate(layout.widths.items()):
        is_open = name in layout.filled_in
        sheet.set_column(place, place, width, open_ if is_open else amount if name in layout.amounts else plain)
        sheet.write_string(0, place, name, open_head if is_open else head)
        if is_open:
            sheet.write_comment(0, place, layout.filled_in[name], {"x_scale": 2})
            for number in range(1, rows + 1):
                sheet.write_blank(number, place, None, open_)
        if name in layout.choices:
            offered = {"validate": "list", "source": list(layout.choices[name])}
            sheet.data_validation(1, place, max(rows, 1), place, offered)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, max(rows, 1), len(layout.widths) - 1)


def read_table(path: Path, layout: Layout) -> list[Filled]:
    """Read a table that was filled in, from a workbook or a CSV file; rows without any text are left out.

    Raises:
        UsageError: it is no such table.
    """
    rows = iter(_texts(path, layout))
    head = list(islice(rows, _HEADER_ROWS))
    start = next((n for n, row in enumerate(head) if layout.key in map(_name, row)), None)
    if start is None:
        raise _lacking(path, layout, layout.key)
    names = [_name(cell) for cell in head[start]]
    if missing := [name for name in layout.needed if name not in names]:
        raise _lacking(path, layout, missing[0])
    if not any(name in layout.filled_in for name in names):
        raise _lacking(path, layout, " or ".join(layout.filled_in))
    empty = dict.fromkeys(names, "")
    numbered = enumerate(chain(head[start + 1 :], rows), start + 2)
    return [
        Filled(number, empty | dict(zip(names, row, strict=False)))
        for number, row in numbered
        if any(map(str.strip, row))
    ]


def _name(cell: str) -> str:
    return cell.strip().casefold()


def _lacking(path: Path, layout: Layout, column: str) -> UsageError:
    return _no_table(path, layout, f"{path.name} without a column {column}", "the column names that were exported")


def _no_table(path: Path, layout: Layout, got: str, expected: str) -> UsageError:
    return UsageError(got=got, expected=expected, try_=f"a file from {layout.written_by}, not {path.name}")


def _texts(path: Path, layout: Layout) -> list[list[str]]:
    """The rows of a workbook or a CSV file as texts."""
    try:
        if path.is_dir():
            raise _no_table(path, layout, f"{path}, a folder", "one file")
        raw = path.read_bytes()
    except OSError as error:
        raise UsageError(
            got=f"{path}: {error.strerror or error}", expected="a file that can be read", try_="checking the path"
        ) from None
    if not raw.strip():
        raise _no_table(path, layout, f"{path}, an empty file", "a table with its header")
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        try:
            return list(sheet_texts(path, lambda rows: any(layout.key in map(_name, cells) for _, cells in rows)))
        except FileRefused as refusal:
            raise UsageError(got=refusal.got, expected=refusal.expected, try_=refusal.try_) from None
    return _csv_rows(path, layout, _decoded(path, layout, raw))


def _decoded(path: Path, layout: Layout, raw: bytes) -> str:
    """The text as a spreadsheet may have saved it."""
    encodings = ["utf-16"] if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeError:
            continue
    raise _no_table(path, layout, f"{path.name}, which is no text", "a CSV file or a workbook")


def _csv_rows(path: Path, layout: Layout, text: str) -> list[list[str]]:
    """The rows of a CSV text, whichever delimiter it was saved with."""
    delimiter = next((mark for mark in (",", ";", "\t") if _has_header(text, mark, layout.key)), ",")
    limit = csv.field_size_limit(_FIELD_MAX)
    try:
        rows = csv.reader(_lines(text), delimiter=delimiter, strict=True)
        return [[unprotected(cell) for cell in row] for row in rows]
    except csv.Error as error:
        raise _no_table(path, layout, f"{path.name}: {error}", "a CSV file with closed quotes") from None
    finally:
        csv.field_size_limit(limit)


def _has_header(text: str, delimiter: str, key: str) -> bool:
    """Whether one of the first lines, cut at the delimiter, names our columns."""
    lines = islice(_lines(text), _HEADER_ROWS)
    return any(key in (_name(cell.strip('"\r\n')) for cell in line.split(delimiter)) for line in lines)


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends as they stand, cut only where a CSV reader does."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
