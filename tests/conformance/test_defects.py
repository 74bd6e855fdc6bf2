"""The defects that exports have, one test each and in their order: how a file is written and cut (1 to 12), whether it may be loaded (45 to 48).

What its values are is in `test_defects_values.py` (13 to 36), what the ledger makes of them in `test_defects_ledger.py` (37 to 44).
"""

from __future__ import annotations

import ast
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

import receivables
from defect_files import LEDGER, LIST, REPORT, Said, given, listed, refusal, said, table
from fbl5n_lists import DE, FLAT, Item, drawn_list, tab_text
from intake_files import AS_OF, HEADER, LENIENT, invoice, invoices, read, workbook, write
from receivables.errors import FileRefused
from receivables.intake.company import Companies
from receivables.land import Reading

HERE: Final = Path(__file__).parent
FILES: Final = ("test_defects.py", "test_defects_values.py", "test_defects_ledger.py")
ELSEWHERE: Final = {
    45: (
        "tests/ops/test_arrival.py",
        "test_a_file_as_long_as_a_spreadsheet_is_refused_until_a_person_says_it_is_whole",
    ),
    46: ("tests/ops/test_arrival.py", "test_an_older_full_extract_is_refused_naming_both_days_and_the_way_out"),
}
"""Tests that stood before and cover what these leave out."""

NAMED: Final = f"name,{HEADER}"
SAP: Final = Companies(None, {"1000": "EUR"})


def names_in(path: Path) -> set[str]:
    """The names of the tests in a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_defect_known_has_its_test(reference_data: Path) -> None:
    rows = (reference_data / "erp" / "defects.jsonl").read_text(encoding="utf-8").splitlines()
    wanted = {f"test_{row['no']:02}_{row['reason_code'].lower()}" for row in map(json.loads, rows)}
    names = {name for file in FILES for name in names_in(HERE / file)}
    found = {match[0] for name in names if (match := re.match(r"test_\d\d_[a-z]+(?:_[a-z]+)*?(?=__|$)", name))}
    assert wanted - found == set()
    assert found - wanted == set()


def test_what_is_tested_elsewhere_is() -> None:
    root = HERE.parents[1]
    assert [name for path, name in ELSEWHERE.values() if name not in names_in(root / path)] == []


# -- how a file is written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "gb18030", "utf-16"])
def test_01_enc_legacy(tmp_path: Path, encoding: str) -> None:
    text = table(NAMED, f"Ferretería Ñúñez,{invoice(1)}")
    declared = (
        f'encodings = ["utf-8", "{"cp1252" if encoding == "utf-16" else encoding}"]\n'  # a mark needs no declaration
    )
    got = given(tmp_path, LIST + declared, text, encoding=encoding)
    assert got.column("customer", "name") == ["Ferretería Ñúñez"]
    assert got.landed.encoding == encoding
    assert said(got, "ENC_LEGACY") == [Said("repair", repaired=encoding)]


def test_01_enc_legacy__only_as_declared(tmp_path: Path) -> None:
    text = table(NAMED, f"Ferretería Ñúñez,{invoice(1)}")
    declared = 'encodings = ["utf-8", "cp1252"]\n'
    # Where a mark or every byte says UTF-8, the declared page is not tried; a page nobody declared is not guessed.
    for known in ("utf-8", "utf-8-sig"):
        plain = given(tmp_path, LIST + declared, text, encoding=known)
        assert (plain.column("customer", "name"), said(plain, "ENC_LEGACY")) == (["Ferretería Ñúñez"], [])
    undeclared = refusal(tmp_path, LIST + 'encodings = ["utf-8"]\n', text, encoding="cp1252")
    assert undeclared.got == "export.csv in no known encoding"


def test_02_enc_mojibake(tmp_path: Path) -> None:
    twice = "Almacén Peñíscola".encode().decode("cp1252")
    rows = (f"{twice},{invoice(1)}", f"Caf\ufffd Sol,{invoice(2, customer='B')}", f"PEÑÃ,{invoice(3, customer='C')}")
    got = listed(tmp_path, *rows, header=NAMED)
    names = dict(zip(got.column("customer", "customer_id"), got.column("customer", "name"), strict=True))
    assert names == {
        "ES01:A": "Almacén Peñíscola",
        "ES01:B": "Caf\ufffd Sol",
        "ES01:C": "PEÑÃ",
    }  # undone only where it is exact
    assert said(got, "ENC_MOJIBAKE") == [
        Said("accept_warn", "customer_name", 1, twice, "Almacén Peñíscola"),
        Said("accept_warn", "customer_name", 1, "Caf\ufffd Sol"),
    ]
    # Where the name is the key, what was lost is no reason to take two customers for one.
    keyed = listed(tmp_path, *(invoice(n, customer=key) for n, key in enumerate(("Caf\ufffd", "Café", "Cafe", twice))))
    assert keyed.column("document", "customer_id") == [
        "ES01:Caf\ufffd",
        "ES01:Café",
        "ES01:Cafe",
        "ES01:Almacén Peñíscola",
    ]
    assert [one.count for one in said(keyed, "ENC_MOJIBAKE")] == [1, 1]


def test_03_file_fake_xls(tmp_path: Path) -> None:
    tabbed = invoices(invoice(1), invoice(2)).replace(",", "\t")
    cells = [line.split("\t") for line in tabbed.splitlines()]
    page = (
        "<html><body><table>"
        + "".join(f"<tr><td>{'</td><td>'.join(row)}</td></tr>" for row in cells)
        + "</table></body></html>"
    )
    sheet = (
        '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        '<Worksheet ss:Name="a"><Table>'
        + "".join(
            "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell}</Data></Cell>' for cell in row) + "</Row>"
            for row in cells
        )
        + "</Table></Worksheet></Workbook>"
    )
    readers = 'containers = ["delimited", "workbook", "html", "xml2003"]\n'
    for content, read_as in (
        (tabbed, "delimited"),
        (page, "html"),
        (sheet, "xml2003"),
        (tabbed.encode("utf-16"), "delimited"),
    ):
        got = given(tmp_path, LIST + readers, content, "open_items.xls")
        assert got.column("document", "doc_no") == ["1", "2"], read_as
        assert said(got, "FILE_FAKE_XLS") == [Said("repair", repaired=read_as)]
    book = workbook(tmp_path / "book.xlsx", cells).rename(tmp_path / "book.csv")
    assert given(tmp_path, LIST + readers, book.read_bytes(), "book.csv").column("document", "doc_no") == ["1", "2"]


def test_04_file_title_lines(tmp_path: Path) -> None:
    profile = LIST + "as_of_from = [\"title\"]\nas_of_title = ['As of (\\S+ \\d+, \\d{4})']\n"
    titles = ("Aging Detail,,,,,,", "Zapatería Sol,,,,,,", '"As of June 30, 2024",,,,,,', "")
    got = given(tmp_path, profile, table(*titles, HEADER, invoice(1)), extract_as_of=None)
    assert got.landed.extract_as_of.isoformat() == "2024-06-30"
    assert got.column("document", "doc_no") == ["1"]
    assert said(got, "FILE_TITLE_LINES") == [Said("skip", count=3)]
    # A header is a line with three of five required labels, in the first forty: then what lacks is named.
    lacking = refusal(
        tmp_path, LIST, table(*titles, HEADER.replace("due", "x").replace("settled date", "y"), invoice(1))
    )
    assert lacking.reason == "COL_MISSING"
    few = refusal(tmp_path, LIST, table(*titles, "customer,invoice,date,x,y,z,w", invoice(1)))
    deep = refusal(tmp_path, LIST, table(*["a title"] * 40, HEADER, invoice(1)))
    assert {few.reason, deep.reason} == {"FILE_UNRECOGNISED"}


# -- rows that are no items, cells that are not where they should be ----------------------------------------------------

SOL, LUNA = (f",{number},2024-05-15,2024-06-14,{amount}" for number, amount in ((1002, "100.00"), (1003, "50.00")))


def test_05_row_total(tmp_path: Path) -> None:
    rows = (
        "Sol S.L.,,,,",
        SOL,
        LUNA,
        "Total Sol S.L.,,,,150.00",
        "Grand total,,,,150.00",
        "Percent of total,,,,100.00 %",
        "Printed on Monday,,,,",
    )
    got = given(tmp_path, LEDGER + REPORT, table("Customer,Number,Date,Due,Amount", *rows))
    assert got.column("entry", "amount_doc") == [100, 50]
    assert said(got, "ROW_TOTAL") == [Said("skip", count=3)]
    assert said(got, "SKIP_TRAILER") == [Said("skip")]
    assert (got.account.control_total, got.account.control_total_file) == (Decimal(150), Decimal(150))
    wrong = refusal(
        tmp_path,
        LEDGER + REPORT,
        table("Customer,Number,Date,Due,Amount", *rows).replace("Grand total,,,,150", "Grand total,,,,160"),
    )
    assert wrong.got == "export.csv, whose rows sum to 150.0000 and whose total says 160.0000"


def test_06_row_group_header(tmp_path: Path) -> None:
    rows = ("Sol S.L.,,,,", SOL, "Total Sol S.L.,,,,100.00", LUNA, "Luna,,,,", SOL.replace("1002", "1004"))
    got = given(tmp_path, LEDGER + REPORT, table("Customer,Number,Date,Due,Amount", *rows))
    assert dict(zip(got.column("entry", "doc_no"), got.column("entry", "customer"), strict=True)) == {
        "1002": "Sol S.L.",
        "1004": "Luna",
    }
    assert said(got, "ROW_GROUP_HEADER") == [Said("skip", count=2)]
    assert said(got, "ROW_GROUP_MISSING") == [
        Said("quarantine", "customer", line=LUNA)
    ]  # below the total that closed its group


def test_07_row_repeated_header(tmp_path: Path) -> None:
    items = [
        Item(account, number, Decimal(100)) for account, number in (("100001", "1"), ("100001", "2"), ("100002", "3"))
    ]
    path = write(tmp_path, "list.txt", drawn_list(items, DE, printed=AS_OF, page=1))
    got = read(path, companies=SAP, builds=False)
    assert dict(zip(got.column("entry", "doc_no"), got.column("entry", "customer"), strict=True)) == {
        "1": "100001",
        "2": "100001",
        "3": "100002",
    }
    assert said(got, "ROW_REPEATED_HEADER") == [Said("skip", count=2)]
    assert said(got, "SKIP_HEADER") == [Said("skip")]
    assert said(got, "FILE_TITLE_LINES") == [Said("skip", count=2)]  # the page's head once more


def test_08_row_unclassified(tmp_path: Path) -> None:
    text = drawn_list([Item("100001", str(n), Decimal(100)) for n in range(1, 200)], DE, printed=AS_OF)
    text = text.replace("|@  |50 ", "|@| ??? | |RV|\r\n|@  |50 ")
    got = read(write(tmp_path, "list.txt", text), companies=SAP, settings=LENIENT, builds=False)
    assert len(got.tables["entry"]) == 199
    assert said(got, "ROW_UNCLASSIFIED") == [Said("quarantine", line="|@| ??? | |RV|")]
    assert got.account.status == "needs_person"  # though less than any share that matters


def test_09_col_shift(tmp_path: Path) -> None:
    items = [Item("100001", str(n), Decimal(100), text=text) for n, text in enumerate(("plain", "a | b"), 1)]
    drawn = read(write(tmp_path, "list.txt", drawn_list(items, DE, printed=AS_OF)), companies=SAP, builds=False)
    assert drawn.column("entry", "text") == ["plain", "a | b"]
    ((repair,),) = [said(drawn, "COL_SHIFT")]
    assert (repair.action, repair.count, "a | b" in (repair.line or "")) == ("repair", 1, True)
    got = listed(tmp_path, invoice(1), "Sol, S.L.,2,2024-01-05,2024-02-04,,EUR,100.00")
    assert got.column("document", "doc_no") == ["1"]
    assert said(got, "COL_SHIFT") == [Said("quarantine", line="Sol, S.L.,2,2024-01-05,2024-02-04,,EUR,100.00")]
    assert got.account.status == "needs_person"


def test_10_col_multiline(tmp_path: Path) -> None:
    rows = (
        'A,"Sol\nand Luna",1,2024-01-05,2024-02-04,,EUR,100.00',
        "B,Sol\nbroken off,2,2024-01-05,2024-02-04,,EUR,100.00",
        "C,Luna,3,2024-01-05,2024-02-04,,EUR,100.00",
    )
    got = listed(tmp_path, *rows, header=HEADER.replace("customer", "customer,name"))
    names = dict(zip(got.column("customer", "customer_id"), got.column("customer", "name"), strict=True))
    assert names == {"ES01:A": "Sol and Luna", "ES01:B": "Sol broken off", "ES01:C": "Luna"}
    assert [(one.action, one.count) for one in said(got, "COL_MULTILINE")] == [("repair", 2)]
    assert got.lines("loaded") == 5


def test_11_col_missing(tmp_path: Path) -> None:
    items = [Item("100001", "1", Decimal(100))]
    text = tab_text(items, DE, FLAT, titles=["15.10.2024      Dynamische Listenanzeige      1"])
    renamed = read(
        write(tmp_path, "list.txt", text.replace("Nettofälligkeit", "Nettofäll.")), companies=SAP, builds=False
    )
    assert renamed.column("entry", "due_date") == [items[0].due_date]  # a label known by another name
    with pytest.raises(FileRefused) as refused:
        read(write(tmp_path, "list.txt", text.replace("Nettofälligkeit", "Fälligkeit")), companies=SAP, builds=False)
    assert refused.value.reason == "COL_MISSING"
    for part in ("due_date", "Net due date", "Nettofälligkeit", "'Fälligkeit'"):
        assert part in str(refused.value)


def test_12_col_duplicate(tmp_path: Path) -> None:
    got = listed(tmp_path, f"{invoice(1)},2024-01-05", f"{invoice(2)},2024-01-09", header=f"{HEADER},date")
    assert [day.isoformat() for day in got.column("document", "doc_date")] == ["2024-01-05"] * 2  # the first is read
    assert said(got, "COL_DUPLICATE") == [Said("accept_warn", "date", 1)]
    same = listed(tmp_path, f"{invoice(1)},2024-01-05", header=f"{HEADER},date")
    assert said(same, "COL_DUPLICATE") == []
    other = 'columns.due_date.aliases = ["date.1"]\ncolumns.doc_date.aliases = ["date"]\n'  # how a spreadsheet names the second one
    named = listed(tmp_path, invoice(1), header=HEADER.replace("due", "date.1"), more=other)
    assert [day.isoformat() for day in named.column("document", "due_date")] == ["2024-02-04"]


# -- whether it may be loaded, what its texts hold ---------------------------------------------------------------------


def test_45_file_truncated(tmp_path: Path) -> None:
    nothing = refusal(tmp_path, LIST, "")
    bare = refusal(tmp_path, LIST, table(HEADER))
    assert {nothing.reason, bare.reason} == {"FILE_TRUNCATED"}
    assert (nothing.got, bare.got) == ("export.csv, an empty file", "export.csv without a single row below its header")
    totals = LIST + "[rows]\ntotal = ['^Total']\ngrand_total = '^Total'\n"
    rows = (invoice(1), invoice(2), "Total,,,,,,300.00")
    cut = refusal(tmp_path, totals, table(HEADER, *rows))
    assert (cut.reason, cut.expected) == ("FILE_TRUNCATED", "a file that holds all its rows")
    assert cut.got == "export.csv, whose rows sum to 200.0000 and whose total says 300.0000"


def test_46_file_duplicate(tmp_path: Path) -> None:
    home = tmp_path / "home"
    text = invoices(invoice(1), invoice(2))
    newer, again = (write(tmp_path, f"{name}_2024-06-20.csv", text) for name in ("list", "copy"))
    older = write(tmp_path, "list_2024-06-10.csv", invoices(invoice(1)))
    (first,) = receivables.ingest([newer], home, reading=Reading(company="ES01")).files
    assert first.outcome == "loaded"
    twice = receivables.ingest([newer, again], home)
    assert {file.outcome for file in twice.files} == {"known"}
    assert all("its content was loaded as list_2024-06-20.csv, batch " in file.message for file in twice.files)
    assert twice.refusals == ()
    (late,) = receivables.ingest([older], home, reading=Reading(company="ES01")).refusals
    assert (late.reason, "extracted on 2024-06-10" in late.got, "2024-06-20" in late.got) == (
        "FILE_DUPLICATE",
        True,
        True,
    )
    assert "--backfill" in late.try_
    (history,) = receivables.ingest([older], home, reading=Reading(company="ES01", backfill=True)).files
    assert history.outcome == "loaded"


def test_47_text_formula(tmp_path: Path) -> None:
    wrapped = '"=""0000100001"""'
    injected = '"=HYPERLINK(""http://example.invalid"",""x"")"'
    rows = (
        f"Sol,{invoice(1, customer=wrapped)}",
        f"{injected},{invoice(2, customer='B')}",
        f"+Luna & <b>@co</b>,{invoice(3, customer='C')}",
    )
    got = listed(tmp_path, *rows, header=NAMED)
    assert got.column("document", "customer_id") == ["ES01:0000100001", "ES01:B", "ES01:C"]
    assert said(got, "TEXT_FORMULA") == [Said("repair", "customer", 1, '="0000100001"')]
    assert got.column("customer", "name")[1:] == [
        '=HYPERLINK("http://example.invalid","x")',
        "+Luna & <b>@co</b>",
    ]  # told as it stands


def test_48_text_invisible(tmp_path: Path) -> None:
    keys = ("C00001\u200b", "Ｃ００００１", "C00001\t", " C00001  ", "\ufeffC00001", "C00001")
    rows = [f"A\u200bB Ｃo,{invoice(n, customer=key)}" for n, key in enumerate(keys, 1)]
    got = listed(tmp_path, *rows, header=NAMED)
    assert got.column("document", "customer_id") == ["ES01:C00001"] * 6
    assert said(got, "TEXT_INVISIBLE") == [Said("repair", "customer", 4, "C00001\u200b | Ｃ００００１ | C00001")]
    assert got.column("customer", "name") == ["A\u200bB Ｃo"]  # names keep what they are written with
    # What was in the file is kept where a row cannot be loaded.
    broken = rows[0].replace("2024-01-05", "no day")
    assert said(listed(tmp_path, broken, header=NAMED), "DATE_IMPOSSIBLE") == [
        Said("quarantine", "doc_date", raw="no day", line=broken)
    ]
