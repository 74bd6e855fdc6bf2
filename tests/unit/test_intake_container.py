"""What a file is: told by its bytes, decoded by the profile's list, cut into physical lines; or refused in one sentence."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intake_files import HEADER, LENIENT, invoice, invoices, physical_lines, read, user_profile, workbook, write
from receivables.engine import connect
from receivables.errors import FileRefused
from receivables.intake.container import inspect, load_table
from receivables.settings import Ingest, Settings

if TYPE_CHECKING:
    from pathlib import Path

LIST = invoices(invoice(1), invoice(2, "250.10"))


def archive() -> bytes:
    """A zip that is no workbook."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        zipped.writestr("letter.txt", "no sheet in here")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason", "said"),
    [
        ("list.csv", b"", "FILE_TRUNCATED", "an empty file"),
        ("list.csv", b"%PDF-1.7 ...", "FILE_NOT_A_TABLE", "a PDF document"),
        ("list.csv", b"\x89PNG\r\n\x1a\n", "FILE_NOT_A_TABLE", "a picture"),
        ("list.csv", gzip.compress(b"a,b", mtime=0), "FILE_NOT_A_TABLE", "a gzip archive"),
        ("list.csv", b"a,b\n\x00\x01\x02", "FILE_NOT_A_TABLE", "binary data"),
        ("list.xlsx", b"PK\x03\x04 cut off", "FILE_UNREADABLE", "list.xlsx"),
        ("list.xlsx", archive(), "FILE_UNREADABLE", "a ZIP archive of letter.txt"),
        ("list.xls", b"\xd0\xcf\x11\xe0 cut off", "FILE_UNREADABLE", "list.xls"),
        ("list.parquet", b"PAR1 cut off", "FILE_UNREADABLE", "list.parquet"),
        ("list.csv", b"Dear Sirs,\nplease find the list below.\n", "FILE_UNRECOGNISED", "Dear Sirs"),
    ],
)
def test_what_holds_no_table_is_refused_by_name(tmp_path: Path, name: str, data: bytes, reason: str, said: str) -> None:
    path = write(tmp_path, name, data)
    with pytest.raises(FileRefused, match=said) as refusal:
        read(path)
    assert refusal.value.reason == reason
    assert name in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert path.read_bytes() == data


def test_a_workbook_that_ends_its_reader_is_refused_in_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The table of sectors of this one lies beyond its end, which the reader does not foresee."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<5H", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    sectors = struct.pack("<10I", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 8) + b"\xff" * 432
    with pytest.raises(FileRefused, match="a workbook that is cut off or damaged") as refusal:
        read(write(tmp_path, "list.xls", head + sectors + bytes(3825)))
    assert refusal.value.reason == "FILE_UNREADABLE"
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(FileRefused, match="expected a readable file"):
            read(path)


def test_a_file_above_the_size_setting_is_refused_unread(tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", LIST + " " * 1_100_000)
    with pytest.raises(FileRefused, match="at most 1 MB") as refusal:
        read(path, settings=Settings(ingest=Ingest(max_file_mb=1)))
    assert refusal.value.reason == "FILE_TOO_LARGE"


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx", "list.xls", "list.parquet", "list"])
def test_the_extension_is_not_believed(tmp_path: Path, name: str) -> None:
    got = read(write(tmp_path, name, LIST))
    assert got.column("document", "amount_doc") == [Decimal(100), Decimal("250.10")]
    assert bool(got.noted("FILE_FAKE_XLS")) == (".xls" in name)


@pytest.mark.parametrize(
    ("encoding", "recorded"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1252", "cp1252")],
)
def test_a_mark_decides_the_encoding_else_the_first_that_fits_whole(
    tmp_path: Path, encoding: str, recorded: str
) -> None:
    text = invoices(invoice(1, customer="Ibáñez"), invoice(2, customer="Peña"))
    got = read(write(tmp_path, "list.csv", text, encoding))
    assert got.landed.encoding == recorded
    assert got.column("document", "customer_id") == ["ES01:Ibáñez", "ES01:Peña"]
    assert [f.repaired_value for f in got.noted("ENC_LEGACY")] == (
        [recorded] if recorded in ("utf-16", "cp1252") else []
    )


def test_utf_16_of_either_byte_order_is_told_by_its_mark(tmp_path: Path) -> None:
    for order, mark in (("utf-16-le", b"\xff\xfe"), ("utf-16-be", b"\xfe\xff")):
        got = read(write(tmp_path, "list.csv", mark + LIST.encode(order)))
        assert got.column("document", "doc_no") == ["1", "2"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_told_by_its_nul_bytes(tmp_path: Path, encoding: str) -> None:
    got = read(
        write(tmp_path, "list.csv", invoices(invoice(1, customer="Łódź"), invoice(2, customer="上海")), encoding)
    )
    assert got.landed.encoding == encoding
    assert got.column("document", "customer_id") == ["ES01:Łódź", "ES01:上海"]


def test_the_order_of_the_profile_s_encodings_counts(tmp_path: Path) -> None:
    path = write(tmp_path, "list.csv", invoices(invoice(1, customer="Peña")))
    taken = []
    for order in ('["utf-8", "cp1252"]', '["cp1252", "utf-8"]'):
        profile = user_profile(tmp_path, f'extends = "invoice_list"\nid = "own"\nencodings = {order}\n')
        taken.append(read(path, profile).landed.encoding)
    assert taken == ["utf-8", "cp1252"]


def test_chinese_is_read_where_the_profile_says_gb18030(tmp_path: Path) -> None:
    profile = user_profile(tmp_path, 'extends = "invoice_list"\nid = "own"\nencodings = ["utf-8", "gb18030"]\n')
    got = read(write(tmp_path, "list.csv", invoices(invoice(1, customer="上海镕喆")), "gb18030"), profile)
    assert (got.landed.encoding, got.column("document", "customer_id")) == ("gb18030", ["ES01:上海镕喆"])


def test_a_byte_that_no_declared_encoding_knows_refuses_the_file_however_late_it_stands(tmp_path: Path) -> None:
    profile = user_profile(tmp_path, 'extends = "invoice_list"\nid = "own"\nencodings = ["utf-8", "ascii"]\n')
    text = invoices(*(invoice(n) for n in range(3000)))
    said = f"utf-8, ascii .byte 0xFF at offset {len(text):,} is not utf-8"
    with pytest.raises(FileRefused, match=said) as refusal:
        read(write(tmp_path, "list.csv", text.encode() + b"\xff\n"), profile)
    assert refusal.value.reason == "ENC_LEGACY"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_one_line(tmp_path: Path, end: str) -> None:
    last = {"\n": "", "\r\n": "\n\n\r", "\r": "\r"}[end]
    text = end.join((HEADER, invoice(1), "", invoice(2), invoice(3))) + last
    path = write(tmp_path, "list.csv", text)
    got = read(path)
    assert got.column("document", "line_no") == [2, 4, 5]
    assert got.lines() == physical_lines(path, "utf-8")


def test_a_form_feed_is_no_line_end(tmp_path: Path) -> None:
    got = read(write(tmp_path, "list.csv", f"Invoices\fpage 1\x85\u2028\n{LIST}"))
    assert got.records == [(1, 1, "title"), (2, 1, "header"), (3, 1, "item"), (4, 1, "item")]


def test_a_nul_far_into_a_text_is_read_as_a_space(tmp_path: Path) -> None:
    lines = [invoice(n) for n in range(3000)]
    got = read(write(tmp_path, "list.csv", invoices(*lines, invoice(9999, customer="B\x00C"))))
    assert got.column("document", "customer_id")[-1] == "ES01:B C"


def test_a_long_line_is_a_line_and_an_endless_one_refuses_the_file(tmp_path: Path) -> None:
    header = f"{HEADER},text"
    long = read(write(tmp_path, "list.csv", invoices(f"{invoice(1)},{'x' * 1_000_000}", header=header)))
    assert long.lines("loaded") == 1
    with pytest.raises(FileRefused, match="a line longer than 10,000,000 bytes"):
        read(write(tmp_path, "list.csv", invoices(f"{invoice(1)},{'x' * 10_000_001}", header=header)))


def test_a_sheet_s_line_is_its_row_and_its_typed_cells_are_read_as_meant(tmp_path: Path) -> None:
    day, due = datetime(2024, 1, 5), date(2024, 2, 4)
    rows: list[list[Any]] = [
        [],
        ["Invoices of the month"],
        [],
        HEADER.split(","),
        ["A", "001", day, due, None, "EUR", 2309.7899999999995],
        ["A", 2, day, due, datetime(2024, 2, 1), "EUR", 0.1 + 0.2],
        [],
        ["A", 1234567890.0, day, due, None, "EUR", -1250],
    ]
    got = read(workbook(tmp_path / "list.xlsx", [], rows))
    assert got.column("document", "doc_no") == ["001", "2", "1234567890"]
    assert got.column("document", "amount_doc") == [Decimal("2309.79"), Decimal("0.3"), Decimal(-1250)]
    assert got.column("document", "doc_date") == [date(2024, 1, 5)] * 3
    assert got.column("document", "line_no") == [5, 6, 8]
    assert got.lines() == 8


def test_an_error_cell_in_a_sheet_is_never_zero(tmp_path: Path) -> None:
    rows = [HEADER.split(","), ["A", 1, "2024-01-05", "2024-02-04", None, "EUR", "#DIV/0!"]]
    got = read(workbook(tmp_path / "list.xlsx", rows), settings=LENIENT, extract_as_of=date(2024, 6, 30))
    assert got.tables["document"] == []
    assert got.quarantined() in ([(2, "amount", "REQUIRED_BLANK")], [(2, "amount", "NUM_EXCEL_ERROR")])


def test_the_sheet_with_a_header_is_read_where_one_is_asked_for(tmp_path: Path) -> None:
    sheets: list[list[Any]] = [[], [["Parameters"], ["Company", "1000"]], [["Items"], ["No", "Amount"], [1, 5]]]
    path = workbook(tmp_path / "list.xlsx", *sheets)

    def first_cell(wanted: str) -> str:
        def has_header(rows: list[tuple[int, list[str]]]) -> bool:
            return any(wanted in cells for _, cells in rows)

        load_table(con, inspect(path, Ingest()), has_header=has_header)
        return str(con.execute("select cells[1] from record where line_no = 1").fetchall()[0][0])

    with closing(connect()) as con:
        assert first_cell("Amount") == "Items"
        assert first_cell("Company") == first_cell("Unknown") == "Parameters"


def test_a_workbook_without_a_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="a workbook without a row"):
        read(workbook(tmp_path / "list.xlsx", [], []))


def parquet(path: Path, **more: Any) -> Path:
    """Write a typed invoice list."""
    columns = {
        "customer": ["A", "B"],
        "invoice": pa.array([1, 2]),
        "date": pa.array([date(2024, 1, 5)] * 2),
        "due": pa.array([datetime(2024, 2, 4)] * 2),
        "settled date": pa.array([None, date(2024, 2, 1)]),
        "currency": ["EUR", "EUR"],
        "amount": pa.array([Decimal("1234567.89"), Decimal("-0.05")]),
    }
    pq.write_table(pa.table(columns | more), path)
    return path


def test_a_parquet_file_s_types_are_kept(tmp_path: Path) -> None:
    got = read(parquet(tmp_path / "list.parquet"))
    assert got.column("document", "amount_doc") == [Decimal("1234567.89"), Decimal("-0.05")]
    assert got.column("document", "due_date") == [date(2024, 2, 4)] * 2
    assert got.column("document", "line_no") == [2, 3]
    assert got.column("payment", "pay_date") == [date(2024, 2, 1)]


@pytest.mark.parametrize("value", [1e-05, 123456789012.34, 2309.7899999999995])
def test_a_fraction_in_parquet_needs_no_exponent(tmp_path: Path, value: float) -> None:
    got = read(parquet(tmp_path / "list.parquet", amount=[value, 5.0]), settings=LENIENT)
    expected = [Decimal(f"{value:.4f}"), Decimal(5)]
    assert got.column("document", "amount_doc") == [amount for amount in expected if amount]


def test_hostile_column_names_are_only_names(tmp_path: Path) -> None:
    hostile = {'"; drop table line; --': ["x", "y"], "it's": [1, 2], "cells": [5, 6], "line_no": [7, 8]}
    got = read(parquet(tmp_path / "list.parquet", **hostile))
    assert got.lines("loaded") == 2
    assert {f.column_name for f in got.noted("COL_UNKNOWN")} == set(hostile)


def test_a_path_with_glob_characters_names_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "in[a-z]"
    folder.mkdir()
    for name in ("list1.parquet", "list[1].parquet", "list*.parquet"):
        assert read(parquet(folder / name)).lines() == 3


def test_a_parquet_file_that_says_it_has_more_rows_than_allowed_is_refused_unread(tmp_path: Path) -> None:
    path = parquet(tmp_path / "list.parquet")
    assert read(path, settings=Settings(ingest=Ingest(max_rows=2))).lines() == 3
    with pytest.raises(FileRefused, match="which says it has 2 rows; expected at most 1") as refusal:
        read(path, settings=Settings(ingest=Ingest(max_rows=1)))
    assert refusal.value.reason == "FILE_TOO_LARGE"


def test_a_dbase_table_of_a_thousand_fields_without_width_is_refused(tmp_path: Path) -> None:
    """Each record of two bytes would become a thousand cells."""
    fields, records = 1_000, 100_000
    field = b"A".ljust(11, b"\0") + b"C" + bytes(20)
    head = bytes((3, 124, 1, 5)) + struct.pack("<IHH", records, 32 + 32 * fields + 1, 2) + bytes(20)
    path = write(tmp_path, "list.dbf", head + field * fields + b"\r" + b" x" * records)
    assert path.stat().st_size < 300_000
    with pytest.raises(FileRefused, match="with 100,000 records of 1,000 fields") as refusal:
        read(path)
    assert refusal.value.reason == "FILE_TOO_LARGE"


def test_a_parquet_file_that_breaks_off_inside_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path / "list.parquet")
    data = path.read_bytes()
    path.write_bytes(data[:20] + bytes(200) + data[220:])
    with pytest.raises(FileRefused, match="a Parquet file that opens"):
        read(path)


def test_a_list_without_a_row_is_refused(tmp_path: Path) -> None:
    pq.write_table(pq.read_table(parquet(tmp_path / "full.parquet")).slice(0, 0), tmp_path / "list.parquet")
    for path in (
        tmp_path / "list.parquet",
        write(tmp_path, "list.csv", HEADER),
        write(tmp_path, "l.csv", HEADER + "\n\n"),
    ):
        with pytest.raises(FileRefused, match="without a single") as refusal:
            read(path)
        assert refusal.value.reason == "FILE_TRUNCATED"
