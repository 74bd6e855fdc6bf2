"""Numbers of bank accounts: what a file tells of them is hashed with a secret of the home before it is written, so that a change is seen and the number is not."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from typing import TYPE_CHECKING, Final

from receivables import lake
from receivables.errors import NightFailed
from receivables.forgotten import RAW
from receivables.intake.sqltext import ident, lit
from receivables.personal_data import personal_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.intake.read import Landed
    from receivables.state import State

KEY_FILE: Final = "account.key"
"""The file of a home that holds its secret, for its owner alone; it is in no backup."""

_COLUMNS: Final = {(table, column) for table, column, kind in personal_columns() if kind == "bank"}
_IS_HASH: Final = "regexp_full_match({}, '[0-9A-Fa-f]{{32,128}}')"
"""No account number is that long without a letter beyond F, so what looks like a digest was hashed by who told it."""

_LIKE_ONE: Final = r"\b[A-Za-z]{2}[0-9]{2}(?:[ -]?[0-9A-Za-z]{2,4}){3,8}\b|\b[0-9](?:[ -]?[0-9]){9,}\b"
"""What looks like an account number in a line that was not cut into cells: an IBAN, or ten digits and more."""

_NO_ROW: Final = "row_class = 'unclassified'"

_LEAST_LETTERS: Final = 6
"""Letters of a number below which it may as well be another cell's."""


def are_told(con: Connection, landed: Landed) -> bool:
    """Whether a file that was read, in schema `landing`, tells any account by its number; creates table `account_number`, by the line.

    A line that is no row may hold one wherever the file has a column for them.
    """
    con.execute("create or replace temp table account_number (line_no bigint, number varchar)")
    names = {field.name for field in landed.typed.fields if not field.is_absent} if landed.typed else set()
    is_told = False
    for table, column in sorted(_COLUMNS):
        if table not in landed.tables:
            continue
        told = {row[0] for row in con.execute(f"select column_name from (describe landing.{table})").fetchall()}
        query = f"select 1 from landing.{table} where not {_IS_HASH.format(ident(column))} limit 1"
        is_told |= column in told and bool(con.execute(query).fetchall())
        if column in names:
            con.execute(
                f"insert into account_number select line_no, {ident(column)} from typed_row where not {_IS_HASH.format(ident(column))}"
            )
            is_told |= bool(con.execute(f"select 1 from classed where {_NO_ROW} limit 1").fetchall())
    return is_told or bool(con.execute("select 1 from account_number limit 1").fetchall())


def hashed(table: str, column: str, value: str, key: str | None) -> str:
    """SQL for a column's value with account numbers in it hashed; spaces, dashes and small letters make no other account. None: there are no numbers.

    A raw text of a finding is one that holds them: those of its line, and what looks like one in a line that is no row; a text that
    is of no line in quarantine is left out.
    """
    if key is None:
        return value
    if table == "issue" and column in RAW:
        return _told(column, value, key)
    return _hashed(value, key) if (table, column) in _COLUMNS else value


def _hashed(value: str, key: str) -> str:
    plain = f"upper(regexp_replace({value}, '[^0-9A-Za-z]', '', 'g'))"
    return f"case when {_IS_HASH.format(value)} then {value} else sha256({lit(key)} || {plain}) end"


def _told(column: str, value: str, key: str) -> str:
    names = ", ".join(sorted(lit(name) for _, name in _COLUMNS))
    by_line = (
        f"coalesce((select min(case when contains({value}, own.number) then replace({value}, own.number, {_hashed('own.number', key)})"
        f" when {lit(column)} <> 'raw_line' then {value} else '' end)"
        f" from account_number as own where own.line_no = told.line_no), case when told.line_no in (select line_no from classed where {_NO_ROW})"
        f" then regexp_replace({value}, {lit(_LIKE_ONE)}, '***', 'g') else {value} end)"
    )
    if column == "raw_line":
        return f"case when action = 'quarantine' then {by_line} end"
    return f"case when column_name in ({names}) then {_hashed(value, key)} else {by_line} end"


def masking(con: Connection, key: str) -> Callable[[Iterable[str]], Iterator[str]]:
    """What makes of the lines of a file, whose numbers stand in table `account_number`, those with hashes in the place of numbers.

    It raises ValueError where it cannot: such a file is not kept. A hash is read again as the account it is of.
    """

    def masked(lines: Iterable[str]) -> Iterator[str]:
        found = con.execute(
            f"select line_no, own.number from account_number as own full join (select line_no from classed where {_NO_ROW}) as bad"
            " using (line_no) order by line_no"
        )
        rows = iter(found.fetchone, None)
        place, number = next(rows, (0, None))
        for line_no, line in enumerate(lines, 1):
            if line_no != place:
                yield line
                continue
            yield _with_digests(line, number, key)
            place, number = next(rows, (0, None))
        if place:
            raise ValueError("a line that the file does not have")

    return masked


def _with_digests(line: str, number: str | None, key: str) -> str:
    if number is None:
        return re.sub(_LIKE_ONE, lambda one: _digest(one[0], key), line)
    parts = re.split(rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])", line)
    if len(parts) != 2 or len(number) < _LEAST_LETTERS:
        raise ValueError("a number that cannot be told from what else stands there")
    return _digest(number, key).join(parts)


def _digest(number: str, key: str) -> str:
    plain = re.sub("[^0-9A-Za-z]", "", number).upper()
    return hashlib.sha256(f"{key}{plain}".encode()).hexdigest()


def key_of(root: Path, state: State, lake_root: Path) -> str:
    """The secret of a home, made when it is first needed.

    Raises:
        NightFailed: it is gone, is another one, or is open to others: accounts would look as if they had all changed.
    """
    path, marks = root / KEY_FILE, lake_root / "account_key"
    known = {mark.stem for mark in marks.glob("*.json")}
    if not path.exists():
        if known:
            raise _no_key(f"no {path}")
        handle = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(32))
            stream.flush()
            os.fsync(stream.fileno())
        path.with_suffix(".new").replace(path)
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise _no_key(f"{path}, which others may read")
    key = path.read_text(encoding="ascii").strip()
    mark = hashlib.sha256(f"mark {key}".encode()).hexdigest()[:16]
    if known and mark not in known:
        raise _no_key(f"{path}, which is not the one of this home")
    written = marks / f"{mark}.json"
    if not known:
        lake.write_json(written, {"mark": mark})
    lake.seal(state, lake_root, [written])
    return key


def _no_key(got: str) -> NightFailed:
    return NightFailed(
        got=got,
        expected="the secret with which numbers of bank accounts were hashed, for its owner alone",
        try_=f"putting {KEY_FILE} back with mode 600 from where secrets are kept; no backup of receivables holds it",
    )
