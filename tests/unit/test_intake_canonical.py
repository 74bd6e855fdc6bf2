"""Canonical files: every table of the dictionary, named and shaped as its grammar says, or refused with what is missing."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from intake_files import AS_OF, KNOWN, LENIENT, NOBODY, Got, read, workbook, write
from receivables.errors import FileRefused
from receivables.intake.company import Companies
from receivables.schema import TABLES, Column, Table

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENT = "doc_id,customer_id,kind,state,doc_date,currency,amount_doc,amount_local"
INVOICE = "D1,C1,invoice,posted,2024-05-01,EUR,100,100"

SAMPLE: dict[str, Any] = {
    "id": "X1",
    "text": 'some text, with "quotes"',
    "list": ["a", "b"],
    "currency": "EUR",
    "country": "ES",
    "date": date(2024, 5, 1),
    "timestamp": datetime(2024, 5, 1, 10, 30),
    "time": time(9, 15),
    "money": Decimal("12.3456"),
    "int": 7,
    "bigint": 5_000_000_000,
    "double": 0.25,
    "bool": True,
}
ONE_OF = {"allocation": ("from_doc_id", "to_payment_id")}
"""Columns that may not be filled together with the others."""


def sample(column: Column) -> Any:
    """A value of the column's type that its rules allow."""
    if column.type == "decimal":
        return Decimal("1.25")
    return column.choices[0] if column.type == "enum" else SAMPLE[column.type]


def told(value: Any) -> str:
    text = ";".join(value) if isinstance(value, list) else str(value)
    return '"' + text.replace('"', '""') + '"'


def full_row(table: Table) -> dict[str, Any]:
    """Every column filled, by the name a file uses."""
    return {name: sample(column) for name, column in table.columns.items() if name not in ONE_OF.get(table.name, ())}


def landed(table: Table, name: str, company: str) -> Any:
    """What the lake keeps of the sample."""
    column = table.columns[name]
    value = sample(column)
    return f"{company}:{value}" if column.is_id and name != "company_id" else value


def csv_row(table: Table, row: dict[str, Any]) -> str:
    header = ",".join(table.columns[name].alias or name for name in row)
    return f"{header}\n{','.join(told(value) for value in row.values())}\n"


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"company"}))
def test_every_column_of_every_table_lands(tmp_path: Path, name: str) -> None:
    table = TABLES[name]
    row = full_row(table)
    got = read(write(tmp_path, f"{name}__ES01.csv", csv_row(table, row)), settings=LENIENT, extract_as_of=AS_OF)
    assert got.quarantined() == []
    landing = got.tables[name][0]
    assert {column: landing[column] for column in row} == {column: landed(table, column, "ES01") for column in row}
    assert (landing["company_id"], landing["line_no"]) == ("ES01", 2)


def test_a_sheet_and_a_parquet_file_say_the_same_as_a_csv(tmp_path: Path) -> None:
    table = TABLES["document"]
    row = full_row(table)
    write(tmp_path, "document__ES01.csv", csv_row(table, row))
    cells = [told(v)[1:-1].replace('""', '"') if isinstance(v, list | bool) else v for v in row.values()]
    workbook(tmp_path / "document__ES01.xlsx", [list(row), cells])
    pq.write_table(pa.table({name: [value] for name, value in row.items()}), tmp_path / "document__ES01.parquet")
    files = [read(tmp_path / f"document__ES01.{kind}").tables["document"] for kind in ("csv", "xlsx", "parquet")]
    assert files[0] == files[1] == files[2]


def test_what_may_be_null_may_be_absent_and_defaults_follow(tmp_path: Path) -> None:
    row = read(write(tmp_path, "document__ES01.csv", f"{DOCUMENT}\n{INVOICE}\n")).tables["document"][0]
    assert (row["source_system"], row["source_key"], row["dispute_flag"]) == ("canonical", "D1", False)
    assert [row[name] for name in ("due_date", "text", "reported_open_doc")] == [None] * 3
    rate = read(
        write(tmp_path, "fx_rate__ES01.csv", "from_currency,to_currency,rate_date,rate\nUSD,EUR,2024-05-01,0.9\n")
    )
    assert rate.column("fx_rate", "rate_type") == ["M"]


def test_an_empty_cell_takes_the_default_and_a_null_stays_null(tmp_path: Path) -> None:
    text = f"{DOCUMENT},dispute_flag,text\n{INVOICE},,\n"
    row = read(write(tmp_path, "document__ES01.csv", text)).tables["document"][0]
    assert (row["dispute_flag"], row["text"]) == (False, None)


def test_ids_carry_their_company_wherever_they_refer(tmp_path: Path) -> None:
    text = "allocation_id,kind,from_payment_id,to_doc_id,amount_to_doc,amount_local,alloc_date\nA1,payment,P1,D1,5,5,2024-05-01\n"
    row = read(write(tmp_path, "allocation__ES01.csv", text)).tables["allocation"][0]
    ids = [row[name] for name in ("allocation_id", "from_payment_id", "to_doc_id", "from_doc_id", "origin")]
    assert ids == ["ES01:A1", "ES01:P1", "ES01:D1", None, "source"]


@pytest.mark.parametrize(
    ("name", "company", "mode", "day"),
    [
        ("document__ES01__full__2024-05-31.csv", "ES01", "full", date(2024, 5, 31)),
        ("document__ES01__2024-05-31__delta.csv", "ES01", "delta", date(2024, 5, 31)),
        ("document__MX-01.csv", "MX-01", "delta", date(2024, 5, 1)),
        ("DOCUMENT__ES01__FULL.CSV", "ES01", "full", date(2024, 5, 1)),
        ("document__full.csv", "ES01", "full", date(2024, 5, 1)),
        ("document.csv", "ES01", "delta", date(2024, 5, 1)),
    ],
)
def test_company_mode_and_date_stand_in_the_name(tmp_path: Path, name: str, company: str, mode: str, day: date) -> None:
    got = read(write(tmp_path, name, f"{DOCUMENT}\n{INVOICE}\n"))
    assert (got.column("document", "company_id"), got.landed.mode, got.landed.extract_as_of) == ([company], mode, day)


@pytest.mark.parametrize(
    "name", ["document__ES01__ful.csv", "document__ES01__2024-02-30.csv", "document__full__delta.csv"]
)
def test_a_name_with_a_part_too_many_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused, match="at most one company, one of full or delta, and one date"):
        read(write(tmp_path, name, f"{DOCUMENT}\n{INVOICE}\n"))


def test_the_company_of_a_row_stands_above_the_file_s_and_below_the_caller_s(tmp_path: Path) -> None:
    text = f"company_id,{DOCUMENT}\nMX01,{INVOICE}\n,{INVOICE}\n"
    path = write(tmp_path, "document__ES01.csv", text)
    assert read(path).column("document", "company_id") == ["MX01", "ES01"]
    forced = Companies("FR01", {"FR01": "EUR"}, is_forced=True)
    assert set(read(path, companies=forced, settings=LENIENT).column("document", "company_id")) == {"FR01"}


def test_rows_of_no_company_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"which names no company; .*table__COMPANY.csv") as refusal:
        read(write(tmp_path, "document.csv", f"{DOCUMENT}\n{INVOICE}\n"), companies=NOBODY)
    assert refusal.value.reason == "COMPANY_UNKNOWN"


def test_a_missing_column_is_named_with_the_nearest_heading(tmp_path: Path) -> None:
    text = DOCUMENT.replace("amount_doc", "amount_dok")
    with pytest.raises(
        FileRefused, match=r"without column amount_doc; .* nearest in the header: 'amount_dok'"
    ) as refusal:
        read(write(tmp_path, "document__ES01.csv", f"{text}\n{INVOICE}\n"))
    assert refusal.value.reason == "COL_MISSING"
    assert "source_system" not in str(refusal.value)


def test_an_unknown_table_is_told_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"such as document\.csv") as refusal:
        read(write(tmp_path, "documents__ES01.csv", f"{DOCUMENT}\n{INVOICE}\n"))
    assert refusal.value.reason == "FILE_UNRECOGNISED"


def test_unknown_and_repeated_columns_are_told_and_left_aside(tmp_path: Path) -> None:
    text = f"{DOCUMENT},colour,Amount_Local\n{INVOICE},red,999\n"
    got = read(write(tmp_path, "document__ES01.csv", text))
    assert [f.column_name for f in got.noted("COL_UNKNOWN")] == ["colour"]
    assert [f.column_name for f in got.noted("COL_DUPLICATE")] == ["Amount_Local"]
    assert got.column("document", "amount_local") == [Decimal(100)]


def judged(tmp_path: Path, table: str, header: str, *rows: str) -> Got:
    return read(
        write(tmp_path, f"{table}__ES01.csv", "\n".join((header, *rows))), settings=LENIENT, extract_as_of=AS_OF
    )


def test_rows_that_break_the_dictionary_are_quarantined_with_the_reason(tmp_path: Path) -> None:
    rows = {
        "D1,C1,invoice,posted,2024-05-01,EUR,100,100": None,
        ",C1,invoice,posted,2024-05-01,EUR,100,100": ("doc_id", "REQUIRED_BLANK"),
        "D2,C1,invoise,posted,2024-05-01,EUR,100,100": ("kind", "TYPE_UNKNOWN"),
        "D3,C1,invoice,paid,2024-05-01,EUR,100,100": ("state", "TYPE_UNKNOWN"),
        "D4,C1,invoice,posted,01/05/2024,EUR,100,100": ("doc_date", "DATE_IMPOSSIBLE"),
        "D5,C1,invoice,posted,2024-05-01,EURO,100,100": ("currency", "CURRENCY_UNKNOWN"),
        'D6,C1,invoice,posted,2024-05-01,EUR,"1,000.00",100': ("amount_doc", "NUM_INVALID"),
        "D7,C1,invoice,posted,2024-05-01,EUR,,100": ("amount_doc", "REQUIRED_BLANK"),
        "D8,C1,invoice,posted,2024-05-01,USD,100,-90": (None, "SIGN_MIXED"),
        "D9,C1,credit_note,posted,2024-05-01,EUR,100,100": (None, "SIGN_CREDIT_POSITIVE"),
        "D10,C1,debit_note,posted,2024-05-01,EUR,-100,-100": (None, "SIGN_NEGATIVE_INVOICE"),
        "D11,C1,invoice,posted,1891-05-01,EUR,100,100": ("doc_date", "DATE_RANGE"),
        "1.93E+09,C1,invoice,posted,2024-05-01,EUR,100,100": ("doc_id", "NUM_SCIENTIFIC"),
        "D12,C1,INVOICE,Posted,2024-05-01,eur,99999999999.99,99999999999.99": None,
    }
    got = judged(tmp_path, "document", DOCUMENT, *rows)
    due = [(line, *fault) for line, fault in enumerate(rows.values(), 2) if fault]
    assert got.quarantined() == due
    assert got.column("document", "amount_doc") == [Decimal(100), Decimal("99999999999.99")]


def test_a_negative_invoice_is_a_credit_note(tmp_path: Path) -> None:
    got = judged(tmp_path, "document", DOCUMENT, "D1,C1,invoice,posted,2024-05-01,EUR,-100,-100")
    assert got.column("document", "kind") == ["credit_note"]


def test_an_allocation_needs_one_target_a_source_and_an_amount(tmp_path: Path) -> None:
    header = (
        "allocation_id,kind,from_payment_id,from_doc_id,to_doc_id,to_payment_id,amount_to_doc,amount_local,alloc_date"
    )
    rows = {
        "A1,payment,P1,,D1,,5,5,2024-05-01": None,
        "A2,payment,P1,,,,5,5,2024-05-01": "ALLOC_TARGET",
        "A3,payment,P1,,D1,P2,5,5,2024-05-01": "ALLOC_TARGET",
        "A4,payment,,,D1,,5,5,2024-05-01": "ALLOC_SOURCE",
        "A5,payment,P1,D2,D1,,5,5,2024-05-01": "ALLOC_SOURCE",
        "A6,write_off,,,D1,,5,5,2024-05-01": None,
        "A7,payment,P1,,D1,,0,0,2024-05-01": "AMOUNT_ZERO",
        "A8,fx_difference,,,D1,,0,-3,2024-05-01": None,
    }
    got = judged(tmp_path, "allocation", header, *rows)
    assert [(line, reason) for line, _, reason in got.quarantined()] == [
        (line, reason) for line, reason in enumerate(rows.values(), 2) if reason
    ]


def test_a_repeated_key_counts_once_if_it_says_the_same(tmp_path: Path) -> None:
    rows = ["C1,One,active", "C2,Two,active", "C1,One,active", "C2,Deux,active", "C3,Three,never", "C3,Three,active"]
    got = judged(tmp_path, "customer", "customer_id,name,status", *rows)
    assert got.column("customer", "customer_id") == ["ES01:C1", "ES01:C3"]
    assert [reason for *_, reason in got.quarantined()] == ["KEY_DUPLICATE_DIFF", "KEY_DUPLICATE_DIFF", "TYPE_UNKNOWN"]


def test_a_table_without_a_key_keeps_every_row(tmp_path: Path) -> None:
    got = judged(tmp_path, "visit_rule", "customer_id,rule", "C1,allowed", "C1,allowed")
    assert len(got.tables["visit_rule"]) == 2


def test_companies_describe_themselves(tmp_path: Path) -> None:
    text = "company_id,name,local_currency\nES01,Spain,EUR\nMX01,Mexico,MXN\n"
    got = read(write(tmp_path, "company.csv", text), companies=KNOWN)
    assert got.column("company", "company_id") == ["ES01", "MX01"]


def test_an_empty_table_is_a_table(tmp_path: Path) -> None:
    got = read(write(tmp_path, "document__ES01__full__2024-05-31.csv", f"{DOCUMENT}\n"))
    assert (got.tables["document"], got.lines("skipped"), got.account.status) == ([], 1, "ok")


def test_undated_rows_are_of_today_and_that_is_told(tmp_path: Path) -> None:
    got = read(write(tmp_path, "territory__ES01.csv", "territory_id,name\nN,North\n"))
    assert [(f.column_name, f.repaired_value) for f in got.noted("ASSUMED_VALUE")] == [("extract_as_of", "2026-11-30")]
