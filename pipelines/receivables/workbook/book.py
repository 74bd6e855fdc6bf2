"""The file: formats, headers that stay, filters, print set-up, sums of our own; rows in passing, so that memory does not grow with them."""

from __future__ import annotations

from datetime import UTC
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import xlsxwriter
from babel.numbers import get_currency_precision
from xlsxwriter.utility import xl_col_to_name

from receivables.filled_table import close, write_text
from receivables.plain_text import width
from receivables.workbook.cell import cell_lines, cell_number, cell_text, exact_text, is_day
from receivables.workbook_wording import ABOUT, SHEETS, SUM_SHOWN, continued

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from decimal import Decimal
    from pathlib import Path

    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

    from receivables.language import Language
    from receivables.workbook.sheet import Column, Sheet

ROWS_MAX: Final = 1_048_576
"""Rows of a sheet, its header with them."""

_A4: Final = 9
_SUM_OF_SHOWN: Final = 109
"""SUBTOTAL's number for the sum of what neither a filter nor a hand hides."""
_FONTS: Final = {"zh": "Microsoft YaHei"}
"""Where the usual font has no signs of the language, one that its readers' machines have."""
_WIDTHS: Final = {"text": 14, "long_text": 60, "money": 15, "count": 9, "points": 9, "share": 9, "date": 11}
_HEAD_COLUMNS: Final = 3
"""Room for the arrow of the filter."""
_FORMATS: Final = {"count": "0", "points": "0.0", "share": "0.0%", "date": "yyyy-mm-dd"}
_HEAD: Final = {"bold": True, "bg_color": "#1F3A5F", "font_color": "#FFFFFF", "text_wrap": True, "valign": "top"}
_TEXT: Final = {"num_format": "@", "valign": "top"}
_SUMS: Final = {"bold": True, "bg_color": "#E8EDF3"}


def money_format(currency: str | None) -> str:
    """The number format of a currency: its decimals, negative amounts red with their sign."""
    told = "#,##0" + ("." + "0" * places if (places := get_currency_precision(currency or "")) else "")
    return f"{told};[Red]-{told}"


class Book:
    """A workbook being written; sheets stand in the order in which they are begun."""

    def __init__(self, path: Path, words: Language, made_at: datetime, rows_max: int = ROWS_MAX) -> None:
        """Begin a file; what is under way is kept in its folder, `made_at` (UTC) is told as its day."""
        told: dict[str, Any] = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        if words.code in _FONTS:
            told["default_format_properties"] = {"font_name": _FONTS[words.code], "font_size": 10}
        self._path, self._made = path, BytesIO()
        self._book = xlsxwriter.Workbook(self._made, told)
        self._book.set_properties({"created": made_at.replace(tzinfo=UTC), "author": "receivables"})
        self.words, self._rows_max = words, rows_max
        self.form: Callable[[str], Format] = cache(self._form)
        self.money: Callable[[str | None, bool], Format] = cache(self._money)
        self.about = self._added(words.text(ABOUT))

    def _form(self, kind: str) -> Format:
        told: dict[str, dict[str, Any]] = {
            "text": _TEXT,
            "long_text": _TEXT | {"text_wrap": True},
            "exact": _TEXT | {"align": "right"},
            "head": _HEAD,
            "sum": _SUMS,
            "title": {"bold": True, "font_size": 16},
            "label": {"bold": True, "valign": "top"},
        }
        return self._book.add_format(told.get(kind) or {"num_format": _FORMATS[kind], "valign": "top"})

    def _money(self, currency: str | None, is_sum: bool) -> Format:  # a key of the cache
        return self._book.add_format(
            {"num_format": money_format(currency), "valign": "top"} | (_SUMS if is_sum else {})
        )

    def _added(self, title: str) -> Worksheet:
        sheet = self._book.add_worksheet(title)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        sheet.set_footer("&L&A&R&P / &N")
        return sheet

    def write(
        self,
        sheet: Sheet,
        rows: Iterable[Sequence[Any]],
        count: int,
        sums: Mapping[str, tuple[Decimal, str]],
    ) -> int:
        """Write the rows of a sheet, which are `count`, and return on how many sheets; `sums`: by column, in their currency, what it adds up to."""
        title = self.words.text(SHEETS[sheet.id][0])
        sums = sums if count + 2 <= self._rows_max else {}
        head = 1 if sums else 0
        room = self._rows_max - head - 1
        parts = max(-(-count // room), 1)
        told = iter(rows)
        for place in range(parts):
            part = self._added(title if not place else continued(title, place + 1))
            last = head + min(count - place * room, room)
            self._begin(part, sheet, head, last, sums)
            put = _Putting(self, part, sheet)
            for number in range(head + 1, last + 1):
                put.row(number, next(told))
        return parts

    def _begin(
        self, part: Worksheet, sheet: Sheet, head: int, last: int, sums: Mapping[str, tuple[Decimal, str]]
    ) -> None:
        """Lay a sheet out, whose header stands in row `head` and whose rows end in `last`, both counted from 0."""
        titles = [self.words.text(column.title) for column in sheet.columns]
        for place, (column, title) in enumerate(zip(sheet.columns, titles, strict=True)):
            words = max(map(width, title.split()), default=0)
            part.set_column(place, place, max(column.width or _WIDTHS[column.kind], words + _HEAD_COLUMNS))
        if sums:
            write_text(part, 0, 0, self.words.text(SUM_SHOWN), self.form("sum"))
            for place, column in enumerate(sheet.columns):
                if column.name in sums:
                    total, currency = sums[column.name]
                    cells = f"{xl_col_to_name(place)}{head + 2}:{xl_col_to_name(place)}{last + 1}"
                    formula = f"=SUBTOTAL({_SUM_OF_SHOWN},{cells})"
                    part.write_formula(0, place, formula, self.money(currency, True), float(total))
        for place, title in enumerate(titles):
            write_text(part, head, place, title, self.form("head"))
        part.freeze_panes(head + 1, _frozen(sheet.columns))
        part.autofilter(head, 0, max(last, head), len(titles) - 1)
        part.repeat_rows(head)
        part.ignore_errors({"number_stored_as_text": f"A1:{xl_col_to_name(len(titles) - 1)}{last + 1}"})

    def close(self) -> None:
        """Write the file.

        Raises:
            OSError: the system refused.
        """
        close(self._book)
        self._path.write_bytes(self._made.getbuffer())


def _frozen(columns: Sequence[Column]) -> int:
    """The columns that stay in sight: those up to the customer's name."""
    return next((place for place, column in enumerate(columns, start=1) if column.name == "customer"), 1)


class _Putting:
    """Puts rows into a sheet, each value as its column asks."""

    def __init__(self, book: Book, part: Worksheet, sheet: Sheet) -> None:
        self._book, self._part, self._columns = book, part, sheet.columns
        places = {name: place for place, name in enumerate(sheet.names)}
        self._names = sheet.names
        self._says = [(places[name], say) for name, say in sheet.says.items() if name in places]
        self._composes = [(places[name], say) for name, say in sheet.composes.items()]
        kinds = [(place, column.kind, places.get(column.currency)) for place, column in enumerate(sheet.columns)]
        self._kinds = kinds
        self._forms = [None if kind == "money" else book.form(kind) for _, kind, _ in kinds]

    def row(self, number: int, told: Sequence[Any]) -> None:
        """Write a row, whose cells stand in the order of the sheet's query."""
        cells = self._in_words(told)
        for (place, kind, currency), form in zip(self._kinds, self._forms, strict=True):
            value = cells[place]
            if value is None or value == "":
                continue
            match kind:
                case "text":
                    write_text(self._part, number, place, cell_text(value), form)
                case "long_text":
                    write_text(self._part, number, place, cell_lines(value), form)
                case "date":
                    self._day(number, place, value, form)
                case "money":
                    code = None if currency is None else told[currency]
                    self._number(number, place, value, self._book.money(code, False))
                case _:
                    self._number(number, place, value, form)

    def _in_words(self, told: Sequence[Any]) -> list[Any]:
        cells = list(told)
        if self._composes:
            by_name = dict(zip(self._names, told, strict=True))
            for place, compose in self._composes:
                cells[place] = compose(by_name)
        for place, say in self._says:
            if told[place] is not None:
                cells[place] = say(told[place])
        return cells

    def _number(self, number: int, place: int, value: Any, form: Format | None) -> None:
        told = cell_number(value)
        if told is None:
            self._part.write_string(number, place, exact_text(value), self._book.form("exact"))
        else:
            self._part.write_number(number, place, told, form)

    def _day(self, number: int, place: int, value: Any, form: Format | None) -> None:
        if is_day(value):
            self._part.write_datetime(number, place, value, form)
        else:
            self._part.write_string(number, place, value.isoformat(), self._book.form("exact"))
