"""A table that people fill in: what is text comes back as it was, what is an amount can be summed, and what was chosen is known by its row."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Final

import openpyxl  # type: ignore[import-untyped]  # no types shipped
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from xlsxwriter.exceptions import FileCreateError

from receivables.errors import UsageError
from receivables.filled_table import Filled, Layout, close, protected, read_table, unprotected, write_table

LAYOUT: Final = Layout(
    title="visits",
    key="visit",
    widths={"visit": 10, "owed": 12, "who": 20, "verdict": 12, "why": 30, "note": 10},
    filled_in={"verdict": "Fill in: go or stay.", "why": "Fill in: why."},
    choices={"verdict": ("go", "stay")},
    needed=("note",),
    amounts=frozenset({"owed"}),
    written_by="receivables visits export",
    fewer="--limit N",
)

both = pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])


@given(st.text())
def test_protection_is_undone_for_every_text(text: str) -> None:
    assert unprotected(protected(text)) == text
    assert not protected(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@both
def test_rows_come_back_by_column_with_their_number(tmp_path: Path, name: str) -> None:
    write_table(tmp_path / name, LAYOUT, [{"visit": "=V1", "who": " Ana\n"}, {}, {"visit": "V2", "verdict": " go "}])
    first, second = read_table(tmp_path / name, LAYOUT)
    assert (first.row, first.text("visit"), first.text("who"), first.word("who")) == (2, "=V1", " Ana\n", "Ana")
    assert (second.row, second.text("verdict"), second.word("verdict"), second.text("gone")) == (4, " go ", "go", "")


def test_amounts_are_numbers_in_a_workbook_and_all_else_is_text(tmp_path: Path) -> None:
    write_table(tmp_path / "table.xlsx", LAYOUT, [{"visit": "7", "owed": "-1234.5600"}])
    sheet = openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets[0]
    assert [(cell.value, cell.data_type) for cell in sheet[2]][:2] == [("7", "s"), (-1234.56, "n")]
    assert sheet.title == "visits"
    assert sheet.auto_filter.ref == "A1:F2"


@pytest.mark.parametrize("text", ["<r><t>x</t></r>", "<r></r>", "<r></si><si><t>x</t></r>"])
def test_a_text_that_looks_like_markup_of_a_workbook_is_a_text(tmp_path: Path, text: str) -> None:
    write_table(tmp_path / "table.xlsx", LAYOUT, [{"visit": "7", "who": text}, {"visit": "8", "who": "next"}])
    assert [row.text("who") for row in read_table(tmp_path / "table.xlsx", LAYOUT)] == [text, "next"]


def test_a_text_longer_than_a_cell_is_cut_where_no_character_is_split(tmp_path: Path) -> None:
    write_table(tmp_path / "table.xlsx", LAYOUT, [{"visit": "7", "who": "a" + "𠮷" * 20_000}])
    (row,) = read_table(tmp_path / "table.xlsx", LAYOUT)
    assert row.text("who") == "a" + "𠮷" * 16_383


def test_an_amount_stands_in_csv_as_it_is(tmp_path: Path) -> None:
    write_table(tmp_path / "table.csv", LAYOUT, [{"visit": "-7", "owed": "-1234.5600"}])
    assert (tmp_path / "table.csv").read_text("utf-8-sig").splitlines()[1] == "'-7,-1234.5600,,,,"


def test_every_column_to_fill_in_says_what_goes_into_it_and_offers_its_choices(tmp_path: Path) -> None:
    write_table(tmp_path / "table.xlsx", LAYOUT, [{"visit": "V1"}, {"visit": "V2"}])
    sheet = openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets[0]
    assert {cell.value: cell.comment.text for cell in sheet[1] if cell.comment} == dict(LAYOUT.filled_in)
    (offered,) = sheet.data_validations.dataValidation
    assert (str(offered.sqref), offered.formula1) == ("D2:D3", '"go,stay"')


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (b"who,verdict\nAna,go\n", "t.csv without a column visit"),
        (b"visit,verdict\nV1,go\n", "t.csv without a column note"),
        (b"visit,note\nV1,x\n", "t.csv without a column verdict or why"),
    ],
)
def test_a_table_that_lacks_a_column_is_refused_by_its_name(tmp_path: Path, content: bytes, got: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UsageError) as refused:
        read_table(tmp_path / "t.csv", LAYOUT)
    assert str(refused.value) == (
        f"got {got}; expected the column names that were exported; try a file from receivables visits export, not t.csv"
    )


def test_a_name_of_neither_kind_is_refused_with_one_that_would_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"try visits\.xlsx"):
        write_table(tmp_path / "visits.ods", LAYOUT, [])


def test_columns_may_be_moved_and_added(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Mine;Verdict;NOTE;visit\nx;go;;V1\n", "utf-8")
    assert read_table(tmp_path / "t.csv", LAYOUT) == [
        Filled(2, {"mine": "x", "verdict": "go", "note": "", "visit": "V1"})
    ]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@both
def test_a_table_for_which_there_is_no_room_is_told_as_the_system_tells_it(tmp_path: Path, name: str) -> None:
    (tmp_path / f".{name}.new").symlink_to("/dev/full")
    with pytest.raises(UsageError, match="No space left"):
        write_table(tmp_path / name, LAYOUT, [{"visit": "V1"}])


def test_a_sheet_for_which_there_is_no_room_is_told_as_the_system_tells_it() -> None:
    class Full(xlsxwriter.Workbook):  # type: ignore[misc]  # no types shipped
        def close(self) -> None:
            raise FileCreateError(OSError(28, "No space left on device"))

    with pytest.raises(OSError, match="No space left") as told:
        close(Full(BytesIO()))
    assert told.value.errno == 28
