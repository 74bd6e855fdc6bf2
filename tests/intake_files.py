"""Small export files for the intake tests, and everything that becomes of one: rows, lines, findings."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import openpyxl  # type: ignore[import-untyped]  # it ships no type information and only writes here

from receivables import lake
from receivables.engine import Connection, connect, run_entries
from receivables.errors import FileRefused, Finding
from receivables.intake import regular
from receivables.intake.account import Account
from receivables.intake.company import Companies
from receivables.intake.profile import Profile, read_profiles, shipped
from receivables.intake.read import Landed, Request, read_file
from receivables.schema import TABLES
from receivables.settings import Engine, Ingest, Settings

if TYPE_CHECKING:
    import pytest

Row = dict[str, Any]

TODAY: Final = date(2026, 11, 30)
AS_OF: Final = date(2024, 10, 15)
KNOWN: Final = Companies("ES01", {"ES01": "EUR"})
NOBODY: Final = Companies(None, {})
LENIENT: Final = Settings(ingest=Ingest(refuse_pct=100))
"""Loads what it can of any file, so that a test sees what was done about each row."""

SINGLE: Final = Settings(engine=Engine(threads=1))
"""A few rows are read faster by one thread."""

HEADER: Final = "customer,invoice,date,due,settled date,currency,amount"


@dataclass(frozen=True)
class Got:
    """A file that was read: its canonical rows by table (NULL in columns it never tells), and (first line, lines, class) of every record."""

    landed: Landed
    tables: dict[str, list[Row]]
    records: list[tuple[int, int, str]]
    findings: list[Finding]

    @property
    def account(self) -> Account:
        """What became of its lines."""
        return self.landed.account

    def column(self, table: str, name: str) -> list[Any]:
        """One column of one table, in the order of the file's lines."""
        return [row[name] for row in self.tables[table]]

    def lines(self, outcome: str | None = None) -> int:
        """Physical lines of one outcome, or of all."""
        return sum(n for (_, _, what), n in self.account.lines.items() if outcome in (None, what))

    def quarantined(self) -> list[tuple[int | None, str | None, str]]:
        """Line, column and reason of everything in quarantine."""
        return [(f.line_no, f.column_name, f.reason_code) for f in self.findings if f.action == "quarantine"]

    def noted(self, reason: str) -> list[Finding]:
        """The findings of one reason that quarantine nothing."""
        return [f for f in self.findings if f.reason_code == reason and f.action != "quarantine"]


def read(
    path: Path,
    *profiles: Profile,
    companies: Companies = KNOWN,
    settings: Settings | None = None,
    builds: bool = True,
    **said: Any,
) -> Got:
    """Read a file as `land` does; `said` is what the caller says about it (extract_as_of, mode).

    Entries are turned into what a build makes of them, unless `builds` is false.
    """
    settings = settings or Settings()
    today = said.pop("today", TODAY)
    with tempfile.TemporaryDirectory() as scratch, closing(connect(settings=SINGLE)) as con:
        request = Request(path, profiles or shipped(), settings, companies, today, **said)
        landed = read_file(con, request, Path(scratch))
        tables = {
            name: [
                dict.fromkeys(TABLES[name].columns) | row
                for row in rows(con, f"select * from landing.{name} order by line_no")
            ]
            for name in landed.tables
        }
        if builds and "entry" in landed.tables:
            tables |= _made_of_entries(con, landed, settings, Path(scratch))
        records = con.execute(
            "select line_no, n_lines, row_class from classed union all select line_no, n_lines, 'item' from item anti join classed using (line_no) order by line_no"
        ).fetchall()
        told = [Finding(**row) for row in rows(con, "select * from finding order by line_no, column_name")]
    return Got(landed, tables, records, [*landed.findings, *told])


def both_ways(
    monkeypatch: pytest.MonkeyPatch, path: Path, *profiles: Profile, **said: Any
) -> tuple[Got | str, Got | str]:
    """What a file gives with its regular lines told apart, and with none; a refusal as its message."""
    got: list[Got | str] = []
    for is_possible in (True, False):
        with monkeypatch.context() as patch:
            if not is_possible:
                patch.setattr(regular.Layout, "is_possible", False)
            try:
                got.append(read(path, *profiles, settings=LENIENT, builds=False, extract_as_of=AS_OF, **said))
            except FileRefused as refusal:
                got.append(str(refusal))
    return got[0], got[1]


def assert_equal(apart: Got | str, one_by_one: Got | str) -> None:
    """The same rows, records, findings and counts, or the same refusal."""
    if isinstance(apart, str) or isinstance(one_by_one, str):
        assert apart == one_by_one
        return
    assert apart.tables == one_by_one.tables
    assert apart.records == one_by_one.records
    assert apart.account == one_by_one.account
    assert sorted(map(repr, apart.findings)) == sorted(map(repr, one_by_one.findings))


def _made_of_entries(con: Connection, landed: Landed, settings: Settings, scratch: Path) -> dict[str, list[Row]]:
    """What a build makes of the entries of this one file: documents, instalments, payments and allocations."""
    loaded_at = datetime.combine(TODAY, time.min)
    batches = lake.write(
        con, landed, scratch, first_id=1, loaded_at=loaded_at, is_first_load=lambda _company, _table: True
    )
    with closing(connect(settings=SINGLE)) as build:
        lake.snapshot(build, scratch, batches)
        run_entries(build, settings)
        return {
            name: rows(build, f"select * from entries.{name} order by line_no")
            for name in ("document", "instalment", "payment", "allocation")
        }


def rows(con: Connection, query: str) -> list[Row]:
    """The result of a query as dictionaries."""
    cursor = con.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def write(folder: Path, name: str, text: str | bytes, encoding: str = "utf-8") -> Path:
    """Write a file byte for byte; text keeps its own line ends."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def workbook(path: Path, *sheets: list[Any]) -> Path:
    """Write sheets of rows; an empty row is a blank one, a text beginning with # an error cell."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for lines in sheets:
        sheet = book.create_sheet()
        for number, line in enumerate(lines, 1):
            for place, value in enumerate(line, 1):
                cell = sheet.cell(number, place, value)
                cell.data_type = "e" if str(value).startswith("#") else cell.data_type
    book.save(path)
    return path


def invoices(*lines: str, header: str = HEADER, end: str = "\n") -> str:
    """An invoice list: the header and the lines given."""
    return end.join((header, *lines, ""))


def invoice(number: int | str = 1, amount: str = "100.00", **more: str) -> str:
    """One line of an invoice list: customer A, dated 2024-01-05, due 2024-02-04, in euro."""
    cells = {"customer": "A", "date": "2024-01-05", "due": "2024-02-04", "settled": "", "currency": "EUR"} | more
    return ",".join(
        (cells["customer"], str(number), cells["date"], cells["due"], cells["settled"], cells["currency"], amount)
    )


def user_profile(folder: Path, text: str, name: str = "own") -> Profile:
    """A user's profile as read from its TOML file."""
    return read_profiles(write(folder, f"{name}.toml", text))[0]


def physical_lines(path: Path, encoding: str) -> int:
    """Lines of a text file, counted without the product: a last line needs no line end."""
    with path.open(encoding=encoding, newline=None) as stream:
        return sum(1 for _ in stream)
