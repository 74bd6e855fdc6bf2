"""What of a file is not written as it stands: personal data of who was forgotten, and numbers of bank accounts; in rows, in findings, and in the bytes that are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from receivables import accounts
from receivables.forgotten import Subjects, is_telling
from receivables.intake.sqltext import ident
from receivables.personal_data import personal_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.intake.read import Landed
    from receivables.state import State


@dataclass(frozen=True)
class LeftOut:
    """What is left out of one file that was read; `rows` tell of somebody forgotten, and `is_telling` says whether anything of the file does."""

    rows: int
    is_telling: bool
    masked: Callable[[Iterable[str]], Iterator[str]] | None
    """What makes of the file's lines those that may be kept, where they tell numbers of accounts; None: they are kept as they are."""
    subjects: Subjects
    account_key: str | None

    def value(self, table: str, column: str, value: str, present: Collection[str]) -> str:
        """What `lake.write` is told: SQL for what is written of a column's value."""
        hashed = accounts.hashed(table, column, value, self.account_key)
        return self.subjects.left_out(table, column, hashed, present)


def left_out(con: Connection, landed: Landed, home: Path, state: State, root: Path) -> LeftOut:
    """What of a file is left out, which stands in schema `landing` of the connection as it was read.

    Raises:
        NightFailed: the home's secret for account numbers is gone or open to others.
    """
    key = accounts.key_of(home, state, root) if accounts.are_told(con, landed) else None
    subjects = Subjects.known(state, root)
    masked = None if key is None else accounts.masking(con, key)
    if not subjects.ids:
        return LeftOut(0, is_telling=False, masked=masked, subjects=subjects, account_key=key)
    subjects, rows = _known_in(con, landed, subjects)
    quarantined = _count(
        con,
        f"(select distinct line_no from finding where action = 'quarantine' and ({subjects.told_in(['raw_line'])}))",
    )
    is_named = bool(rows or quarantined) or _stands_anywhere(con, subjects)
    return LeftOut(rows + quarantined, is_telling=is_named, masked=masked, subjects=subjects, account_key=key)


def _known_in(con: Connection, landed: Landed, subjects: Subjects) -> tuple[Subjects, int]:
    """Who was forgotten as this file tells of them: by the texts and lines of their rows too; and how many rows these are."""
    texts: set[str] = set()
    lines: set[int] = set()
    count = 0
    for table in landed.tables:
        present = {row[0] for row in con.execute(f"select column_name from (describe landing.{table})").fetchall()}
        if not (theirs := subjects.rows_of(table, present)):
            continue
        source = f"landing.{table} where {theirs}"
        if not (rows := _count(con, source)):
            continue
        count += rows
        found = con.execute(f"select distinct line_no from {source} and line_no in (select line_no from finding)")
        lines.update(row[0] for row in found.fetchall())
        for name, column, _ in personal_columns(is_forgotten=True):
            if name == table and column in present and is_telling(table, column):
                told = con.execute(f"select distinct {ident(column)}::varchar from {source}").fetchall()
                texts.update(row[0] for row in told if row[0])
    companies = {company for company, _, _ in landed.account.rows} | {landed.company_id or ""}
    return subjects.known_in(landed.tables, companies, texts, lines), count


def _stands_anywhere(con: Connection, subjects: Subjects) -> bool:
    """Whether a line tells of them that became no row: a head, a total, a row that is told twice."""
    cells = [
        row[0]
        for row in con.execute("select column_name from (describe item)").fetchall()
        if row[0].startswith("cell_")
    ]
    texts = [("record", "raw")] + [("item", f"concat_ws(chr(9), {', '.join(cells)})")] * bool(cells)
    return any(
        con.execute(f"select 1 from {table} where {subjects.told_in([text])} limit 1").fetchall()
        for table, text in texts
    )


def _count(con: Connection, source: str) -> int:
    return int(con.execute(f"select count(*) from {source}").fetchall()[0][0])
