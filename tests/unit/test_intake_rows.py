"""From lines to records: where one ends, what its cells are, which kind of row it is; every physical line in exactly one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake_files import AS_OF, HEADER, LENIENT, Got, invoice, invoices, read, user_profile, write
from receivables.engine import Connection, connect
from receivables.intake.company import Companies
from receivables.intake.records import delimited_records, pipe_records, split_fields

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with closing(connect()) as connection:
        yield connection


def lines_of(con: Connection, lines: list[str]) -> None:
    """The table the loader makes of a text."""
    con.execute("create or replace table line (line_no bigint, raw varchar)")
    con.executemany("insert into line values (?, ?)", [[n, line] for n, line in enumerate(lines, 1)])
    for kind in ("table", "view"):
        found = con.execute(f"select 1 from duckdb_{kind}s() where {kind}_name = 'framed'").fetchall()
        if found:
            con.execute(f"drop {kind} framed")


Record = tuple[int, int, list[str]]


def cut(con: Connection, text: str, delimiter: str = ",", longest: int = 100) -> tuple[list[Record], list[int]]:
    """Line, number of lines and cells of every record, and the lines whose quote was left open."""
    lines_of(con, text.split("\n"))
    left_open = delimited_records(con, delimiter, longest)
    return con.execute("select line_no, n_lines, cells from record order by line_no").fetchall(), left_open


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("a,b,c", ["a", "b", "c"]),
        ("a,,c,", ["a", "", "c", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('"say ""so""",c', ['say "so"', "c"]),
        ('"",c', ["", "c"]),
        ('"""quoted""",c', ['"quoted"', "c"]),
        ('12" pipe,5" valve', ['12" pipe', '5" valve']),
        ('a 6" x 4",b', ['a 6" x 4"', "b"]),
        ('"a"x,b', ['"a"x', "b"]),
        ('a,"b', ["a", '"b']),
        ("a;b", ["a;b"]),
        (" a , b ", [" a ", " b "]),
    ],
)
def test_quotes_open_a_value_only_at_its_beginning(con: Connection, line: str, cells: list[str]) -> None:
    assert cut(con, line)[0] == [(1, 1, cells)]
    assert split_fields(line, ",") == cells


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
def test_any_character_can_be_the_delimiter(con: Connection, delimiter: str) -> None:
    line = delimiter.join(["a", f'"b{delimiter}c"', "", "d.e"])
    assert cut(con, line, delimiter)[0] == [(1, 1, ["a", f"b{delimiter}c", "", "d.e"])]
    assert split_fields(line, delimiter) == ["a", f"b{delimiter}c", "", "d.e"]


def test_a_quoted_value_may_span_lines_and_counts_them_all(con: Connection) -> None:
    text = '1,"two\nlines",x\n2,plain,y\n3,"three\n\nlines, with ""quotes""",z\n4,"two","values\nover","lines\n",end\n'
    records, left_open = cut(con, text)
    assert records == [
        (1, 2, ["1", "two\nlines", "x"]),
        (3, 1, ["2", "plain", "y"]),
        (4, 3, ["3", 'three\n\nlines, with "quotes"', "z"]),
        (7, 3, ["4", "two", "values\nover", "lines\n", "end"]),
        (10, 1, [""]),
    ]
    assert left_open == []


@pytest.mark.parametrize(
    ("text", "left_open", "whole"),
    [
        ('1,a\n2,"open\n3,c\n4,d', [2], [1, 3, 4]),
        ('1,"open\n2,b\n3,"good\none"\n5,e', [1], [2, 3, 5]),
        ('1,"open\n2,5" pipe\n3,c', [1], [2, 3]),
        ('1,"open\n2,"also open\n3,c', [1, 2], [3]),
        ('1,"good\none"\n3,"open\n4,d', [3], [1, 4]),
    ],
)
def test_a_quote_left_open_swallows_nothing(con: Connection, text: str, left_open: list[int], whole: list[int]) -> None:
    records, found = cut(con, text)
    assert found == left_open
    assert [line for line, _, cells in records if len(cells) == 2 and '"' not in cells[1][:1]] == whole


def test_a_quote_closed_too_far_away_was_left_open(con: Connection) -> None:
    text = "\n".join(['1,"open', *(f"{n},x" for n in range(2, 12)), '12,closed"', "13,x"])
    assert cut(con, text, longest=11)[1] == [1]
    assert cut(con, text, longest=12)[1] == []


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.text(st.sampled_from('ab",;\n \t'), max_size=8), min_size=1, max_size=6))
def test_every_line_belongs_to_exactly_one_record(con: Connection, lines: list[str]) -> None:
    text = "\n".join(lines)
    records, _ = cut(con, text)
    covered = [n for first, count, _ in records for n in range(first, first + count)]
    assert covered == list(range(1, text.count("\n") + 2))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.text(st.sampled_from('ab",\n '), max_size=6), min_size=3, max_size=3), min_size=1, max_size=5)
)
def test_what_a_csv_writer_quotes_is_read_back(con: Connection, rows: list[list[str]]) -> None:
    written = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    records, left_open = cut(con, "\n".join(written))
    assert [cells for _, _, cells in records] == rows
    assert left_open == []


LIST_HEADER = "|Doc|Text        |Amount|"


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("|1  |plain       |  1,00|", ["1", "plain", "1,00"]),
        ("|2  |pipe | in it|  2,00|", ["2", "pipe | in it", "2,00"]),
        ("|3  |a|b|c       |  3,00|", ["3", "a|b|c", "3,00"]),
        ("|4  |shift|ed|  4,00|", ["4", "shift", "ed", "4,00"]),
        ("|   |            |      |", ["", "", ""]),
        ("  |5  |indented    |  5,00|", ["5", "indented", "5,00"]),
        ("Customer  100001", ["Customer  100001"]),
        ("", [""]),
    ],
)
def test_a_drawn_list_is_cut_where_its_header_is(con: Connection, line: str, cells: list[str]) -> None:
    lines_of(con, [LIST_HEADER, line])
    pipe_records(con, LIST_HEADER)
    ((drawn,),) = con.execute("select cells from record order by line_no").fetchall()[1:]
    assert [cell.strip() for cell in drawn] == cells


def classes(got: Got) -> list[str]:
    return [row_class for _, _, row_class in got.records]


def test_short_and_long_rows_are_quarantined_whole(tmp_path: Path) -> None:
    short, long = invoice(2).rpartition(",")[0], f"{invoice(3)},100.00"
    path = write(tmp_path, "list.csv", invoices(invoice(1), short, long, invoice(4)))
    got = read(path, settings=LENIENT)
    assert got.column("document", "doc_no") == ["1", "4"]
    assert got.quarantined() == [(3, None, "ROW_UNCLASSIFIED"), (4, None, "COL_SHIFT")]
    assert [f.raw_line for f in got.findings if f.action == "quarantine"] == [short, long]
    assert got.account.status == "needs_person"


def test_a_record_over_lines_is_told_and_its_lines_counted(tmp_path: Path) -> None:
    rows = ['A,1,2024-01-05,2024-02-04,,EUR,100.00,"first\nsecond"', "A,2,2024-01-05,2024-02-04,,EUR,1.00,one"]
    got = read(write(tmp_path, "list.csv", invoices(*rows, header=f"{HEADER},text")))
    assert got.records == [(1, 1, "header"), (2, 2, "item"), (4, 1, "item")]
    assert (got.lines("loaded"), got.account.rows["ES01", "document", "loaded"]) == (3, 2)
    assert [(f.line_no, f.count) for f in got.noted("COL_MULTILINE")] == [(2, 1)]


def test_what_stands_around_the_rows_is_named_and_skipped(tmp_path: Path) -> None:
    text = "\n".join(
        ["Invoices", "As of 2024-10-15", "", HEADER, invoice(1), ",,,,,,", "   ", HEADER, invoice(2), ",,,,,,200.00"]
    )
    got = read(write(tmp_path, "list.csv", text))
    expected = ["title", "title", "blank", "header", "item", "blank", "blank", "header", "item", "total"]
    assert classes(got) == expected
    assert got.account.control_total_file == got.account.control_total == Decimal(200)


def test_the_header_is_the_row_that_names_most_roles(tmp_path: Path) -> None:
    text = "\n".join(["customer,invoice,date", "", f"no,{HEADER}", f"7,{invoice(1)}"])
    got = read(write(tmp_path, "list.csv", text))
    assert classes(got) == ["title", "blank", "header", "item"]
    assert [f.column_name for f in got.noted("COL_UNKNOWN")] == ["no"]


def test_the_first_of_two_equal_headings_is_read(tmp_path: Path) -> None:
    got = read(write(tmp_path, "list.csv", invoices(f"{invoice(1)},999.00", header=f"{HEADER},Amount ")))
    assert got.column("document", "amount_doc") == [Decimal(100)]
    assert [f.column_name for f in got.noted("COL_DUPLICATE")] == ["Amount "]


@pytest.mark.parametrize("label", ["INVOICE", "Invoice ", "in-voice", "Ínvoíce", "ｉｎｖｏｉｃｅ", "“invoice”"])
def test_a_heading_is_known_whatever_its_case_accents_and_width(tmp_path: Path, label: str) -> None:
    got = read(write(tmp_path, "list.csv", invoices(invoice("X9"), header=HEADER.replace("invoice", label))))
    assert got.column("document", "doc_no") == ["X9"]


TWO = Companies("C1", {"C1": "EUR", "C2": "EUR"})

GROUPED = """
id = "grouped"
version = "1"
system = "ledger"
title = "Blocks of items below a customer"
status = "unverified"
based_on = "a made-up list"
shape = "invoices"
containers = ["delimited"]
delimiters = [";"]
[columns]
doc_no = { aliases = ["no"], required = true }
doc_date = { aliases = ["date"], required = true }
amount = { aliases = ["amount"], required = true }
[assume]
currency = "EUR"
[rows]
total = ['^Total']
group_start = "customer"
[rows.group]
company = '^Company (\\w+)'
customer = '^Customer (\\w+)'
customer_name = '^Name (.+)'
[[kinds]]
kind = "invoice"
"""


def grouped(tmp_path: Path, text: str) -> list[tuple[str, str, str | None]]:
    """Document number, customer and customer's name of every row of a list in blocks."""
    profile = user_profile(tmp_path, GROUPED)
    path = write(tmp_path, "list_2024-10-15.txt", text)
    got = read(path, profile, companies=TWO)
    names = {row["customer_id"]: row["name"] for row in got.tables["customer"]}
    return [(d["doc_no"], d["customer_id"], names.get(d["customer_id"])) for d in got.tables["document"]]


def test_a_block_s_head_holds_for_the_rows_below_it(tmp_path: Path) -> None:
    text = """Company C1
Customer A
Name Ann
no;date;amount
1;2024-01-05;10
2;2024-01-06;20
Total;;30
Company C2
Customer B
3;2024-01-07;5
Name of no importance to A
Customer A
4;2024-01-08;7
"""
    assert grouped(tmp_path, text) == [
        ("1", "C1:A", "Ann"),
        ("2", "C1:A", "Ann"),
        ("3", "C2:B", None),
        ("4", "C2:A", "of no importance to A"),
    ]


def test_a_page_break_inside_a_block_loses_no_head(tmp_path: Path) -> None:
    head = "no;date;amount"
    text = f"Company C1\nCustomer A\n{head}\n1;2024-01-05;10\n\f\nCustomer A\n{head}\n2;2024-01-06;20\nCompany C2\n3;2024-01-07;5\n"
    assert grouped(tmp_path, text) == [("1", "C1:A", None), ("2", "C1:A", None), ("3", "C2:A", None)]


def test_rows_without_any_head_are_quarantined(tmp_path: Path) -> None:
    profile = user_profile(tmp_path, GROUPED)
    path = write(tmp_path, "list.txt", "no;date;amount\n1;2024-01-05;10\nCompany C1\nCustomer A\n2;2024-01-06;20\n")
    got = read(path, profile, companies=TWO, settings=LENIENT, extract_as_of=AS_OF)
    assert got.quarantined() == [(2, "customer", "REQUIRED_BLANK")]
    assert got.column("document", "customer_id") == ["C1:A"]
