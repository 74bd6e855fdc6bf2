"""Numbers of bank accounts: what a file tells of them is hashed with a secret of the home before it is written, so that a change is seen and the number is not."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from typing import TYPE_CHECKING, Final

from receivables import lake
from receivables.errors import NightFailed
from receivables.intake.sqltext import ident, lit
from receivables.personal_data import personal_columns

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.state import State

KEY_FILE: Final = "account.key"
"""The file of a home that holds its secret, for its owner alone; it is in no backup."""

_COLUMNS: Final = {(table, column) for table, column, kind in personal_columns() if kind == "bank"}
_IS_HASH: Final = "regexp_full_match({}, '[0-9A-Fa-f]{{32,128}}')"
"""No account number is that long without a letter beyond F, so what looks like a digest was hashed by who told it."""


def are_told(con: Connection, tables: Iterable[str]) -> bool:
    """Whether a file that was read, in schema `landing`, tells any account by its number."""
    for table, column in sorted(_COLUMNS):
        if table in tables:
            told = {row[0] for row in con.execute(f"select column_name from (describe landing.{table})").fetchall()}
            query = f"select 1 from landing.{table} where not {_IS_HASH.format(ident(column))} limit 1"
            if column in told and con.execute(query).fetchall():
                return True
    return False


def hashed(table: str, column: str, value: str, key: str | None) -> str:
    """SQL for a column's value with an account number in it hashed; spaces, dashes and small letters make no other account. None: there are no numbers."""
    if key is None or (table, column) not in _COLUMNS:
        return value
    plain = f"upper(regexp_replace({value}, '[^0-9A-Za-z]', '', 'g'))"
    return f"case when {_IS_HASH.format(value)} then {value} else sha256({lit(key)} || {plain}) end"


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
