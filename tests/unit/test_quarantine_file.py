"""The table of the quarantine: every text comes back as it was, whatever it looks like to a spreadsheet."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

import openpyxl  # type: ignore[import-untyped]  # no types shipped
import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.errors import UsageError
from receivables.quarantine import Problem
from receivables.quarantine_file import LAYOUT, read_table, write_table

HOSTILE: Final = (
    *("=1+1", "+1", "-5.00", "@SUM(A1)", "'quoted", "''", "\t=1", "\r\n=1", "＝1+1", '=HYPERLINK("http://x")', "000123", "1E5"),
    *("2024-03-01", "TRUE", 'a;"b",c', "two\nlines", " lead and trail ", "https://example.org", "{=A1}", "_x0041_", "é漢字\u200b", "\ufeff"),
)  # fmt: skip


def problem(raw_line: str, line_no: int = 7, **more: str) -> Problem:
    told = {"reason_code": "NUM_INVALID", "column_name": "amount", "raw_value": raw_line} | more
    return Problem(3, "list.csv", line_no, raw_line=raw_line, **told)


def round_trip(folder: Path, name: str, *texts: str) -> list[str]:
    path = folder / name
    path.unlink(missing_ok=True)
    write_table(path, [problem(text, n) for n, text in enumerate(texts, 1)], lambda code: code)
    return [row.raw_line for row in read_table(path)]


@given(texts=st.lists(st.text(), min_size=1, max_size=5))
def test_every_text_comes_back_from_csv(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    assert round_trip(tmp_path_factory.mktemp("csv"), "table.csv", *texts) == texts


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_texts_that_look_like_something_else_come_back_as_texts(tmp_path: Path, name: str) -> None:
    assert round_trip(tmp_path, name, *HOSTILE) == list(HOSTILE)


def test_a_workbook_holds_nothing_but_texts(tmp_path: Path) -> None:
    write_table(tmp_path / "table.xlsx", [problem(text) for text in HOSTILE], lambda code: code)
    sheet = openpyxl.load_workbook(tmp_path / "table.xlsx").worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    assert not [cell for row in sheet.iter_rows() for cell in row if cell.hyperlink]
    assert {cell.number_format for row in sheet.iter_rows(min_row=2) for cell in row} <= {"@", "General"}
    assert sheet.freeze_panes == "B2"
    assert {cell.value for cell in sheet[1] if cell.comment} == set(LAYOUT.filled_in)
    assert sheet.data_validations.dataValidation[0].formula1 == '"leave_out"'


@pytest.mark.parametrize("name", ["table.csv", "table.xlsx"])
def test_a_table_is_private_and_overwrites_nothing(tmp_path: Path, name: str) -> None:
    write_table(tmp_path / name, [problem("x")], lambda code: code)
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with pytest.raises(UsageError, match="which exists"):
        write_table(tmp_path / name, [problem("y")], lambda code: code)


@pytest.mark.parametrize(("name", "got"), [("table.pdf", "table.pdf"), ("no/table.csv", "No such file")])
def test_a_table_that_cannot_be_written_is_said(tmp_path: Path, name: str, got: str) -> None:
    with pytest.raises(UsageError, match=got):
        write_table(tmp_path / name, [problem("x")], lambda code: code)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_table_is_read_as_spreadsheets_save_it(tmp_path: Path, encoding: str, mark: str) -> None:
    told = [
        "My repairs",
        "",
        mark.join(("Decision", "REF", "raw_line", "mine")),
        mark.join(("", "B3-L7", '"a""é"', "x")),
        "",
    ]
    (tmp_path / "t.csv").write_text("\r\n".join(told), encoding=encoding, newline="")
    (row,) = read_table(tmp_path / "t.csv")
    assert (row.row, row.ref, row.raw_line, row.is_filled) == (4, "B3-L7", 'a"é', False)


RUBBISH: Final[dict[str, tuple[bytes, str]]] = {
    "empty.csv": (b"", "an empty file"),
    "blank.csv": (b" \n\n", "an empty file"),
    "other.csv": (b"a,b\n1,2\n", "without a column ref"),
    "no raw line.csv": (b"ref,decision\nB1-L1,leave_out\n", "without a column raw_line"),
    "nothing to fill.csv": (b"ref,raw_line\nB1-L1,x\n", "without a column repaired_value or"),
    "open quote.csv": (b'ref,raw_line,decision\nB1-L1,"x,\n', "open quote.csv"),
    "decision.csv": (b"ref,raw_line,decision\nB1-L1,x,delete\n", "decision 'delete' in row 2"),
    "archive.xlsx": (b"PK\x03\x04 and nothing else", "archive.xlsx"),
    "binary.csv": (b"\xff\xfe\x00\xd8", "which is no text"),
}


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused_in_one_line(tmp_path: Path, name: str) -> None:
    content, got = RUBBISH[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=got) as refused:
        read_table(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_folder_and_an_absent_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a folder"):
        read_table(tmp_path)
    with pytest.raises(UsageError, match="No such file"):
        read_table(tmp_path / "absent.xlsx")


def test_the_columns_stand_in_the_order_a_person_reads_them() -> None:
    assert [*LAYOUT.widths][:3] == ["ref", "file_name", "line_no"]
    assert set(LAYOUT.filled_in) < set(LAYOUT.widths)
