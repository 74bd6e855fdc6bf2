"""Workbooks to fill in: what they ask for, what their cells take, and that what is filled in is read as a file of the table is."""

from __future__ import annotations

import csv
import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import openpyxl  # type: ignore[import-untyped]  # it ships no type information and only fills in here
import pytest

from intake_files import NOBODY, read
from receivables.assets import sample_dir
from receivables.errors import UsageError
from receivables.schema import TABLES
from receivables.settings import LANGUAGES
from receivables.templates import INTERNAL, example
from receivables.verbs import templates

if TYPE_CHECKING:
    from pathlib import Path

FILLED_IN = [name for name in TABLES if name not in INTERNAL]
DAY = "2026-10-31"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("made") / "templates"
    templates(made)
    return made


def sheets(path: Path) -> list[Any]:
    book = openpyxl.load_workbook(path)
    return [book[name] for name in book.sheetnames]


def test_there_is_one_for_every_table_that_people_fill_in(folder: Path) -> None:
    assert sorted(path.stem for path in folder.iterdir()) == sorted(FILLED_IN)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


@pytest.mark.parametrize("table", FILLED_IN)
def test_a_template_asks_for_every_column_and_explains_it(folder: Path, table: str) -> None:
    first, explained, _, *_ = sheets(folder / f"{table}.xlsx")
    labels = [cell.value for cell in first[1]]
    columns = TABLES[table].columns
    assert sorted(labels) == sorted({"company_id", *columns})
    assert first.max_row == 1, "examples would be loaded"
    told = {row[0].value: row[1].value for row in explained.iter_rows(min_row=7)}
    assert [told[name] for name in columns] == [column.meaning for column in columns.values()]
    assert all(cell.comment is not None for cell in first[1])


@pytest.mark.parametrize("table", FILLED_IN)
def test_its_drop_downs_hold_the_choices_of_the_table(folder: Path, table: str) -> None:
    first, *others = sheets(folder / f"{table}.xlsx")
    places = {cell.value: cell.column_letter for cell in first[1]}
    offered = {
        re.sub("[0-9].*", "", str(rule.sqref)): rule
        for rule in first.data_validations.dataValidation
        if rule.type == "list"
    }
    for column in TABLES[table].columns.values():
        if column.choices:
            formula = offered[places[column.name]].formula1
            listed = (
                formula.strip('"').split(",")
                if formula.startswith('"')
                else [cell.value for (cell,) in others[-1][formula.partition("!")[2].replace("$", "")]]
            )
            assert tuple(listed) == column.choices


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_asked_for_is_said_in_the_readers_language(tmp_path: Path, language: str) -> None:
    (path,) = templates(tmp_path, tables=["customer"], language=language)
    _, explained, sample = sheets(path)
    words = {"en": "What it holds", "es": "Qué contiene", "zh": "内容类型"}[language]
    assert words in [cell.value for cell in explained[6]]
    meanings = [row[1].value for row in explained.iter_rows(min_row=7)]
    own = {column.meaning for column in TABLES["customer"].columns.values()}
    assert (set(meanings) & own == set()) is (language != "en")
    assert sample.title == {"en": "Example", "es": "Ejemplo", "zh": "示例"}[language]


def test_the_examples_of_different_tables_fit_each_other() -> None:
    paid = {row["doc_id"] for row in example("document")}
    assert {row["to_doc_id"] for row in example("allocation")} & paid
    assert {row["from_payment_id"] for row in example("allocation")} & {row["payment_id"] for row in example("payment")}
    assert {row["customer_id"] for row in example("document")} & {row["customer_id"] for row in example("customer")}


def filled_in(path: Path, rows: list[dict[str, str]], target: Path) -> Path:
    """The template with the rows typed into it as a person would: days as days, numbers as numbers."""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[1]}
    columns = TABLES[path.stem].columns
    called = {column.alias: name for name, column in columns.items() if column.alias}
    for number, row in enumerate(rows, 2):
        for label, text in row.items():
            name = called.get(label, label)
            if text and name in places:
                kind = columns[name].type if name in columns else "id"
                value: Any = text
                if kind == "date":
                    value = date.fromisoformat(text)
                elif kind in ("money", "decimal", "double", "int", "bigint"):
                    value = float(text)
                elif kind == "bool":
                    value = text == "true"
                sheet.cell(number, places[name], value)
    book.save(target)
    return target


@pytest.mark.slice(4)
@pytest.mark.parametrize("table", [name for name in FILLED_IN if name != "customer_xref"])
def test_what_is_filled_in_is_read_as_a_file_of_the_table_is(folder: Path, tmp_path: Path, table: str) -> None:
    (told,) = (sample_dir() / "canonical").glob(f"{table}__*.csv")
    with told.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))[:40]
    text = tmp_path / told.name
    with text.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    book = filled_in(folder / f"{table}.xlsx", rows, tmp_path / f"{told.stem}.xlsx")
    from_text, from_book = (read(path, companies=NOBODY, builds=False) for path in (text, book))
    assert from_book.tables[table], "nothing was read"
    assert without_places(from_book.tables[table]) == without_places(from_text.tables[table])
    assert from_book.lines("quarantined") == from_text.lines("quarantined") == 0


def without_places(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without their line numbers; equal decimals may have other trailing zeros."""
    return [
        {k: v.normalize() if isinstance(v, Decimal) else v for k, v in row.items() if k != "line_no"} for row in rows
    ]


def test_an_empty_template_is_no_mistake(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / f"dispute__ES01__delta__{DAY}.xlsx"
    path.write_bytes((folder / "dispute.xlsx").read_bytes())
    assert read(path).tables == {"dispute": []}


def test_a_template_that_may_be_filled_in_already_is_not_written_over(tmp_path: Path) -> None:
    templates(tmp_path, tables=["dispute"])
    with pytest.raises(UsageError, match=r"dispute\.xlsx, which exists; expected a folder without it"):
        templates(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["dispute.xlsx"]


@pytest.mark.parametrize(
    ("asked", "tried"),
    [
        ({"tables": ["documents"]}, "try document"),
        ({"tables": ["entry"]}, "got table 'entry'"),
        ({"language": "fr"}, "language 'fr'"),
    ],
)
def test_what_there_is_no_template_for_is_said(tmp_path: Path, asked: dict[str, Any], tried: str) -> None:
    with pytest.raises(UsageError, match=tried):
        templates(tmp_path / "out", **asked)
    assert not (tmp_path / "out").exists()
