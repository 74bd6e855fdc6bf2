"""Building: from the lake to one new DuckDB file, which becomes the published one in a single step."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from receivables import decisions, lake, published
from receivables.arrival import awaited
from receivables.check_batches import BROKEN, is_refused_by_contract
from receivables.check_tables import publish_checks
from receivables.dates import utc_now
from receivables.earlier_build import Earlier, earlier_build, rows_sha256, write_how_made
from receivables.engine import (
    KEPT,
    Connection,
    EngineError,
    Increment,
    comment,
    connect,
    models,
    run_entries,
    run_judged_models,
    run_models,
    tables_by,
)
from receivables.errors import NightFailed, UsageError
from receivables.home import NIGHTLY
from receivables.judgement import (
    judge_accredited,
    judge_anomalies,
    judge_buying,
    judge_collection,
    judge_customer_type,
    judge_customer_value,
    judge_expected_cash,
    judge_loss_rate,
    judge_price_by_terms,
    judge_provision,
    judge_rating,
)
from receivables.land import file_reasons, refuse_damaged, refuse_files
from receivables.quarantine import publish_issues, superseded_by
from receivables.run import Outcome
from receivables.state import LOADED, Batch, InboxFile, Repair, Run
from receivables.warehouse import PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from receivables.engine import Tables
    from receivables.run import Night
    from receivables.settings import Settings

NotArrived = tuple[str, str]
"""A file that has not come: what of, and the hour it was to come by, as its finding tells them."""

NOT_ARRIVED: Final = "FILE_NOT_ARRIVED"
"""The reason of the finding of such a file."""


TABLES: Final = ".tables"
"""What the folder of a cluster's tables is called beside the published file of the same run."""

PERSON_REASONS: Final = {
    "CONTROL_DIFFERENCE": "{where}: aged items and ledger differ by {amount}",
    "CONTROL_DIFFERENCE_LOCAL": "{where}: aged items and ledger differ by {amount}",
    "ENTRY_INCOMPLETE": "{count} entries wait for another file of their system ({where} is not told, sum {amount}): receivables findings",
    NOT_ARRIVED: "{where}: no new file has come by {amount}: its figures are as of its last one",
    "FX_CLOSING_MISSING": "{where}: no closing rate for {count} open items ({amount}); expected one of type M of the as-of date or the days before it that"
    " the settings allow, try a file fx_rate",
    "FX_MISSING": "{count} entries are left out for want of an exchange rate (such as {amount}): receivables findings",
    "TIE_OUT_DIFFERENCE": "{where}: {count} stated balances differ from what is computed, {amount} of it unexplained",
}
"""Findings of a build that a person must look at, whatever the files were like; a setting makes a note of a balance that does not tie out."""


def build_and_publish(
    night: Night, as_of: date | None, files: tuple[InboxFile, ...], *, is_whole: bool = False
) -> Outcome:
    """Build what was known and publish it whole or not at all; `is_whole` takes nothing over from the file that is published.

    Raises:
        UsageError: `as_of` cannot be answered by data without history.
        NightFailed: nothing to build from, or a model failed; the published file is untouched.
    """
    published.keep(night.home, night.state, night.scratch)
    batches = _told(night)
    latest = latest_extract(batches)
    day = as_of or latest
    night.run = replace(night.run, as_of=day)
    target = night.home.warehouse / f"receivables-{night.run.run_id}.duckdb"
    unfinished = target.with_suffix(".building")
    is_latest = day == latest
    missing = _not_arrived(night) if is_latest and night.run.verb == NIGHTLY else ()
    earlier = "it was asked for" if is_whole else earlier_build(night, batches)

    def build(con: Connection, gone_on: tuple[Earlier, Increment] | None = None) -> tuple[str, ...]:
        return _build(
            night, con, day, batches, files, missing=missing, is_latest=is_latest, folder=folder, gone_on=gone_on
        )

    folder, reasons = target.with_suffix(TABLES), None
    with _leaving_nothing(unfinished, folder, target):
        if isinstance(earlier, Earlier):
            reasons = _gone_on(
                night,
                unfinished,
                earlier,
                lambda con: build(
                    con, (earlier, Increment(con, earlier.base, day, night.settings.engine.incremental_share))
                ),
            )
        else:
            night.log("made_whole", reason=earlier)
        if reasons is None:
            with _opened(night, unfinished) as con:
                reasons = build(con)
        _publish(night, unfinished, target)
    reasons = (*reasons, *_kept(night))
    night.record(finished_at=utc_now(), status=_status(reasons))
    return Outcome(night.run.run_id, day, files, target, needs_person=reasons, refusals=tuple(night.refusals))


def _not_arrived(night: Night) -> tuple[NotArrived, ...]:
    known_at = night.run.known_at
    found = awaited(night.settings.expected, night.state.batches(known_at), known_at)
    return tuple(
        (" ".join(filter(None, (one.company_id, one.profile_id))) or "inbox", f"{one.by:%Y-%m-%d %H:%M}")
        for one in found
    )


@contextmanager
def _leaving_nothing(unfinished: Path, folder: Path, target: Path) -> Iterator[None]:
    """Take away what is left of a file under way, however it ends, and a cluster's tables where no file came of them."""
    try:
        yield
    finally:
        _take_away(unfinished)
        if not target.exists():
            shutil.rmtree(folder, ignore_errors=True)


def _take_away(unfinished: Path) -> None:
    for leftover in (unfinished, unfinished.with_name(unfinished.name + ".wal")):
        leftover.unlink(missing_ok=True)


@contextmanager
def _opened(night: Night, unfinished: Path) -> Iterator[Connection]:
    """A connection to the file under way, with a folder to spill to."""
    with (
        tempfile.TemporaryDirectory(dir=night.home.warehouse, prefix=".spill-") as spill,
        closing(connect(unfinished, night.settings, temp=Path(spill))) as con,
    ):
        yield con


def _gone_on(
    night: Night, unfinished: Path, earlier: Earlier, build: Callable[[Connection], tuple[str, ...]]
) -> tuple[str, ...] | None:
    """Build on a copy of what is published; None where that file is damaged or the build fails, which then is made whole."""
    try:
        shutil.copyfile(earlier.path, unfinished)
        with _opened(night, unfinished) as con:
            return build(con)
    except (EngineError, NightFailed) as error:
        night.log("made_whole", "notice", reason=f"going on from {earlier.path.name} failed: {error}")
        night.failed_step = ""
        _take_away(unfinished)
        return None


def build_again(night: Night, files: tuple[InboxFile, ...], missing: Sequence[NotArrived], target: Path) -> None:
    """Build what the run's moment knew of its as-of date into a file of its own, to be held against what was published; nothing is published.

    `files` are those that the run saw which is made again, `missing` those that it said had not come: what a home waits for may be another thing by now.

    Raises:
        NightFailed: a model failed.
    """
    batches, day = night.state.batches(night.run.known_at), night.run.as_of
    if day is None:
        raise AssertionError("a run that is made again has its date")
    with closing(connect(target, night.settings, temp=target.parent)) as con:
        is_latest = day == latest_extract(batches)
        _build(night, con, day, batches, files, missing=missing, is_latest=is_latest, folder=target.with_suffix(TABLES))


def _kept(night: Night) -> tuple[str, ...]:
    """Keep what was just published; a night that cannot is published nonetheless, and the next one keeps it first."""
    try:
        with night.step("keep", 1) as counts:
            counts["items"] = int(published.keep(night.home, night.state, night.scratch))
            published.forget(night.home.lake, night.state, night.settings)
    except (OSError, EngineError) as error:
        return (f"what was published is not kept in the lake yet, the next night does: {error}",)
    return ()


def _status(reasons: Sequence[str]) -> str:
    return "needs_person" if reasons else "published"


def _told(night: Night) -> list[Batch]:
    """The batches told by the run's moment; a run that asks for no past moment knows what it has just landed itself.

    Raises:
        UsageError: nothing had been told by that moment.
        NightFailed: nothing was ever told.
    """
    told = [batch for batch in night.state.batches() if batch.status in LOADED]
    if not told:
        raise _nothing_told(night)
    if night.run.known_at >= night.run.started_at:
        night.run = replace(night.run, known_at=utc_now())
        return night.state.batches()
    first = min(batch.loaded_at for batch in told)
    if night.run.known_at < first:
        raise UsageError(
            got=f"--known-at {night.run.known_at}, by when nothing had been told",
            expected=f"a moment since the first export was loaded, {first}",
            try_="leaving --known-at out",
        )
    return night.state.batches(night.run.known_at)


def _nothing_told(night: Night) -> NightFailed:
    if night.refusals:
        refusal = night.refusals[0]
        got = f"no loaded export in {night.home.root} and {len(night.refusals)} refused, first {refusal.got}"
        return NightFailed(got=got, expected=refusal.expected, try_=refusal.try_)
    return NightFailed(
        got=f"no loaded export in {night.home.root}",
        expected="at least one export the profiles can read",
        try_=f"putting exports into {night.home.inbox}",
    )


def latest_extract(batches: Sequence[Batch]) -> date:
    """The day of the latest extract; a report states balances of its own day and says nothing of what the ledger knows."""
    loaded = [batch for batch in batches if batch.status in LOADED and batch.extract_as_of is not None]
    extracts = [batch for batch in loaded if batch.mode != "report"] or loaded
    return max(batch.extract_as_of for batch in extracts if batch.extract_as_of is not None)


def _build(
    night: Night,
    con: Connection,
    day: date,
    batches: Sequence[Batch],
    files: Sequence[InboxFile],
    *,
    missing: Sequence[NotArrived],
    is_latest: bool,
    folder: Path,
    gone_on: tuple[Earlier, Increment] | None = None,
) -> tuple[str, ...]:
    """Build everything, `gone_on` from an earlier build whose file the connection's is a copy of; returns why a person must look, one line each.

    Each table is a transaction of its own: nobody reads the file before it is published, and what one transaction writes holds memory for every column until it ends.

    A cluster keeps its tables in `folder`.
    """
    with (
        night.step("build", len(models())) as counts,
        tables_by(night.settings, folder, night.home.root) as make_tables,
    ):
        _hold(night, con, day, batches)
        tables = run_entries(con, night.settings, day, night.progress.advance, make_tables)
        base, increment = gone_on or (None, None)
        run_models(con, night.settings, day, night.progress.advance, tables, increment=increment)
        if base and increment:
            _log_gone_on(night, base, increment)
        _judge(night, con, tables)
        _refuse_unknown_companies(con)
        behind = _behind(con, day, is_latest=is_latest)
        _write_files(night, con, batches, files, tables)
        _tell_awaited(con, missing)
        write_how_made(con, base if increment and not increment.why_not else None)
        reasons = (
            *file_reasons(files),
            *behind,
            *_check_reasons(con, night.settings),
            *_completeness_reasons(con),
            *_card_reasons(con, night.settings),
            *publish_checks(night, con, batches),
        )
        _table(con, "ops.run", Run, [replace(night.run, finished_at=utc_now(), status=_status(reasons))])
        comment(con, "ops.run", "One row: the run that built this file.")
        counts["items"] = len(models())
        counts["findings"] = _scalar(
            con, "select count(*) from ops.issue where action <> 'skip' and resolved_at is null"
        )
        con.execute("detach lake")
        con.execute("checkpoint")
    return reasons


def _hold(night: Night, con: Connection, day: date, batches: Sequence[Batch]) -> None:
    """Hold what was told and decided, and what earlier runs said of it, in the schemas that models read.

    Raises:
        LakeDamaged: a file of these is gone, or has another content.
    """
    refuse_damaged(night)
    lake.snapshot(con, night.home.lake, batches)
    earlier = published.kept(night.home.lake)
    looked_back = published.looked_back_at(earlier, day, night.run.known_at, night.settings)
    _refuse_damaged_runs(night, [*looked_back, *earlier[-1:]])
    published.hold(con, night.home.lake, looked_back, night.run)
    published.hold_last(con, night.home.lake, earlier, night.run)
    decisions.complete(night.state, night.home.lake)
    decisions.hold(con, night.state, night.run.known_at)


def _judge(night: Night, con: Connection, tables: Tables) -> None:
    """Judge what models have made, and make those that read judgement between."""
    judge_collection(con, night.settings.curve)
    judge_provision(con, night.settings)
    judge_rating(con, night.settings)
    judge_customer_type(con, night.settings)
    run_judged_models(tables, night.progress.advance)
    judge_expected_cash(con, night.settings)
    for judge in (
        judge_customer_value,
        judge_accredited,
        judge_loss_rate,
        judge_price_by_terms,
        judge_buying,
        judge_anomalies,
    ):
        judge(con, night.settings)


def _refuse_damaged_runs(night: Night, read: Sequence[published.Published]) -> None:
    """Read nothing of earlier runs that is not as it was kept; nor leave out a run of which a file is gone, which nobody would miss.

    Raises:
        LakeDamaged: a file of a run is gone, or has another content.
    """
    runs = {run.run_id for run in read}
    kept = [file for file in night.state.lake_files() if file.is_table and not file.is_of_batch]
    refuse_files(night, [file for file in kept if file.stem in runs or not (night.home.lake / file.path).exists()])


def _log_gone_on(night: Night, earlier: Earlier, increment: Increment) -> None:
    """Tell the run's log what was taken over, or why nothing was."""
    if increment.why_not:
        night.log("made_whole", reason=increment.why_not)
    else:
        night.log("gone_on", run_before=earlier.base.run_id, models=len(KEPT), made_anew=increment.touched)


def _refuse_unknown_companies(con: Connection) -> None:
    """Without a ledger currency nothing of a company can be summed, and none is guessed."""
    rows = con.execute(
        "select distinct told.company_id from (select company_id from core.document union select company_id from core.payment) as told"
        " left join core.company as company on told.company_id = company.company_id"
        " where company.local_currency is null order by told.company_id limit 1"
    ).fetchall()
    if rows:
        raise NightFailed(
            got=f"company {rows[0][0]} without a ledger currency",
            expected="one for every company that has documents or receipts",
            try_=f"a company file, or [[company]] with id = {rows[0][0]!r} and local_currency in receivables.toml",
        )


def _behind(con: Connection, day: date, *, is_latest: bool) -> tuple[str, ...]:
    """Companies of which only open items of another date are known; on the latest day theirs are kept, and a person must look.

    Raises:
        UsageError: any other day, at which such data says nothing.
    """
    rows = con.execute(
        "select company_id, only_as_of from core.company_basis where only_as_of <> ? order by company_id", [day]
    ).fetchall()
    if rows and not is_latest:
        company, own_day = rows[0]
        raise UsageError(
            got=f"as-of {day} for company {company}, of which only open items as of {own_day} are known",
            expected="the date of its own extract, since a list of open items has no history",
            try_=f"--as-of {own_day}, or an export that holds settled items too",
        )
    return tuple(
        f"{company} has only open items as of {own_day}; they are kept as of {day}" for company, own_day in rows
    )


def _write_files(
    night: Night, con: Connection, batches: Sequence[Batch], files: Sequence[InboxFile], tables: Tables
) -> None:
    """Write what was told, by which file, and what was noticed about it."""
    refused = _refused_in_sight(batches, files)
    shown = [b for b in batches if b.status != "refused" or b in refused]
    repairs = night.state.repairs(night.run.known_at)
    after, rows = superseded_by(batches), rows_sha256(night.state, batches)
    con.execute("create schema ops")
    _table(
        con,
        "ops.batch",
        _ShownBatch,
        [
            _ShownBatch(**asdict(b), superseded_by=after.get(b.batch_id), rows_sha256=rows.get(b.batch_id))
            for b in shown
        ],
    )
    _table(con, "ops.inbox_file", InboxFile, files)
    _table(con, "ops.repair", Repair, repairs)
    for kind, table in decisions.KINDS.items():
        _table(con, f"ops.{table}", kind, night.state.decisions(kind, night.run.known_at))
    # what was noticed in a file that a contract keeps out is in no figure; why it is kept out stands in its place
    publish_issues(con, night.home.lake, [b for b in shown if not is_refused_by_contract(b)], repairs, "ops.issue")
    _tell_contracts_broken(con, [b for b in refused if is_refused_by_contract(b)], files)
    for check in sorted({model.full_name for model in models() if model.schema == "checks"} - tables.empty):
        con.execute(
            "insert into ops.issue by name select (select coalesce(max(issue_id), 0) from ops.issue) + row_number() over () as issue_id, batch_id, line_no,"
            f" column_name, reason_code, action, count, raw_value from {check}"
        )
    for table, words in _COMMENTS.items():
        comment(con, table, words)


@dataclass(frozen=True)
class _ShownBatch(Batch):
    """A batch as published; `superseded_by` is the first batch of the reading with repaired lines that counts in its place, `rows_sha256` identifies the rows it counts with."""

    superseded_by: int | None = None
    rows_sha256: str | None = None


_COMMENTS: Final = {
    "ops.batch": "One row per file, company and table loaded, and per file refused this night; where superseded_by is not NULL, the repaired reading counts instead.",
    "ops.inbox_file": "One row per file this night saw in its inbox and what became of it.",
    "ops.repair": "One row per decision of a person about a quarantined line; the latest of a file's content and line counts.",
    "ops.rating_decision": "One row per decision of a person about a customer's rating: override (a grade until its last day), withdrawal or confirmation; of one customer the latest counts.",
    "ops.flag_decision": "One row per decision of a person about a flag: acknowledged (somebody is at work on it), confirmed or dismissed (both close it) or reopened; of one flag the latest counts.",
    "ops.issue": "One row per finding: about a file, a line, or what the build noticed; one with resolved_at has left the quarantine.",
}


def _refused_in_sight(batches: Sequence[Batch], files: Sequence[InboxFile]) -> list[Batch]:
    """The batches of refused files that this night saw, each file as it was refused last."""
    seen = {(file.file_name, file.file_sha256) for file in files if file.outcome == "refused"}
    contents = {sha256 for _, sha256 in seen}
    refused = [
        batch
        for batch in batches
        if batch.status == "refused"
        # a contract refuses a content, whatever its name; what could not be read is told by its name too
        and (
            batch.file_sha256 in contents
            if is_refused_by_contract(batch)
            else (batch.file_name, batch.file_sha256) in seen
        )
    ]
    latest = {(batch.file_name, batch.file_sha256): batch.loaded_at for batch in refused}
    return [batch for batch in refused if batch.loaded_at == latest[batch.file_name, batch.file_sha256]]


def _tell_contracts_broken(con: Connection, refused: Sequence[Batch], files: Sequence[InboxFile]) -> None:
    """Add the finding of each file that a contract keeps out, with its message; all lines of a file count in it."""
    messages = {file.file_sha256: file.message for file in files if file.outcome == "refused"}
    for sha256 in dict.fromkeys(batch.file_sha256 for batch in refused):
        same = [batch for batch in refused if batch.file_sha256 == sha256]
        con.execute(
            "insert into ops.issue by name select (select coalesce(max(issue_id), 0) from ops.issue) + 1 as issue_id, ? as batch_id, ? as reason_code,"
            " 'reject_file' as action, ? as count, ? as raw_value",
            [same[0].batch_id, BROKEN, max(sum(batch.lines_read for batch in same), 1), messages.get(sha256)],
        )


def _tell_awaited(con: Connection, files: Sequence[NotArrived]) -> None:
    """Add a finding for each file that has not come by its hour."""
    for file in files:
        con.execute(
            "insert into ops.issue by name select (select coalesce(max(issue_id), 0) from ops.issue) + 1 as issue_id, ? as column_name,"
            f" '{NOT_ARRIVED}' as reason_code, 'accept_warn' as action, 1 as count, ? as raw_value",
            [*file],
        )


def _table(con: Connection, name: str, kind: type[Any], records: Sequence[Any]) -> None:
    """Write records of one kind as a table; a column's type follows from the field's."""
    columns = {field.name: _sql_type(field.name, str(field.type)) for field in fields(kind)}
    con.execute(f"create table {name} ({', '.join(f'{column} {sql}' for column, sql in columns.items())})")
    lake.enter(con, name, [asdict(record) for record in records])


def _sql_type(name: str, annotation: str) -> str:
    if name.startswith("control_total"):
        return "decimal(18, 4)"
    return {"int": "bigint", "date": "date", "datetime": "timestamp"}.get(annotation.removesuffix(" | None"), "varchar")


def _check_reasons(con: Connection, settings: Settings) -> tuple[str, ...]:
    is_note = settings.ledger.tie_out_level == "note"
    codes = [code for code in PERSON_REASONS if not (is_note and code == "TIE_OUT_DIFFERENCE")]
    rows = con.execute(
        "select reason_code, column_name, min(raw_value), sum(count)::bigint from ops.issue where list_contains(?, reason_code)"
        " group by reason_code, column_name order by reason_code, column_name",
        [codes],
    ).fetchall()
    return tuple(
        PERSON_REASONS[code].format(where=where, amount=amount, count=count) for code, where, amount, count in rows
    )


def _completeness_reasons(con: Connection) -> tuple[str, ...]:
    rows = con.execute(
        "select company_id, subject, from_date from marts.completeness where needs_person order by company_id, from_date, subject"
    ).fetchall()
    return tuple(f"{company}: {subject} missing since {day}: receivables findings" for company, subject, day in rows)


def _card_reasons(con: Connection, settings: Settings) -> tuple[str, ...]:
    """Companies whose statistical card is asked to grade and could not be fitted; the expert card grades on."""
    if settings.rating.card != "statistical":
        return ()
    rows = con.execute(
        "select company_id, bads_needed, bads, reason from marts.statistical_card_fit where fitted_on = "
        "(select max(last.fitted_on) from marts.statistical_card_fit as last where last.company_id = statistical_card_fit.company_id)"
        " and not is_fitted order by company_id"
    ).fetchall()
    wants = {
        "too_few_bads": "it needs {needed} customers that went bad, has {bads}",
        "no_attribute": "no attribute tells the good from the bad",
    }
    return tuple(
        f"{company}: the expert card grades on, as the statistical one that rating.card asks for is not fitted: {wants[reason].format(needed=needed, bads=bads)}"
        for company, needed, bads, reason in rows
    )


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
        earlier = sorted((path for path in target.parent.glob("receivables-*.duckdb") if path != target), reverse=True)
        for old in earlier[night.settings.engine.keep_warehouses - 1 :]:
            old.unlink()
        forget_tables(target.parent)
        counts["items"] = 1


def forget_tables(warehouse: Path) -> None:
    """Let go of a cluster's tables of runs whose published file is gone."""
    for folder in warehouse.glob(f"receivables-*{TABLES}"):
        if not folder.with_suffix(".duckdb").exists():
            shutil.rmtree(folder)


def _scalar(con: Connection, sql: str) -> int:
    return int(con.execute(sql).fetchall()[0][0])
