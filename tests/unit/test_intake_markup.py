"""Tables in HTML and in Excel 2003's XML: the files ERPs call .xls, read as the rows of a sheet and as nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake_files import write
from receivables.engine import Connection, connect
from receivables.errors import FileRefused
from receivables.intake import markup
from receivables.intake.container import inspect, load_table
from receivables.settings import Ingest

if TYPE_CHECKING:
    from pathlib import Path

NAMESPACE: Final = "urn:schemas-microsoft-com:office:spreadsheet"


@pytest.fixture(scope="module")
def con() -> Iterator[Connection]:
    with closing(connect()) as connection:
        yield connection


def sheet_xml(*rows: str, before: str = "", sheets: str = "") -> str:
    """A workbook as Excel 2003 saves it; rows are the XML of its cells."""
    return (
        f'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>{before}<Workbook xmlns="{NAMESPACE}" xmlns:ss="{NAMESPACE}">'
        f'{sheets}<Worksheet ss:Name="Items"><Table>{"".join(rows)}</Table></Worksheet></Workbook>'
    )


def cell(value: str, kind: str = "String", more: str = "") -> str:
    return f'<Cell{more}><Data ss:Type="{kind}">{value}</Data></Cell>'


def html(text: str) -> list[list[str]]:
    return [cells for _, cells in markup.html_rows(iter([text]), "list.xls", 1000)]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("<html><body><table>", "html"),
        ("\ufeff \r\n<!DOCTYPE HTML><HTML><TABLE>", "html"),
        ("<table border=1><tr>", "html"),
        ("<meta charset=utf-8><table>", "html"),
        ('<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><table>', "html"),
        (sheet_xml(), "xml2003"),
        ('<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022">', None),
        ("<note>;1;2", None),
        ("Konto;<html><table>", None),
    ],
)
def test_the_first_characters_tell_a_table_in_markup(head: str, kind: str | None) -> None:
    assert markup.kind_of(head) == kind


def test_a_cell_over_columns_or_rows_stands_in_its_first_place() -> None:
    text = (
        "<table><tr><td colspan=3>Open items</td></tr><tr><th>Customer<th>No<th>Amount</tr>"
        "<tr><td rowspan=2>A</td><td>1</td><td>10&nbsp;000,00</td></tr><tr><td>2</td><td>5,00</td></tr>"
        "<tr><td>B<td>3<td>7,00</table>"
    )
    assert html(text) == [
        ["Open items", "", ""],
        ["Customer", "No", "Amount"],
        ["A", "1", "10 000,00"],
        ["", "2", "5,00"],
        ["B", "3", "7,00"],
    ]


def test_only_what_a_reader_sees_is_a_cell() -> None:
    text = (
        "<html><head><title>x</title><style>td {color: red}</style></head><body>Dear all,<table><tr><td>a <b>b</b><br>c"
        "<!-- d --><script>e</script></td><td>&amp;&#8364; &lt;f&gt;</td></tr></table></body></html>"
    )
    assert html(text) == [["a b c", "&€ <f>"]]


def test_tables_inside_cells_and_one_after_the_other_yield_their_rows() -> None:
    text = "<table><tr><td><table><tr><td>1<td>2</table></td></tr></table><table><tr><td>3<td>4</table>"
    assert [cells for cells in html(text) if any(cells)] == [["1", "2"], ["3", "4"]]


def test_a_sheet_s_gaps_keep_their_places() -> None:
    text = sheet_xml(
        '<Row ss:Index="3">' + cell("Customer") + cell("Due", more=' ss:Index="4"') + "</Row>",
        "<Row>" + cell("A", more=' ss:MergeAcross="1"') + cell("5.5", "Number") + cell("#REF!", "Error") + "</Row>",
        "<Row>" + cell("2024-05-15T00:00:00.000", "DateTime") + "</Row>",
        sheets='<Worksheet ss:Name="Cover"><Table/></Worksheet>',
    )
    assert markup.spreadsheet_rows(iter(text), "list.xls", 1000) == [
        (3, ["Customer", "", "", "Due"]),
        (4, ["A", "", "5.5", ""]),
        (5, ["2024-05-15T00:00:00.000", "", "", ""]),
    ]


BOMB: Final = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("text", "said", "reason"),
    [
        (sheet_xml("<Row>" + cell("&b;&c;") + "</Row>", before=BOMB), "declares a document type", "FILE_UNREADABLE"),
        (sheet_xml("<Row>" + cell("a")), "mismatched tag", "FILE_UNREADABLE"),
        (sheet_xml(), "without a row", "FILE_TRUNCATED"),
        (sheet_xml("<Row>" + cell("a", more=' ss:Index="9999999"') + "</Row>"), "more cells", "FILE_TOO_LARGE"),
        (sheet_xml('<Row ss:Index="9999999">' + cell("a") + "</Row>"), "more cells", "FILE_TOO_LARGE"),
        ("<html><body><table></table></body></html>", "without a table row", "FILE_NOT_A_TABLE"),
        ("<table><tr>" + "<td colspan=9000>x</td>" * 2, "more cells", "FILE_TOO_LARGE"),
        ("<table>" * 1_000_000, "and 100 levels", "FILE_TOO_LARGE"),
        (sheet_xml("<a>" * 1_000_000), "and 100 levels", "FILE_TOO_LARGE"),
        ("<table><tr><td " + "a " * 3_000_000, "tags deeper in one another or longer", "FILE_TOO_LARGE"),
        ("<table><tr><td>x</td></tr>" + "<!--a" * 1_000_000, "tags deeper in one another or longer", "FILE_TOO_LARGE"),
        ("<table><tr><td>x</td></tr><![foo[x]]>", "unknown status keyword", "FILE_UNREADABLE"),
    ],
)
def test_what_is_no_table_or_pretends_to_be_a_giant_is_refused(
    con: Connection, tmp_path: Path, text: str, said: str, reason: str
) -> None:
    with pytest.raises(FileRefused, match=said) as refusal:
        load_table(con, inspect(write(tmp_path, "list.xls", text), Ingest()))
    assert refusal.value.reason == reason
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("cp1252", ""),
        ("utf-16", ""),
        ("gb18030", "gb2312"),
        ("cp1252", "windows-1252"),
        ("utf-8", "no-such-code"),
    ],
)
def test_an_html_table_in_any_encoding_is_a_sheet(con: Connection, tmp_path: Path, encoding: str, told: str) -> None:
    name = "上海" if encoding == "gb18030" else "Ibáñez"
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={told}">' if told else ""
    path = write(tmp_path, "list.xls", f"<html>{meta}<table><tr><td>{name}</td><td>1</td></tr></table>", encoding)
    source = inspect(path, Ingest())
    assert source.kind == "html"
    assert load_table(con, source) == 1
    assert con.execute("select line_no, n_lines, raw, cells from record").fetchall() == [
        (1, 1, f"{name}\t1", [name, "1"])
    ]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.lists(
        st.sampled_from(
            [
                "<table>",
                "</table>",
                "<tr>",
                "</tr>",
                "<td>",
                "<td colspan=2>",
                "<td rowspan=3>",
                "</td>",
                "x",
                "<br>",
                "<!",
                "&",
            ]
        ),
        max_size=30,
    )
)
def test_broken_html_is_rows_of_one_width_or_refused(pieces: list[str]) -> None:
    try:
        rows = html("<html>" + "".join(pieces))
    except FileRefused:
        return
    assert len({len(cells) for cells in rows}) == 1


@pytest.mark.parametrize(
    ("text", "limits", "said"),
    [
        (sheet_xml("<Row>" + cell("a") * 20 + "</Row>"), {"max_cells": 19}, "at most 16,384 columns, 19 cells"),
        ("<table><tr>" + "<td>x</td>" * 20 + "</tr></table>", {"max_cells": 19}, "at most 16,384 columns, 19 cells"),
        ("<table><tr><td>" + "x" * 1_000_000 + "</td></tr></table>", {"max_whole_mb": 1}, "html of 1 MB"),
    ],
)
def test_how_much_a_table_in_markup_may_hold_is_a_setting(
    con: Connection, tmp_path: Path, text: str, limits: dict[str, int], said: str
) -> None:
    path = write(tmp_path, "list.xls", text)
    load_table(con, inspect(path, Ingest()))
    with pytest.raises(FileRefused, match=said) as refusal:
        load_table(con, inspect(path, Ingest.model_validate(limits)))
    assert refusal.value.reason == "FILE_TOO_LARGE"


def test_a_charset_that_takes_for_ever_is_not_believed(con: Connection, tmp_path: Path) -> None:
    """The letters of punycode are put in one by one, each moving all behind it."""
    body = "<table><tr><td>x</td></tr></table>" + "<!-- a" + "-ab" * 500_000 + " -->"
    path = write(tmp_path, "list.xls", '<html><meta charset="punycode">' + body)
    assert load_table(con, inspect(path, Ingest()), ("utf-8",)) == 1
