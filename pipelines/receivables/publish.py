"""Building: from the lake to one new DuckDB file, which becomes the published one in a single step."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from receivables import lake
from receivables.dates import utc_now
from receivables.engine import Connection, comment, connect, models, run_models
from receivables.errors import NightFailed, UsageError
from receivables.land import file_reasons
from receivables.run import Outcome
from receivables.state import LOADED, Batch, InboxFile, Run
from receivables.warehouse import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from receivables.run import Night

PERSON_REASONS: Final = ("CONTROL_DIFFERENCE", "CONTROL_DIFFERENCE_LOCAL")
"""Findings of a build that a person must look at, whatever the files were like."""


def build_and_publish(night: Night, as_of: date | None, files: tuple[InboxFile, ...]) -> Outcome:
    """Build what was known and publish it whole or not at all.

    Raises:
        UsageError: `as_of` cannot be answered by data without history.
        NightFailed: nothing to build from, or a model failed; the published file is untouched.
    """
    batches = night.state.batches(night.run.known_at if night.run.known_at < night.run.started_at else None)
    day = as_of or _latest_extract(night, batches)
    night.run = replace(night.run, as_of=day)
    target = night.home.warehouse / f"receivables-{night.run.run_id}.duckdb"
    unfinished = target.with_suffix(".building")
    with tempfile.TemporaryDirectory(dir=night.home.warehouse, prefix=".spill-") as spill:
        try:
            with closing(connect(unfinished, night.settings, temp=Path(spill))) as con:
                _build(night, con, day, batches, files, is_explicit=as_of is not None)
                reasons = (*file_reasons(files), *_check_reasons(con))
            _publish(night, unfinished, target)
        finally:
            for leftover in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
                leftover.unlink(missing_ok=True)
    return Outcome(night.run.run_id, day, files, target, needs_person=reasons, refusals=tuple(night.refusals))


def _latest_extract(night: Night, batches: Sequence[Batch]) -> date:
    days = [batch.extract_as_of for batch in batches if batch.status in LOADED and batch.extract_as_of is not None]
    if not days:
        refused = f"; refused: {night.refusals[0]}" if night.refusals else ""
        raise NightFailed(
            got=f"no loaded export in {night.home.root}{refused}",
            expected="at least one export the profiles can read",
            try_=f"putting exports into {night.home.inbox}",
        )
    return max(days)


def _build(
    night: Night,
    con: Connection,
    day: date,
    batches: Sequence[Batch],
    files: Sequence[InboxFile],
    *,
    is_explicit: bool,
) -> None:
    with night.step("build", len(models())) as counts:
        lake.snapshot(con, night.home.lake, batches)
        con.execute("begin")
        run_models(con, night.settings, day, night.progress.advance)
        _write_ops(night, con, day, batches, files)
        _refuse_other_dates(con, day, is_explicit=is_explicit)
        con.execute("commit")
        counts["items"] = len(models())
        counts["findings"] = _scalar(con, "select count(*) from ops.issue where action <> 'skip'")
        con.execute("detach lake")
        con.execute("checkpoint")


def _refuse_other_dates(con: Connection, day: date, *, is_explicit: bool) -> None:
    """Data without history can be aged only at its own date."""
    row = con.execute(
        "select company_id, only_as_of from core.company_basis where only_as_of <> ? order by company_id limit 1", [day]
    ).fetchall()
    if row:
        error = UsageError if is_explicit else NightFailed
        raise error(
            got=f"as-of {day} for company {row[0][0]}, of which only open items as of {row[0][1]} are known",
            expected="the date of its own extract, since a list of open items has no history",
            try_=f"--as-of {row[0][1]}, or an export that holds settled items too",
        )


def _write_ops(night: Night, con: Connection, day: date, batches: Sequence[Batch], files: Sequence[InboxFile]) -> None:
    run = replace(night.run, as_of=day, finished_at=utc_now(), status="published")
    in_sight = {(file.file_name, file.file_sha256) for file in files if file.outcome == "refused"}
    shown = [b for b in batches if b.status != "refused" or (b.file_name, b.file_sha256) in in_sight]
    con.execute("create schema ops")
    _table(con, "ops.run", Run, [run])
    _table(con, "ops.batch", Batch, shown)
    _table(con, "ops.inbox_file", InboxFile, files)
    comment(con, "ops.run", "One row: the run that built this file.")
    comment(con, "ops.batch", "One row per file, company and table loaded, and per file refused this night.")
    comment(con, "ops.inbox_file", "One row per file this night saw in its inbox and what became of it.")
    lake.issues(con, night.home.lake, shown, "ops.issue")
    for check in ("control_difference", "allocation_without_effect", "document_reference"):
        con.execute(
            "insert into ops.issue select (select coalesce(max(issue_id), 0) from ops.issue) + row_number() over (), batch_id, line_no, column_name, reason_code, action, count,"
            f" raw_value, null, null from checks.{check}"
        )
    comment(con, "ops.issue", "One row per finding: about a file, a line, or what the build noticed.")


def _table(con: Connection, name: str, kind: type[Any], records: Sequence[Any]) -> None:
    """Write records of one kind as a table; a column's type follows from the field's."""
    columns = {field.name: _sql_type(field.name, str(field.type)) for field in fields(kind)}
    con.execute(f"create table {name} ({', '.join(f'{column} {sql}' for column, sql in columns.items())})")
    if records:
        rows = [[getattr(record, column) for column in columns] for record in records]
        con.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", rows)


def _sql_type(name: str, annotation: str) -> str:
    if name.startswith("control_total"):
        return "decimal(18, 4)"
    return {"int": "bigint", "date": "date", "datetime": "timestamp"}.get(annotation.removesuffix(" | None"), "varchar")


def _check_reasons(con: Connection) -> tuple[str, ...]:
    rows = con.execute(
        "select column_name, raw_value from ops.issue where list_contains(?, reason_code) order by column_name",
        [list(PERSON_REASONS)],
    ).fetchall()
    return tuple(f"{where}: aged items and ledger differ by {amount}" for where, amount in rows)


def _publish(night: Night, unfinished: Path, target: Path) -> None:
    """Make the finished file the published one in a single step; readers have the old or the new, never half."""
    with night.step("publish", 1) as counts:
        night.progress.advance(target.name)
        if unfinished.with_name(unfinished.name + ".wal").exists():
            raise NightFailed(
                got=f"{unfinished.name} with an open write-ahead log",
                expected="a closed file",
                try_="running the night again",
            )
        with unfinished.open("rb") as stream:
            os.fsync(stream.fileno())
        unfinished.replace(target)
        link = target.with_name(f".{PUBLISHED}.new")
        link.unlink(missing_ok=True)
        link.symlink_to(target.name)
        link.replace(target.with_name(PUBLISHED))
        for old in sorted(target.parent.glob("receivables-*.duckdb"))[: -night.settings.engine.keep_warehouses]:
            old.unlink()
        counts["items"] = 1


def _scalar(con: Connection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])
