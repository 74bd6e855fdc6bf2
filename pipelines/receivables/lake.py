"""The lake: one immutable Parquet file per batch and table, and the snapshot of what was known at a moment."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

import duckdb
import pyarrow as pa

from receivables.dates import utc_now
from receivables.errors import FROM_BACKUP, NightFailed
from receivables.intake.sqltext import ident, lit
from receivables.schema import TABLES, Table
from receivables.state import Batch, LakeFile, counting, readings, restored

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from receivables.errors import Finding
    from receivables.intake.read import Landed
    from receivables.state import State

_POSTED: Final = {
    "document": ("posting_date", "doc_date"),
    "payment": ("pay_date",),
    "allocation": ("alloc_date",),
    "entry": ("posting_date", "doc_date"),
    "entry_allocation": ("alloc_date",),
    "credit_limit": ("valid_from",),
    "dispute": ("opened",),
    "concession": ("requested", "granted"),
    "collection_log": ("logged_at",),
    "customer_event": ("event_date",),
    "integrity_file": ("as_of",),
    "operating_survey": ("as_of",),
    "integrity_record": ("event_date",),
    "sell_through": ("report_date", "period_end"),
}
"""When a first load's rows were recorded by the ERP, as far as it is told: on their posting date, or the day of what they tell."""

_MARKS: Final = "extract_as_of date, source_mode varchar, is_current boolean, is_first boolean, missing_since date"
_ISSUES: Final = "issue"

OWN: Final = {
    "batch": "batch_id bigint, arrival_id bigint, company_id varchar, source_system varchar, profile_id varchar, table_name varchar, extract_as_of date,"
    " source_mode varchar, is_whole boolean, loaded_at timestamp",
    "published": "run_id varchar, as_of date, known_at timestamp, company_id varchar, is_rules_changed boolean, open_local decimal(18, 4)",
    "published_item": "run_id varchar, company_id varchar, customer_id varchar, item_kind varchar, item_id varchar, seq integer, currency varchar,"
    " due_date date, open_doc decimal(18, 4), open_local decimal(18, 4), bucket varchar",
    "published_rating": "run_id varchar, company_id varchar, customer_id varchar, review_date date, is_rerating boolean, status varchar, score double, completeness double,"
    " card varchar, raw_grade varchar, ruled_grade varchar, grade varchar, cap varchar, downgraded_on date, override_grade varchar",
    "rating_decision": "decision_id varchar, kind varchar, company_id varchar, customer_id varchar, grade varchar, reason varchar, until date, said_of_run varchar,"
    " said_of date, given_on date, recorded_by varchar, recorded_at timestamp",
    "published_flag": "run_id varchar, company_id varchar, customer_id varchar, detector varchar, subject varchar, flag_id varchar, severity varchar, first_seen date,"
    " raised_on date, raised_severity varchar, state varchar, last_seen date",
    "flag_decision": "decision_id varchar, flag_id varchar, company_id varchar, customer_id varchar, detector varchar, subject varchar, kind varchar, reason varchar,"
    " severity varchar, said_of_run varchar, said_of date, given_on date, recorded_by varchar, recorded_at timestamp",
}
"""Tables of the lake that no file tells: its batches; and what earlier runs published, as far as it is held against what is known now, the runs by
company and their open items; the reviews of customers and the flags that the run before published; and what persons decided about ratings and flags."""

_ISSUE_COLUMNS: Final = {"batch_id": "bigint", "line_no": "bigint", "column_name": "varchar", "reason_code": "varchar", "action": "varchar",
                         "count": "bigint", "raw_value": "varchar", "repaired_value": "varchar", "raw_line": "varchar"}  # fmt: skip


LeaveOut = Callable[[str, str, str, Collection[str]], str]
"""What makes of a table, a column, the SQL of its value and the columns that are told there what is written."""


@dataclass(frozen=True)
class Arrival:
    """When a file that is read again arrived: its first batch then, and the moment; only rows of lines repaired since are recorded later, each at its moment."""

    arrival_id: int
    at: datetime
    repaired: Mapping[int, datetime]


def write(
    con: duckdb.DuckDBPyConnection,
    landed: Landed,
    root: Path,
    *,
    first_id: int,
    loaded_at: datetime,
    is_first_load: Callable[[str, str], bool],
    arrival: Arrival | None = None,
    leave_out: LeaveOut = lambda _table, _column, value, _present: value,
) -> list[Batch]:
    """Write a landed file into the lake and return its batches, not yet registered: until then nothing of it counts.

    `is_first_load(company, table)` says whether the file is the first of its kind there, or history loaded afterwards, in which case rows count
    as recorded on their posting date. `arrival` is that of a file which is read again. `leave_out` makes of a table, a column, the SQL of its value and the columns told what is written.
    """
    batches = batches_of(con, landed, first_id, loaded_at)
    if arrival is not None:
        batches = [replace(batch, arrival_id=arrival.arrival_id) for batch in batches]
    for batch in batches:
        if batch.table_name in landed.tables:
            present = {
                row[0]
                for row in con.execute(f"select column_name from (describe landing.{batch.table_name})").fetchall()
            }
            is_first = is_first_load(batch.company_id, batch.table_name)
            recorded = _recorded(batch, present, is_first, arrival)
            # What a file never tells is no column of its rows, and reads as NULL: most of an export's columns are such.
            columns = ", ".join(
                f"{leave_out(batch.table_name, name, _column(present, batch.table_name, name), present)} as {ident(name)}"
                for name in ("company_id", *TABLES[batch.table_name].columns)
                if name in present or _default(batch.table_name, name) is not None
            )
            _copy(
                con,
                f"select {columns}, {batch.batch_id}::bigint as batch_id, line_no::bigint as line_no, {recorded}"
                f" from landing.{batch.table_name} where company_id = {lit(batch.company_id)}",
                root / batch.table_name / f"{batch.batch_id}.parquet",
            )
        _manifest(batch, root)
    write_issues(con, batches[0].batch_id, landed.findings, root, with_lines=True, leave_out=leave_out)
    return batches


def _column(present: set[str], table: str, name: str) -> str:
    kind = "VARCHAR" if name == "company_id" else TABLES[table].columns[name].duckdb_type
    return f"{ident(name)}::{kind}" if name in present else f"{lit(_default(table, name))}::{kind}"


def _default(table: str, name: str) -> str | None:
    column = TABLES[table].columns.get(name)
    return column.default if column is not None else None


def _recorded(batch: Batch, present: set[str], is_first_load: bool, arrival: Arrival | None) -> str:
    loaded = _moment(batch.loaded_at)
    if arrival is not None:
        cases = "".join(
            f" when line_no in ({', '.join(str(line) for line, when in arrival.repaired.items() if when == at)}) then {_moment(at)}"
            for at in sorted(set(arrival.repaired.values()))
        )
        loaded = f"(case{cases} else {_moment(arrival.at)} end)" if cases else _moment(arrival.at)
    posted = [name for name in _POSTED.get(batch.table_name, ()) if name in present]
    if is_first_load and posted:
        return f"least(coalesce({', '.join(posted)})::timestamp, {loaded}) as recorded_at, 'assumed_posting' as recorded_source"
    return f"{loaded} as recorded_at, 'batch' as recorded_source"


def _moment(at: datetime) -> str:
    return f"timestamp {lit(at.isoformat(sep=' '))}"


def recorded_when_posted(con: duckdb.DuckDBPyConnection, root: Path, reading: Sequence[Batch]) -> set[tuple[str, str]]:
    """Companies and tables of a reading whose rows count as recorded on their posting date."""
    posted = set()
    for batch in reading:
        path = root / batch.table_name / f"{batch.batch_id}.parquet"
        query = f"select 1 from read_parquet({lit(str(path))}) where recorded_source = 'assumed_posting' limit 1"
        if path.exists() and con.execute(query).fetchall():
            posted.add((batch.company_id, batch.table_name))
    return posted


def batches_of(con: duckdb.DuckDBPyConnection, landed: Landed, first_id: int, loaded_at: datetime) -> list[Batch]:
    """The batches a landed file makes, one per company and table, with every line and row counted; nothing is written."""
    account = landed.account
    derived = {
        (company, table): count
        for table in landed.tables
        for company, count in con.execute(
            f"select company_id, count(*) from landing.{table} group by company_id"
        ).fetchall()
    }
    told = {(company, table) for company, table, _ in account.rows if table}
    companies = sorted({company for company, _ in derived.keys() | told if company}) or [landed.company_id or ""]
    places = [(company, table) for company in companies for table in landed.tables]
    places = places or [(companies[0], "")]  # a file that is known to tell of nothing the ledger keeps
    places.sort(key=lambda place: (place not in told, place))
    batches = []
    for number, place in enumerate(places):
        lines, rows = (
            _tally(counts, place, set(places), is_first=number == 0) for counts in (account.lines, account.rows)
        )
        batches.append(
            Batch(
                batch_id=first_id + number,
                source_system=landed.profile.system,
                profile_id=landed.profile.id,
                profile_version=landed.profile.version,
                company_id=place[0],
                table_name=place[1],
                file_name=landed.source.path.name,
                file_sha256=landed.source.sha256,
                encoding=landed.encoding,
                extract_as_of=landed.extract_as_of,
                mode=landed.mode,
                rows_read=sum(rows.values()),
                rows_loaded=derived.get(place, 0),
                rows_quarantined=rows["quarantined"],
                rows_skipped=rows["skipped"],
                lines_read=sum(lines.values()),
                lines_loaded=lines["loaded"],
                lines_quarantined=lines["quarantined"],
                lines_skipped=lines["skipped"],
                control_total=str(account.control_total) if number == 0 and account.control_total is not None else None,
                control_total_file=str(account.control_total_file)
                if number == 0 and account.control_total_file is not None
                else None,
                status=account.status,
                loaded_at=loaded_at,
                arrival_id=first_id,
            )
        )
    return batches


def _tally(
    counts: dict[tuple[str, str, str], int], place: tuple[str, str], places: set[tuple[str, str]], *, is_first: bool
) -> dict[str, int]:
    """What of a file belongs to one batch; lines of no company and table of their own (titles, totals) go to the file's first."""
    tally = dict.fromkeys(("loaded", "quarantined", "skipped"), 0)
    for (company, table, outcome), count in counts.items():
        if (company, table) == place or (is_first and (company, table) not in places):
            tally[outcome] += count
    return tally


def write_issues(
    con: duckdb.DuckDBPyConnection,
    batch_id: int,
    findings: Iterable[Finding],
    root: Path,
    *,
    with_lines: bool,
    leave_out: LeaveOut = lambda _table, _column, value, _present: value,
) -> None:
    """Write the findings of a file beside its rows; `with_lines` takes the row findings from the connection's table `finding`.

    `leave_out` makes of the raw texts what is written, as of the columns of rows.
    """
    con.execute(
        "create or replace temp table issue_out (line_no bigint, column_name varchar, reason_code varchar, action varchar, count bigint, raw_value varchar, repaired_value varchar, raw_line varchar)"
    )
    for found in findings:
        row = asdict(found)
        con.execute(
            "insert into issue_out values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                row[name]
                for name in (
                    "line_no",
                    "column_name",
                    "reason_code",
                    "action",
                    "count",
                    "raw_value",
                    "repaired_value",
                    "raw_line",
                )
            ],
        )
    lines = (
        " union all select line_no, column_name, reason_code, action, count, raw_value, repaired_value, raw_line from finding"
        if with_lines
        else ""
    )
    told = ", ".join(
        f"{leave_out(_ISSUES, name, ident(name), _ISSUE_COLUMNS.keys())} as {ident(name)}"
        for name in _ISSUE_COLUMNS
        if name != "batch_id"
    )
    _copy(
        con,
        f"select {batch_id}::bigint as batch_id, {told} from (select * from issue_out{lines}) as told order by line_no nulls first, reason_code",
        root / _ISSUES / f"{batch_id}.parquet",
    )


def keep(con: duckdb.DuckDBPyConnection, query: str, root: Path, kind: str, of: int | str) -> None:
    """Keep what was found about a batch, or published by a run: the same every time, so an earlier file may be replaced."""
    _copy(con, query, kept(root, kind, of))


def kept(root: Path, kind: str, of: int | str) -> Path:
    """Where what was found about a batch (`profile`, `check`) or published by a run (`published_item`, `published_kpi`) is kept."""
    return root / kind / f"{of}.parquet"


def _copy(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".writing")
    write_parquet(con, query, unfinished)
    settle(unfinished, target)


def write_parquet(con: duckdb.DuckDBPyConnection, query: str, target: Path) -> None:
    """Write the rows of a query as the lake keeps them."""
    con.execute(f"copy ({query}) to {lit(str(target))} (format parquet, compression zstd, compression_level 1)")


def _manifest(batch: Batch, root: Path) -> None:
    write_json(root / "manifest" / f"{batch.batch_id}.json", asdict(batch))


def told_batches(root: Path) -> list[Batch]:
    """The batches as the lake's own manifest tells them, of readings that were written to their end: for a store that was lost."""
    told = [json.loads(path.read_text(encoding="utf-8")) for path in (root / "manifest").glob("*.json")]
    names = [field.name for field in fields(Batch)]
    batches: list[Batch] = [restored(Batch, [row[name] for name in names]) for row in told]
    return [
        batch
        for reading in readings(batches)
        if (root / _ISSUES / f"{reading[0].batch_id}.parquet").exists()
        for batch in reading
    ]


def write_json(target: Path, told: object) -> None:
    """Write a record, or several, whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".writing")
    unfinished.write_text(json.dumps(told, default=str, ensure_ascii=False, indent=1), encoding="utf-8")
    settle(unfinished, target)


def settle(unfinished: Path, target: Path) -> None:
    """Make a finished file appear whole or not at all, also after a power cut."""
    with unfinished.open("rb") as stream:
        os.fsync(stream.fileno())
    unfinished.replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def files_of(root: Path, batches: Iterable[Batch]) -> list[Path]:
    """The files that were written with some batches: their rows, their manifests, and the findings of the first of a reading."""
    places = [
        root / kind / f"{batch.batch_id}{ending}"
        for batch in batches
        for kind, ending in ((batch.table_name, ".parquet"), ("manifest", ".json"), (_ISSUES, ".parquet"))
        if kind
    ]
    return [path for path in places if path.exists()]


def sealed(root: Path, paths: Iterable[Path]) -> list[LakeFile]:
    """What is to be registered of files of the lake, so that any later change of them is noticed: together with what makes them count."""
    now = utc_now()
    return [LakeFile(name_of(root, path), sha256_of(path), path.stat().st_size, now) for path in paths]


def seal(state: State, root: Path, paths: Iterable[Path]) -> None:
    """Register those of some files of the lake that are not registered as they are: whoever wrote them was cut off, or the store is of before."""
    registered = {file.path: file.sha256 for file in state.lake_files()}
    state.add(one for one in sealed(root, paths) if registered.get(one.path) != one.sha256)


def name_of(root: Path, path: Path) -> str:
    """A file of the lake as it is registered: its path below the lake."""
    return path.relative_to(root).as_posix()


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, as hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class LakeDamaged(NightFailed):
    """A file of the lake is not what was registered when it began to count."""


def refuse_damaged(root: Path, files: Iterable[LakeFile], *, also: Collection[str] = ()) -> None:
    """Refuse to read files of the lake that are not as they were registered, or have another content of which the SHA-256 is `also` known.

    Raises:
        LakeDamaged: one is gone, cannot be read or has another content; names the first.
    """
    for file in files:
        try:
            found = sha256_of(root / file.path)
        except OSError as error:
            got = (
                f"no lake/{file.path}"
                if isinstance(error, FileNotFoundError)
                else f"lake/{file.path}: {error.strerror}"
            )
        else:
            if found == file.sha256 or found in also:
                continue
            got = f"lake/{file.path}, which is damaged: it has SHA-256 {found[:12]}..."
        raise LakeDamaged(
            got=got,
            expected=f"its content as registered, SHA-256 {file.sha256[:12]}...",
            try_=FROM_BACKUP,
        )


def settled_files(root: Path) -> list[Path]:
    """Every file of the lake in the order of its path, links among them, without what a run has under way."""
    return sorted(
        path
        for path in root.rglob("*")
        if (path.is_symlink() or not path.is_dir())
        and path.suffix != ".writing"
        and not path.relative_to(root).parts[0].startswith(".reading-")
    )


def enter(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put rows into a table that has their columns, all at once: a statement for each takes half a millisecond, and years of nights leave tens of thousands."""
    if rows:
        con.register("told_rows", pa.Table.from_pylist([dict(row) for row in rows]))
        con.execute(f"insert into {table} by name select * from told_rows")
        con.unregister("told_rows")


def snapshot(
    con: duckdb.DuckDBPyConnection, root: Path, batches: Sequence[Batch], tables: Iterable[Table] = TABLES.values()
) -> None:
    """Attach database `lake` with every canonical table, or those asked for, as told by the batches: all versions, the current and the first marked.

    A row's current version is that of the latest extract; missing_since is the first full extract after it, read by the same profile, that no
    longer holds the row. A full file with lines in quarantine says nothing about what is gone: the row may be one of those lines. What a full
    extract tells after a later one was loaded that no longer holds it was never part of the present: it is told as an open item is, whose
    source_mode says that it counts until then. Of files of one day the one that arrived last counts, whenever its lines were repaired.
    """
    con.execute("attach ':memory:' as lake")
    loaded = counting(batches)
    for name, columns in OWN.items():
        con.execute(f"create table lake.{name} ({columns})")
    if loaded:
        torn = {(b.file_sha256, b.loaded_at) for b in loaded if b.lines_quarantined and b.mode == "full"}
        rows = [
            {
                "batch_id": b.batch_id,
                "arrival_id": b.arrival_id or b.batch_id,
                "company_id": b.company_id,
                "source_system": b.source_system,
                "profile_id": b.profile_id,
                "table_name": b.table_name,
                "extract_as_of": b.extract_as_of,
                "source_mode": b.mode,
                "is_whole": (b.file_sha256, b.loaded_at) not in torn,
                "loaded_at": b.loaded_at,
            }
            for b in loaded
        ]
        enter(con, "lake.batch", rows)
    for table in tables:
        mine = [batch for batch in loaded if batch.table_name == table.name]
        if mine:
            told = _told(con, table, mine, root)
            _hold(con, table, _versions(told, table, mine, root), told)
        else:
            con.execute(_empty(table))


def _hold(con: duckdb.DuckDBPyConnection, table: Table, versions: str, told: set[str]) -> None:
    """Hold a table without the columns that no file tells, which are most of many tables, and show it with them: a column of nothing takes as much memory as another."""
    columns = [row[:2] for row in con.execute(f"describe {versions}").fetchall()]
    untold = table.ddl_columns.keys() - told
    kept = ", ".join(ident(name) for name, _ in columns if name not in untold)
    shown = ", ".join(f"null::{kind} as {ident(name)}" if name in untold else ident(name) for name, kind in columns)
    con.execute(f"create table lake.told_{table.name} as select {kept} from ({versions})")
    con.execute(f"create view lake.{table.name} as select {shown} from lake.told_{table.name}")


def _told(con: duckdb.DuckDBPyConnection, table: Table, batches: Sequence[Batch], root: Path) -> set[str]:
    """The columns that some file of a table tells."""
    files = ", ".join(lit(str(root / table.name / f"{batch.batch_id}.parquet")) for batch in batches)
    return {row[0] for row in con.execute(f"select distinct name from parquet_schema([{files}])").fetchall()}


def _empty(table: Table) -> str:
    columns = ", ".join(f"{ident(name)} {kind}" for name, kind in table.ddl_columns.items())
    return (
        f"create table lake.{table.name} ({columns}, {_MARKS}{', arrival_id bigint' if table.name in SHARED else ''})"
    )


SHARED: Final = ("customer",)
"""Tables whose rows several kinds of file describe together: the latest of each kind is current, and staging puts them together."""


def _versions(told: set[str], table: Table, batches: Sequence[Batch], root: Path) -> str:
    files = ", ".join(lit(str(root / table.name / f"{batch.batch_id}.parquet")) for batch in batches)
    columns = ", ".join(
        f"version.{ident(name)}" if name in told else f"null::{kind} as {ident(name)}"
        for name, kind in table.ddl_columns.items()
    )
    key = [
        ident(name) for name in (dict.fromkeys(("company_id", *table.key)) if table.key else ("company_id", "line_no"))
    ]
    is_told_once = bool(table.key) and len({batch.company_id for batch in batches}) == len(batches)
    by_file = ["profile_id"] if table.name in SHARED else []
    ranked, joined, marks = "", "", "true as is_current, true as is_first"
    if not is_told_once:
        ranked = _ranked(key, by_file)
        joined = (
            " left join ranked on told.batch_id = ranked.batch_id and told.file_row_number = ranked.file_row_number"
        )
        marks = "coalesce(ranked.is_current, true) as is_current, coalesce(ranked.is_first, true) as is_first"
    # an allocation that is gone is void from that day on anyway
    mode = (
        "told.source_mode"
        if "voided_date" in table.columns
        else "case when told.source_mode = 'full' and missing.was_missing then 'open_items' else told.source_mode end"
    )
    left_aside = "file_row_number, profile_id" if table.name in SHARED else "file_row_number, profile_id, arrival_id"
    return (
        f"with told as not materialized (select {columns}, version.file_row_number, batch.extract_as_of, batch.source_mode, batch.profile_id, batch.arrival_id"
        f" from read_parquet([{files}], union_by_name = true, file_row_number = true) as version"
        f" inner join lake.batch as batch on version.batch_id = batch.batch_id),{ranked}"
        " missing as (select earlier.batch_id, min(later.extract_as_of) as missing_since, bool_or(later.arrival_id < earlier.arrival_id) as was_missing"
        " from lake.batch as earlier inner join lake.batch as later on earlier.company_id = later.company_id and earlier.profile_id = later.profile_id"
        " and earlier.table_name = later.table_name and earlier.extract_as_of < later.extract_as_of"
        f" where later.table_name = {lit(table.name)} and later.source_mode in ('full', 'open_items') and later.is_whole group by earlier.batch_id)"
        f" select told.* exclude ({left_aside}) replace ({mode} as source_mode), {marks}, missing.missing_since"
        f" from told left join missing on told.batch_id = missing.batch_id{joined}"
    )


def _ranked(key: Sequence[str], by_file: Sequence[str]) -> str:
    """SQL for which version of a row is current and which the first, of rows that were told more than once: what was told once is both, and is not put in order."""
    own, whole = ", ".join(key), ", ".join((*key, *by_file))
    same = " and ".join(f"told.{name} is not distinct from again.{name}" for name in key)
    return (
        f" again as (select {own} from told group by {own} having count(*) > 1),"
        " ranked as (select told.batch_id, told.file_row_number,"
        f" row_number() over (partition by {whole} order by told.extract_as_of desc, told.arrival_id desc) = 1 as is_current,"
        f" row_number() over (partition by {own} order by told.extract_as_of, told.arrival_id) = 1 as is_first"
        f" from told semi join again on {same}),"
    )


def findings_of(root: Path, first_batches: Sequence[int]) -> str:
    """SQL for the findings of some readings as the lake keeps them, each told by the reading's first batch."""
    wanted = [root / _ISSUES / f"{batch_id}.parquet" for batch_id in first_batches]
    files = ", ".join(lit(str(path)) for path in wanted if path.exists())
    columns = ", ".join(_ISSUE_COLUMNS)
    if files:
        return f"select {columns} from read_parquet([{files}])"
    nothing = ", ".join(f"null::{kind} as {name}" for name, kind in _ISSUE_COLUMNS.items())
    return f"select {nothing} where false"
