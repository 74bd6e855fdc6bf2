"""Which published file a build may go on from, so that it does not make anew what nothing told since could have changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from receivables import lake
from receivables.assets import package_dir, sql_dir
from receivables.engine import Base, EngineError, comment
from receivables.state import counting
from receivables.warehouse import published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from receivables.engine import Connection
    from receivables.run import Night
    from receivables.state import Batch, State

_LEDGER: Final = ("document", "instalment", "payment", "allocation")
"""Tables of which a full extract says of every row that it is still there; only what tells changes leaves the others as they are."""

_MAKING: Final = ("duckdb", "holidays")
"""Packages that what is published follows from, beside the settings and our own code."""


@dataclass(frozen=True)
class Earlier:
    """A published file that a build may go on from, and how many builds went on one from the other up to it."""

    path: Path
    base: Base
    builds: int


@dataclass(frozen=True)
class _Told:
    """What a published file says of how it was made."""

    run_id: str
    as_of: date
    started_at: datetime
    settings_sha256: str
    code_sha256: str
    builds: int
    documents: int
    rows: Mapping[int, str]


def earlier_build(night: Night, batches: Sequence[Batch]) -> Earlier | str:
    """The published file that a build of these batches may go on from, or why none may be."""
    if why_not := _always_whole(night):
        return why_not
    path = published_file(night.home.root)
    try:
        with night.scratch.database(path) as con:
            told = _told(con)
    except EngineError:
        return f"{path.name} cannot be read, or is of an earlier version"
    later = [batch for batch in counting(batches) if batch.batch_id not in told.rows]
    if why_not := _other_making(night, told) or _told_otherwise(night, told, batches, later):
        return why_not
    return Earlier(path, Base(told.run_id, told.as_of, tuple(batch.batch_id for batch in later)), told.builds)


def _always_whole(night: Night) -> str:
    """Why a build is made whole whatever is published."""
    if not night.settings.engine.incremental_builds:
        return "the settings say that every build is made whole"
    if night.settings.engine.kind != "duckdb":
        return "a cluster makes every table anew"
    return "" if published_run(night.home.root) is not None else "nothing is published yet"


def _other_making(night: Night, told: _Told) -> str:
    """Why a published file is not what this build would have made of the same, or not worth going on from."""
    setting = night.settings.engine
    if any(one.finished_at is None or one.finished_at >= told.started_at for one in night.state.forgotten()):
        return "somebody was forgotten since, of whom a copy of the file would hold traces"
    if told.documents < setting.incremental_documents:
        return "the ledger is small, so that a whole build costs no more"
    if told.builds >= setting.incremental_builds:
        return f"{told.builds} builds went on one from the other"
    if (told.settings_sha256, told.code_sha256) != (night.run.settings_sha256, code_sha256()):
        return "what is published was made by another version, or with other settings"
    return ""


def _told_otherwise(night: Night, told: _Told, batches: Sequence[Batch], later: Sequence[Batch]) -> str:
    """Why what was told `later` than a published file knows does more than add to it."""
    now = rows_sha256(night.state, batches)
    if told.rows.items() - now.items():
        return "not all that was told to the earlier build counts still, as it was told"
    whole = next((one for one in later if one.table_name in _LEDGER and one.mode != "delta"), None)
    return f"{whole.file_name} tells every {whole.table_name} again" if whole else ""


def _told(con: Connection) -> _Told:
    """Read how a published file was made.

    Raises:
        EngineError: it does not say.
    """
    row = con.execute(
        "select run.run_id, run.as_of, run.started_at, run.settings_sha256, build.code_sha256, build.builds_since_whole, (select count(*) from core.document)"
        " from ops.run as run cross join ops.build as build"
    ).fetchone()
    if row is None:
        raise EngineError("no run")
    rows = con.execute("select batch_id, rows_sha256 from ops.batch where rows_sha256 is not null").fetchall()
    run_id, as_of, started_at, settings_sha256, code, builds, documents = row
    return _Told(run_id, as_of, started_at, settings_sha256, code, builds, documents, dict(rows))


def write_how_made(con: Connection, gone_on_from: Earlier | None) -> None:
    """Write into the published file how it was made."""
    con.execute("create table ops.build (code_sha256 varchar, gone_on_from varchar, builds_since_whole integer)")
    run_id, builds = (gone_on_from.base.run_id, gone_on_from.builds + 1) if gone_on_from else (None, 0)
    con.execute("insert into ops.build values (?, ?, ?)", [code_sha256(), run_id, builds])
    comment(
        con,
        "ops.build",
        "One row: how this file was made: the SHA-256 of the code, the run it went on from (NULL: it was made whole), and how many builds went on one from the other up to it.",
    )


def rows_sha256(state: State, batches: Sequence[Batch]) -> dict[int, str]:
    """Of every batch that counts the SHA-256 of its rows in the lake, as registered; empty where it has none."""
    registered = {file.path: file.sha256 for file in state.lake_files()}
    return {
        batch.batch_id: registered.get(f"{batch.table_name}/{batch.batch_id}.parquet", "")
        for batch in counting(batches)
    }


@cache
def code_sha256() -> str:
    """Identify the code that builds: all of the package and its models, and the versions of what they are run by."""
    told = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in _MAKING).encode())
    for folder in (package_dir(), sql_dir()):
        for path in sorted(path for ending in ("*.py", "*.toml", "*.sql") for path in folder.rglob(ending)):
            told.update(f"{path.relative_to(folder)} {lake.sha256_of(path)}".encode())
    return told.hexdigest()
