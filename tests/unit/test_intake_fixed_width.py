"""Text whose columns begin at fixed places, with a header of its own or with labels that only the profile tells."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake_files import AS_OF, LENIENT, physical_lines, read, user_profile, write
from receivables.engine import connect
from receivables.errors import FileRefused, SettingsError
from receivables.intake.profile import shipped
from receivables.intake.records import fixed_records, replace_at, split_places

if TYPE_CHECKING:
    from pathlib import Path

STARTS = (1, 9, 17, 28, 39)
LABELS = ("Cust", "Invoice", "Date", "Due", "Amount")

PROFILE = """
id = "own"
version = "1"
system = "own"
title = "fixed places"
status = "unverified"
based_on = "this test"
shape = "invoices"
mode = "open_items"
encodings = ["cp1252"]
containers = ["fixed_width"]
columns_at = [1, 9, 17, 28, 39]
date_formats = ["%d/%m/%Y"]
locales = [{ decimal = ",", thousands = "." }]
key = ["doc_no"]
assume = { currency = "EUR", local_currency = "EUR" }
kinds = [{ sign = "+", kind = "invoice" }, { sign = "-", kind = "credit_note" }]
rows = { rule = "^[- ]+$", total = ["^TOTAL"] }

[columns]
customer = { aliases = ["Cust"], required = true }
doc_no = { aliases = ["Invoice"], required = true }
doc_date = { aliases = ["Date"], required = true }
due_date = { aliases = ["Due"] }
amount = { aliases = ["Amount"], required = true }
"""

ROWS = [
    ("C1", "F-1", "02/01/2024", "01/02/2024", "1.250,00"),
    ("C2", "F-2", "15/01/2024", "14/02/2024", "80,10"),
    ("Muñoz", "F-3", "16/01/2024", "", "-30,00"),
]


def line(*cells: str) -> str:
    """Cells set at the places of the profile, the amount to the right."""
    *texts, amount = cells
    widths = [b - a for a, b in pairwise(STARTS)]
    return "".join(f"{text:<{width}}" for text, width in zip(texts, widths, strict=True)) + f"{amount:>12}"


def listed(*lines: str, end: str = "\r\n") -> str:
    return end.join((*lines, ""))


def test_a_list_with_a_header_is_cut_at_the_places_of_its_profile(tmp_path: Path) -> None:
    text = listed(
        "Open items",
        line(*LABELS),
        line("-------", "-------", "----------", "----------", "------------"),
        *(line(*row) for row in ROWS),
        line("TOTAL", "", "", "", "1.300,10"),
    )
    path = write(tmp_path, "list.txt", text, "cp1252")
    got = read(path, user_profile(tmp_path, PROFILE), extract_as_of=AS_OF)
    assert got.column("document", "doc_no") == ["F-1", "F-2", "F-3"]
    assert got.column("document", "amount_local") == [Decimal("1250.00"), Decimal("80.10"), Decimal("-30.00")]
    assert got.column("document", "customer_id") == ["ES01:C1", "ES01:C2", "ES01:Muñoz"]
    assert [kind for _, _, kind in got.records] == ["title", "header", "rule", *["item"] * 3, "total"]
    assert got.lines() == physical_lines(path, "cp1252") == 7
    assert (got.account.control_total, got.account.control_total_file) == (Decimal("1300.10"),) * 2


def test_a_file_without_a_header_is_known_by_its_name(tmp_path: Path) -> None:
    labels = ", ".join(f'"{label}"' for label in LABELS)
    profile = user_profile(tmp_path, f'header = [{labels}]\nfile_name = "^XOPEN"\n' + PROFILE.lstrip())
    text = listed(*(line(*row) for row in ROWS), "")
    path = write(tmp_path, "XOPEN.TXT", text, "cp1252")
    got = read(path, profile, *shipped(), extract_as_of=AS_OF)
    assert got.column("document", "doc_no") == ["F-1", "F-2", "F-3"]
    assert [kind for _, _, kind in got.records] == ["item"] * 3 + ["blank"]
    other = write(tmp_path, "other.txt", text, "cp1252")
    with pytest.raises(FileRefused, match=r"got other\.txt, beginning"):
        read(other, profile, *shipped(), extract_as_of=AS_OF)
    assert read(other, profile, extract_as_of=AS_OF).tables == got.tables, "a profile asked for needs no name"


def test_a_file_of_delimited_cells_may_lack_a_header_too(tmp_path: Path) -> None:
    labels = ", ".join(f'"{label}"' for label in LABELS)
    told = PROFILE.replace("columns_at = [1, 9, 17, 28, 39]\n", "").replace("fixed_width", "delimited").lstrip()
    profile = user_profile(tmp_path, f"header = [{labels}]\n" + told)
    path = write(tmp_path, "bare.csv", listed(*(";".join(row) for row in ROWS)), "cp1252")
    got = read(path, profile, extract_as_of=AS_OF)
    assert got.column("document", "amount_local") == [Decimal("1250.00"), Decimal("80.10"), Decimal("-30.00")]
    assert got.lines() == got.lines("loaded") == 3


def test_a_cell_that_is_no_value_of_its_column_is_quarantined_with_its_line(tmp_path: Path) -> None:
    shifted = "C9  F-9     02/01/2024  01/02/2024        10,00"
    rows = [line(f"C{n}", f"F-{n}", "02/01/2024", "", "1,00") for n in range(1, 40)]
    path = write(tmp_path, "list.txt", listed(line(*LABELS), *rows, shifted), "cp1252")
    got = read(path, user_profile(tmp_path, PROFILE), settings=LENIENT, extract_as_of=AS_OF)
    assert got.lines("quarantined") == 1
    assert {found.raw_line for found in got.findings if found.action == "quarantine"} == {shifted}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("columns_at = [1, 9, 17, 28, 39]", ""), "columns_at with the container fixed_width"),
        (("[1, 9, 17, 28, 39]", "[1, 9, 9]"), "columns_at in rising order"),
        (("[1, 9, 17, 28, 39]", "[0, 9]"), "greater than or equal to 1"),
        (('shape = "invoices"', 'shape = "invoices"\nheader = ["one"]'), "as many labels in header"),
    ],
)
def test_places_that_cannot_be_meant_are_refused(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    with pytest.raises(SettingsError, match=expected):
        user_profile(tmp_path, PROFILE.replace(*change))


@settings(deadline=None)  # each example opens a database
@given(st.lists(st.text(st.characters(exclude_characters="\n\r\x00\x01", exclude_categories=["Cs"])), max_size=5))
def test_records_are_cut_as_a_single_line_is(lines: list[str]) -> None:
    with connect() as con:
        con.execute("create table line (line_no bigint, raw varchar)")
        for number, text in enumerate(lines, 1):
            con.execute("insert into line values (?, ?)", [number, text])
        fixed_records(con, (1, 3, 4, 9))
        cut = con.execute("select cells from record order by line_no").fetchall()
    assert [list(cells) for (cells,) in cut] == [split_places(text, (1, 3, 4, 9)) for text in lines]


@given(
    st.text(st.characters(categories=["L", "Nd"], include_characters=" ")),
    st.integers(1, 4),
    st.text("abc9", max_size=6),
)
def test_a_text_put_at_a_place_is_what_is_read_there_and_nothing_else_changes(line: str, place: int, text: str) -> None:
    starts = (1, 3, 4, 9)
    written = replace_at(line, starts, place, text)
    width = (2, 1, 5, 99)[place - 1]
    assert (written is None) == (len(text) > width)
    if written is not None:
        before, after = split_places(line, starts), split_places(written, starts)
        assert after == [text if n == place else cell for n, cell in enumerate(before, 1)]
