"""What happened when: batches, runs, their steps and the files they saw; one SQLite file, the only thing that is ever changed in place."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, TypeVar

from receivables.errors import FROM_BACKUP, NightFailed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

LOADED: Final = ("ok", "warn", "needs_person")
"""Batch states whose rows count."""

PUBLISHED: Final = ("published", "needs_person")
"""Run states of which the file was published."""

REFUSED: Final = ("refused",)
"""The state of what was refused, on reading or by a contract."""


KNOWN: Final = "known"
"""What became of a file of the inbox whose content was loaded before."""


@dataclass(frozen=True)
class Batch:
    """One file x company x table; rows are logical, lines physical, and each line of a file is counted in exactly one of its batches.

    `arrival_id` is the first batch made when the file arrived; a later reading of it, with lines repaired by a person, keeps it. None where no
    later reading is possible.
    """

    batch_id: int
    source_system: str
    profile_id: str
    profile_version: str
    company_id: str
    table_name: str
    file_name: str
    file_sha256: str
    encoding: str | None
    extract_as_of: date | None
    mode: str
    rows_read: int
    rows_loaded: int
    rows_quarantined: int
    rows_skipped: int
    lines_read: int
    lines_loaded: int
    lines_quarantined: int
    lines_skipped: int
    control_total: str | None
    control_total_file: str | None
    status: str
    loaded_at: datetime
    arrival_id: int | None = None


@dataclass(frozen=True)
class Repair:
    """What a person decided about a quarantined record, an event that is never changed: the latest of a file's content and line counts.

    `batch_id` and `line_no` are where the record was in quarantine, `raw_line` what it said there, `asked` what the person filled in (JSON),
    `repaired_line` what is read in its place: the text with as many lines, or the cells as a JSON list where a file has no lines.
    `decision` is repaired or left_out; `new_batch_id` the first batch of the reading in which it took effect.
    """

    repair_id: int
    file_sha256: str
    batch_id: int
    line_no: int
    raw_line: str
    asked: str
    decision: str
    repaired_line: str
    new_batch_id: int
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class RatingDecision:
    """What a person decided about a customer's rating, an event that is never changed: of one customer the latest counts.

    `kind` is override (a grade set by hand until its last day), withdrawal (of what was set before) or confirmation (of the grade that the run
    `said_of_run` published as of `said_of`). `decision_id` is the run that recorded it, so ids sort by time; `given_on` is the day it was where it
    was recorded, from which it counts.
    """

    decision_id: str
    kind: str
    company_id: str
    customer_id: str
    grade: str | None
    reason: str | None
    until: date | None
    said_of_run: str
    said_of: date
    given_on: date
    recorded_by: str
    recorded_at: datetime


@dataclass(frozen=True)
class FlagDecision:
    """What a person decided about a flag, an event that is never changed: of one flag the latest counts.

    `kind` is acknowledged (somebody is at work on it), confirmed (it was what it said) or dismissed (a false alarm), which both close it, or
    reopened. `severity` is what the flag had in the run `said_of_run` published as of `said_of`, so that its getting graver can be told.
    `decision_id` is the run that recorded it and a number, so ids sort by time; `given_on` is the day it was where it was recorded; it
    counts in every night as of `said_of` or later that knows of it.
    """

    decision_id: str
    flag_id: str
    company_id: str
    customer_id: str
    detector: str
    subject: str
    kind: str
    reason: str | None
    severity: str
    said_of_run: str
    said_of: date
    given_on: date
    recorded_by: str
    recorded_at: datetime


Decision = TypeVar("Decision", RatingDecision, FlagDecision)
"""What a person decided, of one kind."""


@dataclass(frozen=True)
class Run:
    """One run: the date it answers for, what it knew, how it ended; `settings_sha256` tells settings and contracts apart, `verb` is what was run.

    `asked_as_of` is the date that a person asked for, None where the latest was answered for; a store of an earlier version does not say.

    `status` is running, published, needs_person (published too), landed (nothing was to be built), repaired (lines of the quarantine), decided
    (about a customer's rating or about flags), forgotten (somebody), rendered (reports only), mailed, verified (made again beside what is published), failed, or interrupted (cut off; found by the next run).
    """

    run_id: str
    as_of: date | None
    known_at: datetime
    started_at: datetime
    finished_at: datetime | None
    status: str
    code_version: str
    settings_sha256: str
    verb: str | None = None
    asked_as_of: date | None = None

    @property
    def is_of_its_day(self) -> bool:
        """Whether it answered for the latest date as known then, as a night does: no past date or moment was asked for."""
        return self.asked_as_of is None and self.known_at >= self.started_at


@dataclass(frozen=True)
class Step:
    """One named step of a run and how long it took; counts are of files, models or pages."""

    run_id: str
    name: str
    started_at: datetime
    finished_at: datetime
    items: int
    findings: int


@dataclass(frozen=True)
class InboxFile:
    """A file a run saw and what became of it: loaded, known (its content was loaded before) or refused; batch_status is that of its batches."""

    run_id: str
    file_name: str
    file_sha256: str
    outcome: str
    batch_status: str
    message: str


@dataclass(frozen=True)
class Judgement:
    """That a batch was judged by the contracts, by which run, and whether its file was kept or refused for it."""

    batch_id: int
    run_id: str
    judged_at: datetime
    outcome: str


@dataclass(frozen=True)
class Waiver:
    """A person's word that a contract shall not stop a file: said once, with the run it was said to; an event that is never changed."""

    file_sha256: str
    contract: str
    run_id: str
    given_by: str
    given_at: datetime


@dataclass(frozen=True)
class Delivery:
    """The mailing of one report to one address; each `edition` is mailed once, another one only because somebody asked for it.

    `status` is queued (not sent: it may be tried again), sending (the server is being given it), sent, refused, superseded (never sent, and never will be:
    a newer report took its place), or unsure: the program or the connection was cut off while the server had it in hand, so that it may have
    arrived or not. `told` is what the server or the program said last,
    `in_sight` whose receivables were in it (JSON).
    """

    address: str
    as_of: date
    edition: int
    run_id: str
    language: str
    role: str
    in_sight: str
    message_id: str
    status: str
    told: str
    attempts: int
    recorded_at: datetime


@dataclass(frozen=True)
class LakeFile:
    """A file of the lake as it was when it began to count: its path below the lake, the SHA-256 and the size (bytes) of its content."""

    path: str
    sha256: str
    size: int
    registered_at: datetime

    @property
    def is_table(self) -> bool:
        """Whether it holds rows."""
        return self.path.endswith(".parquet")

    @property
    def is_of_batch(self) -> bool:
        """Whether it is of a batch; otherwise it is of a run that published."""
        return self.stem.isdecimal()

    @property
    def stem(self) -> str:
        """What it is of: the number of a batch, or the id of a run."""
        return PurePosixPath(self.path).stem


@dataclass(frozen=True)
class Forgotten:
    """That the personal data of a customer, or of a contact at one, was taken out of the lake and is left out of every file read later.

    `kind` is customer or contact, `subject_id` its id as published; `finished_at` is None while it is being done, or was cut off. Nothing here is
    personal data of the subject: `reason` is what the person who asked for it wrote.
    """

    forgotten_id: str
    kind: str
    subject_id: str
    reason: str
    recorded_by: str
    recorded_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class ForgottenFile:
    """A file of the lake that was rewritten to forget somebody: its content before and after, empty where it was deleted; recorded before it is done."""

    forgotten_id: str
    path: str
    old_sha256: str
    new_sha256: str


Record = (
    Batch
    | Repair
    | RatingDecision
    | FlagDecision
    | Run
    | Step
    | InboxFile
    | Judgement
    | Waiver
    | Delivery
    | LakeFile
    | Forgotten
    | ForgottenFile
)
"""Whatever the store keeps."""

_RECORDS: Final[dict[str, type[Any]]] = {
    "batch": Batch,
    "repair": Repair,
    "rating_decision": RatingDecision,
    "flag_decision": FlagDecision,
    "run": Run,
    "step": Step,
    "inbox_file": InboxFile,
    "judgement": Judgement,
    "waiver": Waiver,
    "delivery": Delivery,
    "lake_file": LakeFile,
    "forgotten": Forgotten,
    "forgotten_file": ForgottenFile,
}
_KEYS: Final = {
    "batch": "batch_id",
    "repair": "repair_id",
    "rating_decision": "decision_id",
    "flag_decision": "decision_id",
    "run": "run_id",
    "step": "run_id, name",
    "inbox_file": "run_id, file_name, file_sha256",
    "judgement": "batch_id",
    "waiver": "file_sha256, contract",
    "delivery": "address, as_of, edition",
    "lake_file": "path",
    "forgotten": "forgotten_id",
    "forgotten_file": "forgotten_id, path, old_sha256",
}


_WAIT_SECONDS: Final = 30
"""For another process that has the store in hand."""


class _Known:
    """The batches of a store, by id and by content: a night asks for them with every file of its inbox, and years of nights leave many."""

    def __init__(self) -> None:
        self.by_id: dict[int, Batch] = {}
        self.by_content: dict[str, dict[int, Batch]] = {}

    def add(self, batches: Iterable[Batch]) -> None:
        """Take in new ones, or others in their places."""
        for batch in batches:
            self.by_id[batch.batch_id] = batch
            self.by_content.setdefault(batch.file_sha256, {})[batch.batch_id] = batch


class State:
    """The store of one home; every method is one transaction."""

    def __init__(self, path: Path, *, is_read_only: bool = False) -> None:
        """Open the store, creating it and its tables where missing; one that is only read stays as it is, also where an earlier version made it.

        Raises:
            NightFailed: the file is no such store, or cannot be written (read only: read).
        """
        self._path = path
        self._is_read_only = is_read_only
        self._held: sqlite3.Connection | None = None
        self._known: _Known | None = None
        try:
            with closing(self._connect()) as con, con:
                if is_read_only:
                    con.execute("select count(*) from sqlite_master")
                    return
                con.execute("pragma journal_mode = wal")
                for name, record in _RECORDS.items():
                    columns = ", ".join(field.name for field in fields(record))
                    con.execute(f"create table if not exists {name} ({columns}, primary key ({_KEYS[name]}))")
                    _add_missing(con, name, [field.name for field in fields(record)])
        except sqlite3.OperationalError as error:
            raise NightFailed(
                got=f"{path}: {error}",
                expected=f"the store of runs and batches, {'readable' if is_read_only else 'writable'}",
                try_="its permissions and the room on the disk",
            ) from None
        except sqlite3.Error as error:
            raise NightFailed(
                got=f"{path}: {error}", expected="a store of runs and batches that is whole", try_=FROM_BACKUP
            ) from None

    def _connect(self) -> sqlite3.Connection:
        if self._is_read_only:
            return sqlite3.connect(_reading(self._path), uri=True, timeout=_WAIT_SECONDS)
        con = sqlite3.connect(self._path, timeout=_WAIT_SECONDS)
        con.execute("pragma synchronous = full")
        con.execute("pragma secure_delete = on")  # what is replaced or struck, to forget somebody too, is overwritten
        return con

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the file open for all that follows, and the batches in memory: a run asks and records so often that opening it each time costs more than the answers.

        Only for who holds the home's lock, as nobody else writes meanwhile.
        """
        with closing(self._connect()) as con:
            self._held = con
            try:
                yield
            finally:
                self._held = self._known = None

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        if self._held is not None:
            yield self._held
            return
        with closing(self._connect()) as con:
            yield con

    def add(self, records: Iterable[Record]) -> None:
        """Write records, replacing those of the same key, all or none."""
        told = [*records]
        with self._connected() as con, con:
            for record in told:
                values = {name: _stored(value) for name, value in asdict(record).items()}
                marks = ", ".join("?" * len(values))
                con.execute(
                    f"insert or replace into {_table_of(record)} ({', '.join(values)}) values ({marks})",
                    [*values.values()],
                )
        if self._known is not None:
            self._known.add(record for record in told if isinstance(record, Batch))

    def fault(self) -> str:
        """What is wrong with the file; empty where it is whole.

        Raises:
            NightFailed: it cannot be read at all.
        """
        try:
            with self._connected() as con:
                told = con.execute("pragma integrity_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise NightFailed(
                got=f"{self._path}: {error}", expected="a store of runs and batches that is whole", try_=FROM_BACKUP
            ) from None
        return "" if told == "ok" else str(told)

    def next_batch_id(self) -> int:
        """The first batch id never registered."""
        with self._connected() as con:
            return int(con.execute("select coalesce(max(batch_id), 0) + 1 from batch").fetchone()[0])

    def next_repair_id(self) -> int:
        """The first repair id never recorded."""
        with self._connected() as con:
            return int(con.execute("select coalesce(max(repair_id), 0) + 1 from repair").fetchone()[0])

    def repairs(self, known_at: datetime | None = None, *, sha256: str | None = None) -> list[Repair]:
        """All repairs recorded by `known_at` (None: by now), oldest first; with `sha256` only those of lines of that content."""
        tail, values = ("where file_sha256 = ? ", [sha256]) if sha256 is not None else ("", [])
        return [
            repair
            for repair in self._read("repair", f"{tail}order by repair_id", values)
            if known_at is None or repair.recorded_at <= known_at
        ]

    def decisions(self, kind: type[Decision], known_at: datetime | None = None) -> list[Decision]:
        """All decisions of a kind recorded by `known_at` (None: by now), oldest first."""
        table = next(name for name, record in _RECORDS.items() if record is kind)
        decided: list[Decision] = self._read(table, "order by decision_id")
        return [decision for decision in decided if known_at is None or decision.recorded_at <= known_at]

    def batches(self, known_at: datetime | None = None) -> list[Batch]:
        """All batches told by `known_at` (None: by now), oldest first, refused and superseded ones included."""
        told = self._batches().by_id.values()
        return [batch for batch in told if known_at is None or batch.loaded_at <= known_at]

    def batches_of(self, sha256: str) -> list[Batch]:
        """All batches of one content, oldest first."""
        return [*self._batches().by_content.get(sha256, {}).values()]

    def _batches(self) -> _Known:
        if self._known is not None:
            return self._known
        known = _Known()
        known.add(self._read("batch", "order by batch_id"))
        if self._held is not None:
            self._known = known
        return known

    def judgements(self) -> list[Judgement]:
        """All batches that were judged by the contracts."""
        return self._read("judgement", "order by batch_id")

    def waivers(self, known_at: datetime | None = None) -> list[Waiver]:
        """All waivers given by `known_at` (None: by now), oldest first."""
        given = self._read("waiver", "order by given_at, file_sha256, contract")
        return [waiver for waiver in given if known_at is None or waiver.given_at <= known_at]

    def deliveries(self) -> list[Delivery]:
        """All mailings of reports, by date and edition."""
        return self._read("delivery", "order by as_of, edition, address")

    def forgotten(self) -> list[Forgotten]:
        """Who was forgotten, or is being forgotten, oldest first."""
        return self._read("forgotten", "order by forgotten_id")

    def forgotten_files(self, forgotten_id: str) -> list[ForgottenFile]:
        """The files of the lake that were rewritten to forget somebody, in the order of their paths."""
        return self._read("forgotten_file", "where forgotten_id = ? order by path, rowid", [forgotten_id])

    def lake_files(self) -> list[LakeFile]:
        """All files of the lake that are registered, by path."""
        return self._read("lake_file", "order by path")

    def is_registered(self, path: str) -> bool:
        """Whether a file of the lake, named below it, is registered."""
        return bool(self._read("lake_file", "where path = ?", [path]))

    def has_lake_files(self) -> bool:
        """Whether any file of the lake is registered; a store of an earlier version knows none."""
        return bool(self._read("lake_file", "limit 1"))

    def strike(self, paths: Iterable[str]) -> None:
        """Register files of the lake no longer: before they are deleted."""
        with self._connected() as con, con:
            con.executemany("delete from lake_file where path = ?", [[path] for path in paths])

    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        return self._read("run", "order by started_at")

    def steps(self, run_id: str) -> list[Step]:
        """The steps of a run, in the order they ended."""
        return self._read("step", "where run_id = ? order by finished_at", [run_id])

    def inbox_files(self, run_id: str) -> list[InboxFile]:
        """The files a run saw."""
        return self._read("inbox_file", "where run_id = ? order by file_name", [run_id])

    def forget(self, before: datetime, keeping: Collection[str]) -> int:
        """Delete what runs that began before a moment saw and how long their steps took, and what older runs say of files that were known to them; how many rows.

        A file that lies in the inbox is known to every night, and only the last one is asked for it. Nothing of the runs in `keeping` is deleted, and
        no run itself.
        """
        kept = ", ".join("?" * len(keeping))
        old = f"run_id in (select run_id from run where started_at < ?) and run_id not in ({kept})"
        told = [before.isoformat(), *keeping]
        with self._connected() as con, con:
            counts = [
                con.execute(f"delete from {table} where {old}", told).rowcount for table in ("inbox_file", "step")
            ]
            known = con.execute(
                f"delete from inbox_file where outcome = ? and run_id not in ({kept})", [KNOWN, *keeping]
            ).rowcount
        return sum(counts) + known

    def landed_until(self) -> datetime | None:
        """When a run last came to the end of its inbox; a run that was cut off before goes on with the next one."""
        steps: list[Step] = self._read("step", "where name = 'land' order by finished_at desc limit 1")
        return steps[0].finished_at if steps else None

    def last_message(self, file_name: str, sha256: str) -> str | None:
        """What was said about this content under this name when a run saw it last; None where none did."""
        seen: list[InboxFile] = self._read(
            "inbox_file", "where file_name = ? and file_sha256 = ? order by run_id desc limit 1", [file_name, sha256]
        )
        return seen[0].message if seen else None

    def _read(self, table: str, tail: str, values: Sequence[str] = ()) -> list[Any]:
        record = _RECORDS[table]
        with self._connected() as con:
            names = [field.name for field in fields(record)]
            known = _columns(con, table) if self._is_read_only else names
            if not known:
                return []  # a store of an earlier version
            told = ", ".join(name if name in known else f"null as {name}" for name in names)
            rows = con.execute(f"select {told} from {table} {tail}", values).fetchall()
        try:
            return [restored(record, row) for row in rows]
        except (ValueError, TypeError) as error:  # sqlite notices no bit that turned within a text
            raise NightFailed(
                got=f"{self._path}, table {table}: {error}",
                expected="a store of runs and batches that is whole",
                try_=FROM_BACKUP,
            ) from None


def counting(batches: Sequence[Batch]) -> list[Batch]:
    """Those of the batches told by a moment whose rows count: loaded, and not superseded by a later reading of the same file."""
    loaded = [batch for batch in batches if batch.status in LOADED]
    newest = {batch.arrival_id: batch.loaded_at for batch in sorted(loaded, key=lambda one: one.batch_id)}
    return [batch for batch in loaded if batch.arrival_id is None or batch.loaded_at == newest[batch.arrival_id]]


def is_read_whole(batches: Sequence[Batch], before: datetime) -> bool:
    """Whether a content, told by all its batches, was loaded before a moment without a line that is in quarantine now."""
    told = counting(batches)
    return bool(told) and all(
        not batch.lines_quarantined and not batch.rows_quarantined and batch.loaded_at < before for batch in told
    )


def readings(batches: Iterable[Batch]) -> list[list[Batch]]:
    """The loaded batches by the reading that made them, in order; the findings of a reading stand under its first batch."""
    found: dict[tuple[str, datetime], list[Batch]] = {}
    for batch in sorted(batches, key=lambda one: one.batch_id):
        if batch.status in LOADED:
            found.setdefault((batch.file_sha256, batch.loaded_at), []).append(batch)
    return [*found.values()]


def _add_missing(con: sqlite3.Connection, table: str, columns: Sequence[str]) -> None:
    """Give a table of an older store the columns it lacks, NULL in every row."""
    known = _columns(con, table)
    for column in columns:
        if column not in known:
            con.execute(f"alter table {table} add column {column}")


def _columns(con: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in con.execute(f"pragma table_info({table})")}


def _reading(path: Path) -> str:
    """The name by which SQLite opens a store to read it, also in a folder that may not be written: there no lock is taken where nobody is writing.

    Elsewhere SQLite lays two files beside it that hold nothing, and the next writer takes them away.
    """
    beside = path.with_name(path.name + "-wal")
    is_still = not beside.exists() and not os.access(path.parent, os.W_OK)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_still else ''}"


def _table_of(record: object) -> str:
    return next(name for name, kind in _RECORDS.items() if isinstance(record, kind))


def _stored(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def restored(record: type[Any], row: Sequence[Any]) -> Any:
    """A record from its fields in their order as they are stored: moments and dates as ISO texts."""
    kinds = ((field.name, str(field.type)) for field in fields(record))
    return record(**{name: _restored(kind, value) for (name, kind), value in zip(kinds, row, strict=True)})


def _restored(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind.startswith("datetime"):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind.startswith("date") else value
