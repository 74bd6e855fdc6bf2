"""Tables in HTML and in Excel 2003's XML, which ERPs save under the name .xls: their rows as lists of texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from receivables.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

_COLUMNS_MAX: Final = 16_384
_ROWS_MAX: Final = 1_048_576
_DEPTH_MAX: Final = 100
"""How deep tables and elements stand in one another at most; each level is kept until it ends."""
_WAITING_MAX: Final = 1 << 17
"""Characters of a tag or comment that does not end; the parser looks through them again and again."""
_HIDDEN_MAX: Final = 1 << 22
"""Characters of a style or script, which are only passed over."""

_SPREADSHEET: Final = "urn:schemas-microsoft-com:office:spreadsheet"
_HTML: Final = re.compile(r"<(!doctype\s+html|html|head|meta|body|table|style)\b", re.IGNORECASE)

Row = tuple[int, list[str]]
"""A row's number, from 1, and its cells."""


class TooWideError(Exception):
    """More cells than any export has, or tables, tags or comments that no export nests or leaves open so."""


def kind_of(head: str) -> str | None:
    """`html` or `xml2003` where the first characters of a text are those of such a table; None for all other text."""
    text = head.lstrip("\ufeff \t\r\n")
    if not text.startswith("<"):
        return None
    if text.startswith("<?xml") and _SPREADSHEET in text:
        return "xml2003"
    return "html" if _HTML.search(text) and "<t" in text.lower() else None


def charset_of(head: bytes) -> str | None:
    """The encoding an HTML or XML file says it is in, if it says one."""
    found = re.search(rb"""(?i)(?:charset|encoding)\s*=\s*["']?\s*([a-z0-9_.:-]+)""", head)
    return found[1].decode("ascii") if found else None


@dataclass
class _Grid:
    """Rows as they are filled, with a bound on how many cells a file may claim to have."""

    cells_max: int
    rows: list[Row] = field(default_factory=list)
    width: int = 0

    def add(self, number: int, cells: list[str]) -> None:
        """One more row; what is blank at its end is no cell."""
        while cells and not cells[-1]:
            cells.pop()
        self.width = max(self.width, len(cells))
        if self.width > _COLUMNS_MAX or number > _ROWS_MAX or self.width * (len(self.rows) + 1) > self.cells_max:
            raise TooWideError
        self.rows.append((number, cells))

    def even(self) -> list[Row]:
        """All rows, each as wide as the widest."""
        return [(number, cells + [""] * (self.width - len(cells))) for number, cells in self.rows]


def html_rows(chunks: Iterator[str], name: str, cells_max: int) -> list[Row]:
    """The rows of all tables of an HTML file, one below the other; a cell over several columns or rows stands in its first place.

    Raises:
        FileRefused: there is no row, or more cells than a table has.
    """
    reader = _HtmlTables(cells_max)
    try:
        for chunk in chunks:
            reader.feed(chunk)
            reader.refuse_endless()
        reader.close()
        reader.end_row()
    except TooWideError:
        raise _too_wide(name, cells_max) from None
    except AssertionError as error:  # what Python's parser calls a declaration that it does not know
        raise FileRefused(
            got=f"{name}: {error}",
            expected="HTML as a program saves it",
            try_="exporting it again as CSV or XLSX",
            reason="FILE_UNREADABLE",
        ) from None
    if not any(any(cells) for _, cells in reader.grid.rows):
        raise FileRefused(
            got=f"{name}, an HTML page without a table row",
            expected="a table",
            try_="exporting it again as CSV or XLSX",
            reason="FILE_NOT_A_TABLE",
        )
    return reader.grid.even()


class _HtmlTables(HTMLParser):
    """Collects rows; a table inside a cell yields rows of its own, before the row around it."""

    def __init__(self, cells_max: int) -> None:
        super().__init__(convert_charrefs=True)
        self.grid = _Grid(cells_max)
        self._outer: list[tuple[list[str] | None, list[str] | None, int, dict[int, int]]] = []
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._place = 0
        self._below: dict[int, int] = {}
        self._is_hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, a row or a cell."""
        if tag in ("style", "script", "title"):
            self._is_hidden = True
        elif tag == "table":
            if len(self._outer) >= _DEPTH_MAX:
                raise TooWideError
            self._outer.append((self._row, self._cell, self._place, self._below))
            self._row, self._cell, self._below = None, None, {}
        elif tag == "tr":
            self.end_row()
            self._row = []
        elif tag in ("td", "th"):
            self._end_cell()
            self._begin_cell(dict(attrs))
        elif tag in ("br", "p", "div") and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Close it."""
        if tag in ("style", "script", "title"):
            self._is_hidden = False
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in ("tr", "table"):
            self.end_row()
        if tag == "table" and self._outer:
            self._row, self._cell, self._place, self._below = self._outer.pop()

    def handle_data(self, data: str) -> None:
        """Words count inside a cell."""
        if self._cell is not None and not self._is_hidden:
            self._cell.append(data)

    def _begin_cell(self, attributes: dict[str, str | None]) -> None:
        self._row = row = self._row if self._row is not None else []
        while self._below.get(len(row), 0) > 0:  # the place is taken by a cell of a row above
            self._below[len(row)] -= 1
            row.append("")
        columns, rows = _span(attributes.get("colspan")), _span(attributes.get("rowspan"))
        if len(row) + columns > _COLUMNS_MAX:
            raise TooWideError
        self._cell, self._place, self._is_hidden = [], len(row), False
        row.extend([""] * columns)
        if rows > 1:
            self._below.update({self._place + n: rows - 1 for n in range(columns)})

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            self._row[self._place] = " ".join("".join(self._cell).split())
        self._cell = None

    def refuse_endless(self) -> None:
        """Stop where a tag or comment has not ended for so long that none of an export has."""
        if len(self.rawdata) > (_HIDDEN_MAX if self.cdata_elem else _WAITING_MAX):
            raise TooWideError

    def end_row(self) -> None:
        """Keep the row that is open, if one is."""
        self._end_cell()
        if self._row is not None:
            width = len(self._row)
            self._below = {place: left - (place >= width) for place, left in self._below.items() if left > 0}
            self.grid.add(len(self.grid.rows) + 1, self._row)
        self._row = None


def _span(told: str | None) -> int:
    return min(int(told), _COLUMNS_MAX) if told and re.fullmatch("[1-9][0-9]{0,5}", told.strip()) else 1


def spreadsheet_rows(chunks: Iterator[str], name: str, cells_max: int) -> list[Row]:
    """The rows of the first sheet with any, of a workbook saved as XML by Excel 2003; blank rows between others are left out.

    Raises:
        FileRefused: it is no such workbook, declares a document type (which could hide anything), or has more cells than a sheet.
    """
    reader = _SheetXml(cells_max)
    try:
        for chunk in chunks:
            reader.parser.Parse(chunk.encode("utf-8", "replace"), False)
            if reader.is_done:
                break
        else:
            reader.parser.Parse(b"", True)
    except TooWideError:
        raise _too_wide(name, cells_max) from None
    except (expat.ExpatError, _DoctypeError) as error:
        raise FileRefused(
            got=f"{name}: {error}",
            expected="a workbook that opens",
            try_="saving it again as XLSX",
            reason="FILE_UNREADABLE",
        ) from None
    if not reader.grid.rows:
        raise FileRefused(
            got=f"{name}, a workbook without a row",
            expected="a sheet with rows",
            try_="exporting it again",
            reason="FILE_TRUNCATED",
        )
    return reader.grid.even()


class _DoctypeError(Exception):
    """A document type declaration: no spreadsheet program writes one, and entities hide behind it."""


class _SheetXml:
    """Collects the cells of the first sheet that has rows; nothing outside the file is ever looked at."""

    def __init__(self, cells_max: int) -> None:
        self.grid = _Grid(cells_max)
        self.is_done = False
        self._depth = 0
        self.parser = expat.ParserCreate("utf-8", namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self._number = 0
        self._row: list[str] = []
        self._data: list[str] | None = None
        self._next = 0

    def _refuse_doctype(self, *_: object) -> None:
        raise _DoctypeError("a workbook that declares a document type")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.is_done:
            return
        self._depth += 1
        if self._depth > _DEPTH_MAX:
            raise TooWideError
        match tag:
            case _ if tag == f"{_SPREADSHEET} Row":
                self._number = _index(attributes, "Index", self._number + 1)
                self._row, self._next = [], 1
            case _ if tag == f"{_SPREADSHEET} Cell":
                place = _index(attributes, "Index", self._next)
                self._next = place + 1 + _index(attributes, "MergeAcross", 0)
                if max(place, self._next - 1) > _COLUMNS_MAX:
                    raise TooWideError
                self._row.extend([""] * (place - len(self._row)))
            case _ if tag == f"{_SPREADSHEET} Data":
                is_error = attributes.get(f"{_SPREADSHEET} Type") == "Error"
                self._data = None if is_error else []

    def _end(self, tag: str) -> None:
        if self.is_done:
            return
        self._depth -= 1
        if tag == f"{_SPREADSHEET} Data" and self._data is not None and self._row:
            self._row[-1] = "".join(self._data)
            self._data = None
        elif tag == f"{_SPREADSHEET} Row" and any(self._row):
            self.grid.add(self._number, self._row)
        elif tag == f"{_SPREADSHEET} Worksheet":
            self.is_done = bool(self.grid.rows)
            self._number = 0

    def _text(self, text: str) -> None:
        if self._data is not None:
            self._data.append(text)


def _index(attributes: dict[str, str], name: str, otherwise: int) -> int:
    told = attributes.get(f"{_SPREADSHEET} {name}", "")
    return int(told) if re.fullmatch("[0-9]{1,7}", told) else otherwise


def _too_wide(name: str, cells_max: int) -> FileRefused:
    return FileRefused(
        got=f"{name}, with more cells, or tags deeper in one another or longer, than any export has",
        expected=f"at most {_COLUMNS_MAX:,} columns, {cells_max:,} cells and {_DEPTH_MAX} levels",
        try_="exporting it again as CSV or XLSX",
        reason="FILE_TOO_LARGE",
    )
