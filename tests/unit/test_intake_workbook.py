"""Workbooks that are traps: what they would cost is paid by nobody, and they are refused in one line."""

from __future__ import annotations

import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import pytest

from intake_files import HEADER, invoice, read, workbook
from receivables.errors import FileRefused
from receivables.settings import Ingest, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_MAIN: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINKS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_FAR: Final = '<row r="{0}"><c r="XFD{0}" t="inlineStr"><is><t>b</t></is></c></row>'
_NEAR: Final = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'


def packed(path: Path, rows: Iterable[str], more: Iterable[tuple[str, str]] = ()) -> Path:
    """A workbook of one sheet with these rows as they stand, and further members."""
    sheet = f'<sheets><sheet name="S" sheetId="1" r:id="a" xmlns:r="{_OFFICE}"/></sheets>'
    link = '<Relationships xmlns="{}"><Relationship Id="a" Type="{}/{}" Target="{}"/></Relationships>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("_rels/.rels", link.format(_LINKS, _OFFICE, "officeDocument", "xl/workbook.xml"))
        book.writestr("xl/workbook.xml", f'<workbook xmlns="{_MAIN}">{sheet}</workbook>')
        book.writestr("xl/_rels/workbook.xml.rels", link.format(_LINKS, _OFFICE, "worksheet", "worksheets/sheet1.xml"))
        with book.open("xl/worksheets/sheet1.xml", "w") as stream:
            stream.write(f'<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for row in rows:
                stream.write(row.encode())
            stream.write(b"</sheetData></worksheet>")
        for name, text in more:
            book.writestr(name, text)
    return path


def refused(path: Path, **limits: object) -> FileRefused:
    """How a workbook is refused."""
    with pytest.raises(FileRefused) as refusal:
        read(path, settings=Settings(ingest=Ingest.model_validate(limits)))
    assert "\n" not in str(refusal.value)
    assert path.name in str(refusal.value)
    return refusal.value


@pytest.mark.parametrize("row", [100_000, 1_048_576])
def test_a_sheet_whose_last_cell_stands_far_off_is_refused_and_the_process_lives(tmp_path: Path, row: int) -> None:
    """The library that reads it would ask for 50 GB or 550 GB and abort."""
    path = packed(tmp_path / "list.xlsx", [_NEAR, _FAR.format(row)])
    assert path.stat().st_size < 2_000
    refusal = refused(path)
    assert refusal.reason == "FILE_TOO_LARGE"
    assert "a workbook that needs more than 4GB to read" in str(refusal)


def test_a_sheet_of_more_cells_than_allowed_is_refused_with_its_measures(tmp_path: Path) -> None:
    refusal = refused(packed(tmp_path / "list.xlsx", [_NEAR, _FAR.format(100)]), max_cells=1_000_000)
    assert refusal.reason == "FILE_TOO_LARGE"
    assert "a sheet of 100 rows and 16,384 columns" in str(refusal)


def test_a_workbook_that_unpacks_to_more_than_allowed_is_refused_unread(tmp_path: Path) -> None:
    path = packed(tmp_path / "list.xlsx", (_NEAR + " " * 100_000 for _ in range(20)))
    assert path.stat().st_size < 10_000
    refusal = refused(path, max_file_mb=1)
    assert refusal.reason == "FILE_TOO_LARGE"
    assert "a workbook that unpacks to 2 MB" in str(refusal)


def test_a_workbook_that_lies_about_its_size_is_bounded_by_memory(tmp_path: Path) -> None:
    path = packed(tmp_path / "list.xlsx", ["<row>", *(f"<c t='str'><v>{'x' * 1000}</v></c>" for _ in range(100_000))])
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as book:
        size = book.getinfo("xl/worksheets/sheet1.xml").file_size
    path.write_bytes(raw.replace(size.to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    assert path.read_bytes() != raw
    assert refused(path, workbook_memory="50MB").reason in {"FILE_TOO_LARGE", "FILE_UNREADABLE"}


def test_a_workbook_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    path = packed(tmp_path / "list.xlsx", (_NEAR * 10_000 for _ in range(300)))
    assert "takes more than 1 seconds" in str(refused(path, workbook_seconds=1))


def test_an_archive_of_many_members_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(1_000):
            archive.writestr(f"../../{n}.csv", HEADER)
    assert "a ZIP archive of ../../0.csv" in str(refused(path))
    assert [file.name for file in tmp_path.rglob("*")] == ["list.xlsx"]


def test_an_archive_in_a_workbook_and_names_that_lead_elsewhere_stay_packed(tmp_path: Path) -> None:
    text = f"<c t='str'><v>{HEADER}</v></c>"
    more = [("xl/../../../escaped.xml", "x"), ("/escaped.xml", "x"), ("xl/inner.zip", "PK\x03\x04")]
    path = packed(tmp_path / "list.xlsx", [f"<row>{text}</row>"], more)
    refused(path)
    assert [file.name for file in tmp_path.rglob("*")] == ["list.xlsx"]


def test_entities_of_a_workbook_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("let nobody see", encoding="utf-8")
    path = workbook(tmp_path / "list.xlsx", [HEADER.split(","), invoice(1).split(",")])
    named = (
        f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}"><!ENTITY b "{"z" * 1000}"><!ENTITY c "{"&b;" * 1000}">]>'
    )
    hostile = tmp_path / "hostile.xlsx"
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(hostile, "w") as other:
        for name in book.namelist():
            told = book.read(name).decode()
            if name.endswith("sheet1.xml"):
                told = named + told.replace("<t>A</t>", "<t>&a;&c;</t>").replace("<v>0</v>", "<v>&a;</v>")
            other.writestr(name, told)
    told = ""
    with suppress(FileRefused):
        told = str(read(hostile).tables)
    assert "let nobody see" not in told
    assert "zzz" not in told


def test_the_reader_is_told_no_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys\nprint(dict(os.environ), file=sys.stderr)\nsys.exit(3)\n", encoding="utf-8")
    monkeypatch.setattr("receivables.intake.sheet_reader.__file__", str(spy))
    monkeypatch.setenv("RECEIVABLES_MAIL_PASSWORD", "open sesame")
    told = str(refused(workbook(tmp_path / "list.xlsx", [HEADER.split(",")])))
    assert "'PATH'" in told
    assert "open sesame" not in told
