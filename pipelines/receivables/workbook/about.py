"""The first sheet: of which night and whose receivables a workbook tells, what each sheet holds, and what each column means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from receivables.filled_table import write_text
from receivables.workbook.cell import cell_text
from receivables.workbook_wording import NOTES, SHEETS, continued, left_out, whose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from receivables.language import Language
    from receivables.page_model import Company, Part, Run
    from receivables.workbook.book import Book
    from receivables.workbook.sheet import Sheet

_WIDTHS = (26, 32, 12, 100)


@dataclass(frozen=True)
class Told:
    """A sheet of the workbook, its rows, and on how many sheets they stand."""

    sheet: Sheet
    rows: int
    parts: int


@dataclass(frozen=True)
class Subject:
    """What a workbook is about: a run, the companies in sight, the part of it that is told (None: all), and the sheets that its reader is not told."""

    run: Run
    companies: Sequence[Company]
    part: Part | None
    hidden: Sequence[str]


def write(book: Book, subject: Subject, told: Sequence[Told]) -> None:
    """Write it."""
    words, lines, run = book.words, _Lines(book), subject.run
    _ = words.text
    lines.add("title", _("Receivables as of %(date)s", date=words.day(run.as_of, "long")))
    lines.skip()
    lines.labelled(_("As of"), run.as_of)
    lines.labelled(_("Known up to"), words.moment(run.known_at))
    lines.labelled(_("Whose"), whose(subject.part, words))
    for company in subject.companies:
        lines.labelled(_("Company"), f"{company.company_id}: {company.name} ({company.currency})")
    lines.labelled(_("Run"), run.run_id)
    lines.skip()
    for note in NOTES:
        lines.add("text", _(note))
    names = [_(SHEETS[name][0]) for name in subject.hidden]
    if names:
        lines.add("text", left_out(names, words))
    lines.skip()
    lines.heads(_("Sheet"), "", _("Rows"), _("What a row is"))
    for one in told:
        title, row = SHEETS[one.sheet.id]
        further = ", ".join(continued(_(title), place) for place in range(2, one.parts + 1))
        lines.row(_(title), further, one.rows, _(row))
    lines.skip()
    lines.heads(_("Sheet"), _("Column"), "", _("Meaning"))
    for title, column, meaning in _meanings(told, words):
        lines.row(title, column, None, meaning)


def _meanings(told: Sequence[Told], words: Language) -> Iterator[tuple[str, str, str]]:
    """Sheets, column and meaning; what means the same on several sheets is told once."""
    where: dict[tuple[str, str], list[str]] = {}
    for one in told:
        for column in one.sheet.columns:
            if column.meaning:
                where.setdefault((column.title, column.meaning), []).append(words.text(SHEETS[one.sheet.id][0]))
    for (title, meaning), sheets in where.items():
        yield words.listed(sheets), words.text(title), words.text(meaning)


class _Lines:
    """Lines below one another."""

    def __init__(self, book: Book) -> None:
        self._book, self._sheet, self._next = book, book.about, 0
        for place, width in enumerate(_WIDTHS):
            self._sheet.set_column(place, place, width)

    def skip(self) -> None:
        self._next += 1

    def add(self, form: str, *texts: Any) -> None:
        for place, value in enumerate(texts):
            self._put(place, value, form)
        self._next += 1

    def labelled(self, label: str, value: str | date) -> None:
        self._put(0, label, "label")
        self._put(1, value, "text")
        self._next += 1

    def heads(self, *titles: str) -> None:
        for place, title in enumerate(titles):
            write_text(self._sheet, self._next, place, title, self._book.form("head"))
        self._next += 1

    def row(self, first: str, second: str, rows: int | None, last: str) -> None:
        for place, value in enumerate((first, second, rows, last)):
            self._put(place, value, "long_text")
        self._next += 1

    def _put(self, place: int, value: str | int | date | None, form: str) -> None:
        if isinstance(value, int):
            self._sheet.write_number(self._next, place, value, self._book.form("count"))
        elif isinstance(value, str):
            write_text(self._sheet, self._next, place, cell_text(value), self._book.form(form))
        elif value is not None:
            self._sheet.write_datetime(self._next, place, value, self._book.form("date"))
