"""The workbook of what is published, opened with another library than the one that wrote it: types, sums, no formula from data, nothing out of sight."""

from __future__ import annotations

import re
import shutil
import stat
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openpyxl  # type: ignore[import-untyped]  # no types shipped
import pytest
from openpyxl.utils.escape import unescape  # type: ignore[import-untyped]  # no types shipped

import receivables
from homes import MONDAY, ask, business, command, half_done, set_contracts, tell
from mail_business import CUSTOMERS
from mail_business import tell as tell_both
from receivables.engine import connect
from receivables.errors import UsageError
from receivables.home import Home
from receivables.language import DICTIONARY, language_in
from receivables.settings import FILE_NAME, LANGUAGES
from receivables.warehouse import open_warehouse, published_file
from receivables.workbook import write
from receivables.workbook.cell import cell_text
from receivables.workbook_wording import SHEETS

if TYPE_CHECKING:
    from receivables.warehouse import Warehouse

HOSTILE: Final = (
    *("=1+1", "+1", "-1", "@SUM(A1)", "\tTab", "\rReturn", "{=1+1}", '=HYPERLINK("http://example.com";"x")', "'=1"),
    *("http://example.com/a", "mailto:a@example.com", "internal:'Aging'!A1", "<r><t>x</t></r>", "<script>&amp;]]>", "_x0041_"),
    *("\x01\x0b bell", "\ufffe\uffff", "RTL \u202e mark", "two\nlines", "0012", "12345678901234567890", "1E5", "TRUE", "2026-10-31"),
    *(" blanks  kept ", "李文澜 𠮷", "x" * 40_000),
)  # fmt: skip
"""Names that a spreadsheet, an XML reader or a person could take for something else."""


@pytest.fixture(scope="module")
def two_companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which two companies in different currencies were published; not to be changed."""
    home = tmp_path_factory.mktemp("two") / "home"
    receivables.init(home)
    set_contracts(home, enabled=False)
    tell_both(home / "inbox")
    receivables.ingest([home / "inbox"], home)
    receivables.build(home)
    return home


@pytest.fixture
def hostile_home(two_companies: Path, tmp_path: Path) -> Path:
    """A home whose customers, documents and findings have hostile names, one of each."""
    home = tmp_path / "hostile"
    shutil.copytree(two_companies, home, symlinks=True)
    published_file(home).chmod(0o600)
    con = connect(published_file(home))
    con.execute(
        "create table name as select unnest(?::varchar[]) as name, unnest(range(?)) as n", [[*HOSTILE], len(HOSTILE)]
    )
    for table, told in {
        "core.customer": "'ES01:' || name.name as customer_id, name.name as name, name.name as salesperson",
        "marts.open_item": "'ES01:' || name.name as customer_id, name.name as doc_no, name.name as item_id, name.name as salesperson",
        "ops.issue": "name.n as issue_id, name.name as raw_value, name.name as column_name, name.name as repaired_value",
    }.items():
        only = "" if table == "ops.issue" else "where company_id = 'ES01'"
        con.execute(
            f"create or replace table {table} as select one.* replace ({told}) from (select * from {table} {only} limit 1) as one cross join name"
        )
    con.close()
    return home


def exported(home: Path, language: str = "en", **asked: Any) -> Path:
    path = home.parent / f"export-{language}.xlsx"
    path.unlink(missing_ok=True)
    return receivables.export(path, home, language=language, **asked).path


def opened(path: Path, *, is_computed: bool = False) -> Any:
    return openpyxl.load_workbook(path, data_only=is_computed)


def titled(language: str, sheet: str) -> str:
    return language_in(language, DICTIONARY).text(SHEETS[sheet][0])


def header_row(sheet: Any) -> int:
    """The row of the header: the filter begins there."""
    return int(re.match(r"A(\d+):", sheet.auto_filter.ref).group(1))  # type: ignore[union-attr]


def records(sheet: Any) -> list[dict[str, Any]]:
    """Rows below the header by title."""
    head = header_row(sheet)
    names = [cell.value for cell in sheet[head]]
    rows = sheet.iter_rows(min_row=head + 1, values_only=True)
    # an underscore before what looks like an escape is escaped itself, which openpyxl leaves to its caller
    return [
        {name: unescape(cell) if isinstance(cell, str) else cell for name, cell in zip(names, row, strict=True)}
        for row in rows
    ]


def exact(value: float | str | None) -> Decimal:
    return Decimal(str(value or 0))


# Sums ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("which", ["home", "two_companies"])
def test_sums_are_those_of_the_proof_to_the_last_decimal(
    request: pytest.FixtureRequest, tmp_path: Path, which: str, language: str
) -> None:
    home: Path = request.getfixturevalue(which)
    written = receivables.export(tmp_path / "all.xlsx", home, language=language)
    book, _ = opened(written.path), language_in(language, DICTIONARY).text
    proof = ask(home, "select company_id, currency, open_total, open_total_local from marts.aging_control")
    local = ask(home, "select company_id, local_currency, sum(open_total_local) from marts.aging_control group by all")
    assert proof
    totals = {
        (row[_("Company")], row[_("Document currency")], row[_("Amounts in")]): row
        for row in records(book[titled(language, "totals")])
    }
    for company_id, currency, open_total, _local in proof:
        row = totals[company_id, currency, currency]
        buckets = [value for place, value in enumerate(row.values()) if 4 <= place < len(row) - 3]
        assert exact(row[_("Total")]) == open_total == sum(map(exact, buckets))
        assert (exact(row[_("Ledger total")]), row[_("Difference")]) == (open_total, 0)
    for company_id, currency, open_local in local:
        assert exact(totals[company_id, _("All"), currency][_("Total")]) == open_local
    for sheet, doc, of_ledger in (
        ("aging", "Total", "Total in ledger currency"),
        ("open-items", "Open", "Open in ledger currency"),
    ):
        rows = records(book[titled(language, sheet)])
        found = {
            key: tuple(
                sum(exact(row[_(name)]) for row in rows if (row[_("Company")], row[_("Currency")]) == key)
                for name in (doc, of_ledger)
            )
            for key in {(row[_("Company")], row[_("Currency")]) for row in rows}
        }
        assert found == {(one[0], one[1]): one[2:] for one in proof}


def test_formulas_are_sums_of_our_own_alone_and_hold_their_result(home: Path) -> None:
    path = exported(home)
    book, computed = opened(path), opened(path, is_computed=True)
    found = [
        (sheet.title, cell) for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"
    ]
    assert {title for title, _ in found} >= {"Aging", "Open items"}
    for title, cell in found:
        last = book[title].max_row
        assert (cell.row, cell.value) == (1, f"=SUBTOTAL(109,{cell.column_letter}3:{cell.column_letter}{last})")
        below = [book[title].cell(row, cell.column).value for row in range(3, last + 1)]
        assert exact(computed[title][cell.coordinate].value) == sum(map(exact, below))


def test_a_column_of_several_currencies_is_not_added_up(home: Path, two_companies: Path) -> None:
    for place, expected in ((home, {"Total in ledger currency"}), (two_companies, set())):
        sheet = opened(exported(place))["Aging"]
        summed = {sheet.cell(2, cell.column).value for cell in sheet[1] if cell.data_type == "f"}
        assert summed & {"Total", "Total in ledger currency"} == expected


# Types ---------------------------------------------------------------------------------------------------------------


def test_cells_have_their_types(rated_home: Path) -> None:
    book = opened(exported(rated_home, "es"))
    _ = language_in("es", DICTIONARY).text
    kinds = {
        "open-items": {"Customer number": "s", "Document number": "s", "Document date": "d", "Due date": "d", "Open": "n", "Days overdue": "n"},
        "ratings": {"Grade": "s", "Score": "n", "Facts told": "n", "Owed": "n", "New grade": "s", "Next review": "d"},
    }  # fmt: skip
    for sheet, columns in kinds.items():
        found = book[titled("es", sheet)]
        head = header_row(found)
        for name, kind in columns.items():
            place = next(cell.column for cell in found[head] if cell.value == _(name))
            cells = [found.cell(row, place) for row in range(head + 1, found.max_row + 1)]
            assert {cell.data_type for cell in cells if cell.value is not None} == {kind}, name
            assert all(isinstance(cell.value, datetime) for cell in cells if kind == "d" and cell.value is not None)
    ratings = records(book[titled("es", "ratings")])
    assert {row[_("New grade")] for row in ratings} <= {"sí", "no"}
    ratings_sheet = book[titled("es", "ratings")]
    formats = {
        cell.value: ratings_sheet.cell(header_row(ratings_sheet) + 1, cell.column).number_format
        for cell in ratings_sheet[header_row(ratings_sheet)]
    }
    assert formats[_("Facts told")] == "0.0%"
    assert formats[_("Owed")] == "#,##0.00;[Red]-#,##0.00"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_can_be_read_and_printed(home: Path, language: str) -> None:
    about, *sheets = opened(exported(home, language))
    assert [sheet.title for sheet in sheets] == [titled(language, name) for name in SHEETS]
    for sheet in sheets:
        head = header_row(sheet)
        assert re.fullmatch(rf"[A-Z]{head + 1}", sheet.freeze_panes), "the header stays"
        assert sheet.auto_filter.ref.startswith(f"A{head}:")
        assert sheet.print_title_rows == f"${head}:${head}"
        setup = sheet.page_setup
        assert (setup.orientation, setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage) == (
            "landscape",
            0,
            True,
        )
        assert all(sheet.column_dimensions[cell.column_letter].width >= 9 for cell in sheet[head] if cell.value)
    told = [cell.value for row in about.iter_rows() for cell in row]
    assert datetime(MONDAY.year, MONDAY.month, MONDAY.day) in told
    if language == "zh":
        assert {cell.font.name for sheet in sheets for cell in sheet[header_row(sheet)]} == {"Microsoft YaHei"}


def test_the_first_sheet_says_what_every_column_means(home: Path) -> None:
    about, *sheets = opened(exported(home, "es"))
    explained = {
        (row[1], sheet) for row in about.iter_rows(values_only=True) if row[3] for sheet in str(row[0]).split(", ")
    }
    buckets = re.compile(r"^\d|^Más de ")
    silent = [
        (sheet.title, cell.value)
        for sheet in sheets
        for cell in sheet[header_row(sheet)]
        if (cell.value, sheet.title) not in explained and not buckets.match(cell.value)
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("99999999999.9999", 99999999999.9999),
        ("-99999999999.9999", -99999999999.9999),
        ("9999999999999.99", 9999999999999.99),
        ("100000000000.0001", "100000000000.0001"),
        ("-99999999999999.9999", "-99999999999999.9999"),
        ("90000000000000.0000", 90000000000000),
        ("0.0001", 0.0001),
    ],
)
def test_an_amount_is_exact_as_a_number_up_to_fifteen_digits_and_as_text_beyond(
    home: Path, amount: str, expected: float | str
) -> None:
    published_file(home).chmod(0o600)
    con = connect(published_file(home))
    con.execute("update marts.open_item set open_doc = ?::decimal(18, 4) where item_id = 'ES01:D1'", [amount])
    con.close()
    row = next(row for row in records(opened(exported(home))["Open items"]) if row["Traced by"] == "ES01:D1")
    assert row["Open"] == expected
    assert Decimal(str(row["Open"])) == Decimal(amount)


def test_a_day_that_no_spreadsheet_knows_is_text(home: Path) -> None:
    published_file(home).chmod(0o600)
    con = connect(published_file(home))
    con.execute(
        "update marts.open_item set doc_date = date '1900-02-28', due_date = date '1900-03-01' where item_id = 'ES01:D1'"
    )
    con.close()
    row = next(row for row in records(opened(exported(home))["Open items"]) if row["Traced by"] == "ES01:D1")
    assert (row["Document date"], row["Due date"]) == ("1900-02-28", datetime(1900, 3, 1))


# What others wrote ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_hostile_names_are_texts_and_come_back(hostile_home: Path, language: str) -> None:
    path, _ = exported(hostile_home, language), language_in(language, DICTIONARY).text
    book = opened(path)
    rows = records(book[titled(language, "open-items")])
    wanted = {cell_text(name)[:32_767] for name in HOSTILE}
    for column in ("Customer", "Document number", "Salesperson", "Traced by"):
        assert {row[_(column)] for row in rows} == wanted, column
    assert {row[_("Customer number")] for row in rows} == {cell_text(f"ES01:{name}")[:32_767] for name in HOSTILE}
    assert {row[_("Value")] for row in records(book[titled(language, "findings")])} >= wanted - {"two lines"}
    assert {name for name in wanted if name[0] in "=+-@{'"} >= {"=1+1", "+1", "-1", "@SUM(A1)", "{=1+1}", "'=1"}
    formulas = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert all(str(formula).startswith("=SUBTOTAL(109,") for formula in formulas)
    assert not any(sheet._hyperlinks for sheet in book)  # openpyxl tells them nowhere else
    with zipfile.ZipFile(path) as parts:
        assert [name for name in parts.namelist() if "extern" in name.lower() or "vba" in name.lower()] == []
        assert not any(b"TargetMode" in parts.read(name) for name in parts.namelist())


def test_text_stays_text_when_somebody_edits_its_cell(hostile_home: Path) -> None:
    sheet = opened(exported(hostile_home))["Open items"]
    head = header_row(sheet)
    place = next(cell.column for cell in sheet[head] if cell.value == "Document number")
    assert {sheet.cell(row, place).number_format for row in range(head + 1, sheet.max_row + 1)} == {"@"}


# Whose ---------------------------------------------------------------------------------------------------------------


def parts_of(path: Path) -> str:
    """All that is in a workbook, unpacked."""
    with zipfile.ZipFile(path) as parts:
        return "\n".join(name + parts.read(name).decode() for name in parts.namelist())


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({"companies": ["ES01"]}, {"K11", "K12", "K13", "K14"}),
        ({"territories": ["NORTE"]}, {"K11", "K12"}),
        ({"salespersons": ["李文澜"]}, {"K13"}),
        ({"companies": ["MX01"], "salespersons": ["Ximena Ōta"]}, {"K21", "K22"}),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_part_holds_no_name_and_no_sum_from_outside(
    two_companies: Path, tmp_path: Path, asked: dict[str, Any], seen: set[str], language: str
) -> None:
    told = parts_of(receivables.export(tmp_path / "part.xlsx", two_companies, language=language, **asked).path)
    whole = parts_of(receivables.export(tmp_path / "whole.xlsx", two_companies, language=language).path)
    for company_id, customer_id, name, _territory, _seller, amount in CUSTOMERS:
        marks = (name, f"FACTURA-{customer_id}", f"{company_id}:{customer_id}", f">{amount}<")
        assert all(mark in whole for mark in marks)
        assert [mark for mark in marks if mark in told] == ([*marks] if customer_id in seen else [])


def test_what_is_measured_over_a_company_is_not_told_to_who_sees_some_customers(two_companies: Path) -> None:
    path = exported(two_companies, territories=["NORTE"])
    about, *sheets = opened(path)
    assert [sheet.title for sheet in sheets] == ["Totals", "Aging", "Open items", "Ratings", "Flags"]
    assert "Ledger total" not in [cell.value for cell in book_row(sheets[0])]
    said = " ".join(str(cell.value) for row in about.iter_rows() for cell in row if cell.value)
    assert "customers in Cantábrico" in said
    assert "measured over whole companies: Expected cash, Findings." in said


def book_row(sheet: Any) -> Any:
    return sheet[header_row(sheet)]


# The file ------------------------------------------------------------------------------------------------------------


def test_more_rows_than_a_sheet_holds_go_on_in_further_sheets(home: Path, tmp_path: Path) -> None:
    with open_warehouse(home) as warehouse:
        whole = write(tmp_path / "whole.xlsx", warehouse, "en", sheets=["open-items"])
        cut = write(tmp_path / "cut.xlsx", warehouse, "en", sheets=["open-items"], rows_max=3)
    expected, book = records(opened(whole.path)["Open items"]), opened(cut.path)
    assert len(expected) == 5
    assert book.sheetnames == ["About", "Open items", "Open items (2)", "Open items (3)"]
    assert all(sheet.max_row <= 3 for sheet in book.worksheets[1:])
    assert [row for sheet in book.worksheets[1:] for row in records(sheet)] == expected
    assert [cell.value for row in book["About"].iter_rows() for cell in row if "(3)" in str(cell.value)] == [
        "Open items (2), Open items (3)"
    ]


def test_the_same_night_gives_the_same_bytes(home: Path, tmp_path: Path) -> None:
    first, second = (receivables.export(tmp_path / f"{n}.xlsx", home).path.read_bytes() for n in (1, 2))
    assert first == second


def test_the_command_writes_the_sheets_asked_for_privately(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "some.xlsx"
    ended = command(
        "export", "--home", home, "--out", out, "--sheet", "open-items", "--sheet", "aging", "--language", "zh"
    )
    assert (ended.exit_code, ended.stderr.count("Traceback")) == (0, 0)
    assert re.search(r"^aging +\d+ rows\nopen-items +5 rows\n", ended.stdout)
    assert opened(out).sheetnames == [language_in("zh").text("About"), "账龄", "未清项"]
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if "writing" in path.name] == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (["--sheet", "agin"], r"got --sheet 'agin'.*try aging"),
        (["--sheet", "findings", "--salesperson", "x"], r"got --sheet findings for some customers of a company"),
        (["--salesperson", "Nobody"], r"got nothing in sight of Nobody"),
        (["--company", "XX"], r"got nothing in sight of XX"),
        (["--language", "fr"], r"got language 'fr'"),
        (["--out", "x.xls"], r"got --out x\.xls.*ends in \.xlsx"),
        (["--out", "nowhere/x.xlsx"], r"got --out nowhere/x\.xlsx: No such file"),
    ],
)
def test_a_mistake_is_told_in_one_line(home: Path, tmp_path: Path, asked: list[str], message: str) -> None:
    out = [] if "--out" in asked else ["--out", str(tmp_path / "x.xlsx")]
    ended = command("export", "--home", home, *out, *asked)
    assert ended.exit_code == 2
    assert re.search(message, ended.only_message())
    assert not list(tmp_path.glob("*.xlsx*"))


def test_a_file_that_exists_is_never_written_over(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.xlsx").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"which exists"):
        receivables.export(tmp_path / "mine.xlsx", home)
    assert (tmp_path / "mine.xlsx").read_bytes() == b"mine"


def test_nothing_published_is_told(empty_home: Path, tmp_path: Path) -> None:
    ended = command("export", "--home", empty_home, "--out", tmp_path / "x.xlsx")
    assert (ended.exit_code, "nightly" in ended.only_message()) == (2, True)


# The night -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def told_home(empty_home: Path) -> Path:
    tell(empty_home, business(), MONDAY)
    return empty_home


def test_a_night_writes_the_workbook_beside_the_report_and_takes_it_away_when_it_is_switched_off(
    told_home: Path,
) -> None:
    ended = command("nightly", "--home", told_home)
    delivered, dated = (
        told_home / "out" / "receivables-en.xlsx",
        told_home / "out" / str(MONDAY) / "receivables-en.xlsx",
    )
    assert f"workbook (en): {dated}" in ended.stdout
    assert delivered.read_bytes() == dated.read_bytes()
    assert len(records(opened(delivered)["Open items"])) == 5
    steps = {step.name: step.items for step in receivables.status(told_home).steps}
    assert steps["workbook"] == 1
    report, link = told_home / "out" / "receivables-en.html", '<a href="receivables-en.xlsx">'
    assert link in report.read_text("utf-8")
    assert half_done(told_home) == []
    path = told_home / FILE_NAME
    path.write_text(path.read_text("utf-8").replace("#workbook = true", "workbook = false"), encoding="utf-8")
    ended = command("report", "--home", told_home)
    assert "workbook" not in ended.stdout + ended.stderr
    assert (delivered.exists(), dated.exists()) == (False, False)
    assert link not in report.read_text("utf-8")


def test_a_night_that_does_not_deliver_leaves_the_workbook_of_before(told_home: Path) -> None:
    receivables.nightly(told_home)
    delivered = told_home / "out" / "receivables-en.xlsx"
    before = delivered.read_bytes()
    told = business()
    told["document"].pop()
    tell(told_home, told, MONDAY)
    receivables.nightly(told_home, deliver=False)
    assert delivered.read_bytes() == before


def test_a_workbook_that_cannot_be_written_stops_neither_report_nor_mail(
    told_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("receivables.workbook.compose.Book", full)
    ended = command("nightly", "--home", told_home)
    assert (ended.exit_code, (told_home / "out" / "receivables-en.html").exists()) == (5, True)
    assert "needs a person: the workbook was not written: [Errno 28] No space left on device" in ended.stderr
    assert half_done(told_home) == []


def test_a_night_that_begins_takes_nothing_away_from_under_an_export(
    two_companies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spilled: list[Path] = []

    def while_written(path: Path, warehouse: Warehouse, *arguments: Any, **options: Any) -> Any:
        warehouse.con.execute("set memory_limit = '60MB'")
        warehouse.con.execute(
            "create temp table many as select range as n, md5(range::varchar) as text from range(1500000)"
        )
        ((folder,),) = warehouse.con.execute("select current_setting('temp_directory')").fetchall()
        spilled.extend(Path(folder).iterdir())
        assert Home(two_companies).unfinished() == []
        return write(path, warehouse, *arguments, **options)

    monkeypatch.setattr("receivables.workbook.write", while_written)
    receivables.export(tmp_path / "part.xlsx", two_companies, territories=["NORTE"])
    assert [path.parent.parent for path in spilled if path.parent.parent != tmp_path] == []
    assert spilled
    assert [path.name for path in tmp_path.iterdir()] == ["part.xlsx"]
