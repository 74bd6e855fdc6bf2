"""Workbooks to fill in: one for each canonical table, with drop-downs, explanations and examples in the reader's language."""

from __future__ import annotations

import csv
from dataclasses import replace
from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from receivables.assets import sample_dir
from receivables.errors import UsageError, nearest
from receivables.filled_table import close
from receivables.language import DICTIONARY, Language, language_in
from receivables.schema import TABLES, Column, Table
from receivables.wording import N_
from receivables.wording import TABLES as TABLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

INTERNAL: Final = ("entry", "entry_allocation")
"""Tables that exports of subledgers are turned into; nobody fills them in by hand."""

ROWS: Final = 20_000
"""Rows below the header that are checked while they are filled in; more may be written."""

_LISTED_CHARS: Final = 255
"""Characters of choices that a drop-down holds itself; Excel takes no more."""

_EXAMPLE_ROWS: Final = 3
_MATCHED: Final[dict[str, str]] = {"source_system": "canonical", "source_key": "C00001", "customer_id": "C00001", "match_method": "exact", "confidence": "1"}  # fmt: skip
"""An example of the one table that the sample business has no file of."""

COMPANY: Final = Column("company_id", "id", required=False, meaning=N_("Company the row belongs to; empty where the file's name or the settings say it."))  # fmt: skip

TYPES: Final[Mapping[str, str]] = {
    "id": N_("identifier, as text"),
    "text": N_("text"),
    "enum": N_("one of the choices"),
    "list": N_("several values with semicolons between them"),
    "currency": N_("currency code of three letters"),
    "country": N_("country code of two letters"),
    "date": N_("date"),
    "timestamp": N_("date and time"),
    "time": N_("time of day"),
    "money": N_("amount"),
    "decimal": N_("number"),
    "double": N_("number"),
    "int": N_("whole number"),
    "bigint": N_("whole number"),
    "bool": N_("TRUE or FALSE"),
}

_FORMATS: Final = {
    "date": "yyyy-mm-dd",
    "timestamp": "yyyy-mm-dd hh:mm:ss",
    "time": "hh:mm",
    "money": "0.00##",
    "decimal": "0.00####",
    "double": "General",
    "int": "0",
    "bigint": "0",
    "bool": "General",
}
"""How cells show what is filled in; all other types are text, so that 00123 stays 00123."""


def write(folder: Path, tables: Sequence[str], language: str) -> tuple[Path, ...]:
    """Write the templates of some tables (none named: all of them) into a folder and return their paths.

    Raises:
        UsageError: no such table or language, or one of the files exists: it may be filled in already.
    """
    known = [name for name in TABLES if name not in INTERNAL]
    for name in tables:
        if name not in known:
            raise UsageError(got=f"table {name!r}", expected="a canonical table", try_=nearest(name, known))
    texts = language_in(language, DICTIONARY)
    paths = [folder / f"{name}.xlsx" for name in tables or known]
    if existing := next((path for path in paths if path.exists()), None):
        raise UsageError(
            got=f"{existing}, which exists", expected="a folder without it", try_="--out DIR with another folder"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        _write_book(path, TABLES[path.stem], texts)
    return tuple(paths)


def _write_book(path: Path, table: Table, texts: Language) -> None:
    from xlsxwriter import Workbook

    columns = _columns(table)
    made = BytesIO()
    book = Workbook(made, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False})
    sheet = book.add_worksheet(table.name)
    lists = _Lists(book)
    _fill_in(book, sheet, lists, columns, texts)
    _explanations(book, table, columns, texts)
    _example(book, table, columns, texts)
    lists.write()
    close(book)
    path.write_bytes(made.getbuffer())


def _columns(table: Table) -> tuple[Column, ...]:
    """The table's columns in the order they are filled in: those a row needs first."""
    own = tuple(table.columns.values())
    company = replace(COMPANY, required=table.name == "company")
    every = own if "company_id" in table.columns else (company, *own)
    return tuple(sorted(every, key=lambda column: not _is_needed(column)))


def _is_needed(column: Column) -> bool:
    return column.required and column.default is None


class _Lists:
    """Choices that are too many for a drop-down of their own, one column each of a sheet at the end."""

    def __init__(self, book: Workbook) -> None:
        self._book, self._choices = book, list[tuple[str, ...]]()

    def source(self, choices: tuple[str, ...]) -> list[str] | str:
        """What a drop-down takes its choices from."""
        from xlsxwriter.utility import xl_col_to_name

        if len(",".join(choices)) <= _LISTED_CHARS:
            return list(choices)
        self._choices.append(choices)
        letter = xl_col_to_name(len(self._choices) - 1)
        return f"=choices!${letter}$1:${letter}${len(choices)}"

    def write(self) -> None:
        """Write the sheet, where one is needed."""
        if self._choices:
            sheet = self._book.add_worksheet("choices")
            for place, choices in enumerate(self._choices):
                sheet.write_column(0, place, choices)


def _fill_in(book: Workbook, sheet: Worksheet, lists: _Lists, columns: Sequence[Column], texts: Language) -> None:
    """The first sheet, the one that is read: the header with a note on each label, and cells that check what is put into them."""
    needed = book.add_format({"bold": True, "bg_color": "#1f3a5f", "font_color": "#ffffff", "border": 1})
    free = book.add_format({"bold": True, "bg_color": "#dfe6ee", "border": 1})
    shown = {name: book.add_format({"num_format": told}) for name, told in {**_FORMATS, "text": "@"}.items()}
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, needed if _is_needed(column) else free)
        sheet.write_comment(0, place, _note(column, texts), {"x_scale": 2.2, "y_scale": 1.6})
        sheet.set_column(place, place, max(len(column.name) + 3, 12), shown.get(column.type, shown["text"]))
        if rule := _rule(column, lists, texts):
            sheet.data_validation(1, place, ROWS, place, rule)
    sheet.freeze_panes(1, 0)


def _note(column: Column, texts: Language) -> str:
    parts = [texts.text(column.meaning), texts.text(TYPES[column.type])]
    parts += [texts.text(N_("required"))] if _is_needed(column) else []
    if column.default:
        parts.append(texts.text(N_("left empty: %(value)s"), value=column.default))
    return "\n".join(parts)


def _rule(column: Column, lists: _Lists, texts: Language) -> dict[str, Any] | None:
    """What the cells of a column accept, in Excel's terms; None where any text may stand."""
    match column.type:
        case "enum" | "bool":
            choices = column.choices or ("TRUE", "FALSE")
            rule: dict[str, Any] = {"validate": "list", "source": lists.source(choices)}
        case "date" | "timestamp":
            rule = {"validate": "date", "criteria": ">=", "value": "=DATE(1900,3,1)"}
        case "time":
            rule = {"validate": "time", "criteria": "between", "minimum": 0, "maximum": 1}
        case "money" | "decimal" | "double":
            rule = {"validate": "decimal", "criteria": "between", "minimum": -1e15, "maximum": 1e15}
        case "int" | "bigint":
            rule = {"validate": "integer", "criteria": "between", "minimum": -(10**15), "maximum": 10**15}
        case "currency" | "country":
            rule = {"validate": "length", "criteria": "==", "value": 3 if column.type == "currency" else 2}
        case _:
            return None
    said = texts.text(TYPES[column.type])
    return rule | {"ignore_blank": True, "error_title": column.name[:32], "error_message": said[:255]}


def _explanations(book: Workbook, table: Table, columns: Sequence[Column], texts: Language) -> None:
    """The sheet that says what the table and each of its columns mean, and how the file is to be called."""
    sheet = book.add_worksheet(_sheet_name(texts.text(N_("Explanations"))))
    title, label, told = (
        book.add_format(form)
        for form in ({"bold": True, "font_size": 14}, {"bold": True, "bottom": 1}, {"text_wrap": True, "valign": "top"})
    )
    sheet.write_string(0, 0, f"{texts.text(TABLE_NAMES[table.name])} ({table.name})", title)
    sheet.write_string(1, 0, texts.text(table.grain))
    name = f"{table.name}__ES01__full__2026-10-31.xlsx"
    sheet.write_string(2, 0, texts.text(N_("Fill in the first sheet and save the workbook as %(name)s, with your company and the day of the data; delta instead of full where it holds changes only."), name=name))  # fmt: skip
    sheet.write_string(3, 0, texts.text(N_("Together these columns name a row, which must not stand twice: %(columns)s"), columns=", ".join(table.key)) if table.key else "")  # fmt: skip
    heads = (N_("Column"), N_("Meaning"), N_("What it holds"), N_("Required"), N_("Choices"), N_("Left empty"), N_("Also called"))  # fmt: skip
    for place, (head, width) in enumerate(zip(heads, (26, 70, 30, 12, 50, 14, 20), strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(5, place, texts.text(head), label)
    for row, column in enumerate(columns, 6):
        for place, text in enumerate(_explained(column, texts)):
            sheet.write_string(row, place, text, told)
    sheet.freeze_panes(6, 1)


def _explained(column: Column, texts: Language) -> tuple[str, ...]:
    return (
        column.name,
        texts.text(column.meaning),
        texts.text(TYPES[column.type]),
        texts.text(N_("yes")) if _is_needed(column) else "",
        ", ".join(column.choices),
        column.default or "",
        column.alias or "",
    )


def _example(book: Workbook, table: Table, columns: Sequence[Column], texts: Language) -> None:
    """The sheet with the first rows of the sample business, which fit those of the other templates."""
    sheet = book.add_worksheet(_sheet_name(texts.text(N_("Example"))))
    head: Format = book.add_format({"bold": True, "bottom": 1})
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column.name, head)
        sheet.set_column(place, place, max(len(column.name) + 3, 12))
    for number, row in enumerate(example(table.name), 1):
        for place, column in enumerate(columns):
            sheet.write_string(number, place, row.get(column.name) or row.get(column.alias or "") or "")


def example(table: str) -> list[dict[str, str]]:
    """A few rows of a table by column, as a file of it writes them: those about one receipt and the invoice it paid, where the table has any."""
    if table not in _samples():
        return [_MATCHED]
    about = _one_dealing()
    ranked = sorted(_rows(table), key=lambda row: -len(about & set(row.values())))
    return ranked[:_EXAMPLE_ROWS]


@cache
def _one_dealing() -> frozenset[str]:
    """The ids of the first receipt that paid an invoice, and of all its two documents name."""
    told = next(row for row in _rows("allocation") if row["from_payment_id"] and row["to_doc_id"])
    ids = {told["from_payment_id"], told["to_doc_id"]}
    paid = next(row for row in _rows("document") if row["doc_id"] == told["to_doc_id"])
    return frozenset(
        ids | {paid[name] for name in ("customer_id", "order_no", "contract_id", "terms_id") if paid[name]}
    )


@cache
def _samples() -> dict[str, Path]:
    return {path.name.partition("__")[0]: path for path in sorted((sample_dir() / "canonical").glob("*__*.csv"))}


def _rows(table: str) -> Iterator[dict[str, str]]:
    with _samples()[table].open(encoding="utf-8-sig", newline="") as stream:
        yield from csv.DictReader(stream)


def _sheet_name(text: str) -> str:
    return text[:31]
