"""One run under way: who is told of its steps, where they are recorded, how it ended."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
import traceback
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from receivables import lake
from receivables.checks import contract
from receivables.dates import checked_known_at, utc_now
from receivables.engine import EngineError, Scratch
from receivables.errors import FROM_BACKUP, NightFailed, ReceivablesError
from receivables.home import NIGHTLY, private_files
from receivables.state import InboxFile, Run, State, Step
from receivables.version import __version__
from receivables.warehouse import published_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from pathlib import Path

    from receivables.checks.contract import Contract
    from receivables.errors import FileRefused
    from receivables.home import Home
    from receivables.settings import Settings


Level = Literal["info", "notice", "warning", "error"]

_LOGGED_CHARACTERS: Final = 4000
"""Of a text that a line of a log tells; what is longer is cut off."""

_RUN_ID: Final = "%Y%m%dT%H%M%S%f"


class Progress:
    """Told of every step as it goes; the base class says nothing."""

    def step(self, name: str, total: int) -> None:
        """A step of `total` parts begins."""

    def advance(self, detail: str) -> None:
        """One part is about to be done."""

    def done(self, name: str, summary: str) -> None:
        """The step has ended."""

    def stopped(self) -> None:
        """The step was broken off by an error."""

    def notice(self, text: str) -> None:
        """Something to know beside the steps, in one line."""


@dataclass(frozen=True)
class Outcome:
    """How a night or a part of it ended; `reports` and `workbooks` by language, `needs_person` the reasons in one line each, `notes` what is good to know."""

    run_id: str
    as_of: date | None
    files: tuple[InboxFile, ...] = ()
    warehouse: Path | None = None
    reports: dict[str, Path] = field(default_factory=dict)
    workbooks: dict[str, Path] = field(default_factory=dict)
    needs_person: tuple[str, ...] = ()
    refusals: tuple[FileRefused, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class Night:
    """One run under way."""

    home: Home
    settings: Settings
    state: State
    run: Run
    progress: Progress
    scratch: Scratch
    contracts: tuple[Contract, ...] = ()
    refusals: list[FileRefused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failed_step: str = ""
    is_lake_whole: bool = False
    """Whether it was looked at, and every file of a batch is as it was registered."""

    def note(self, text: str) -> None:
        """Keep what is good to know and asks for nobody."""
        self.notes.append(text)
        self.log("note", "notice", text=text)

    def record(self, **changes: Any) -> None:
        """Change the run and its record in the store."""
        self.run = replace(self.run, **changes)
        self.state.add([self.run])

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[dict[str, int]]:
        """Record one named step with its start, end and counts."""
        begun, counts = utc_now(), {"items": 0, "findings": 0}
        self.progress.step(name, total)
        try:
            yield counts
        except BaseException:
            self.failed_step = name
            self.progress.stopped()
            raise
        self.state.add([Step(self.run.run_id, name, begun, utc_now(), counts["items"], counts["findings"])])
        self.log(name, "info", items=counts["items"], findings=counts["findings"])
        self.progress.done(name, f"{counts['items']} done, {counts['findings']} findings")

    def log(self, event: str, level: Level = "info", **details: Any) -> None:
        """Add one line to the run's log."""
        told = {"at": utc_now().isoformat(), "run": self.run.run_id, "level": level, "event": event}
        line = json_line(told | details)
        for secret in self._secrets():
            line = line.replace(secret, "***")
        with (self.home.logs / f"{self.run.run_id}.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def _secrets(self) -> Iterator[str]:
        """What must never stand in a log, should any message hold it, as a line of the log would write it."""
        for name in (self.settings.mail.password_env, self.settings.engine.token_env):
            if secret := os.environ.get(name, ""):
                yield json_line(secret)[1:-1]


@contextmanager
def started(
    verb: str,
    home: Home,
    as_of: date | None = None,
    known_at: datetime | None = None,
    progress: Progress | None = None,
) -> Iterator[Night]:
    """Hold the home's lock and record the run; a failure is recorded and passed on. `verb` is what is run, as a person calls it.

    Raises:
        UsageError: a home that cannot be written, or a moment in the future.
        NightFailed: another run holds the home, or the disk is full.
    """
    checked_known_at(known_at or utc_now(), utc_now())
    with private_files():
        home.create()
        settings, contracts = home.settings(), contract.available(home.contracts)
        wait_seconds = settings.unattended.lock_wait_seconds if verb == NIGHTLY else 0
        with home.only_writer(verb, wait_seconds), _system_faults_told():
            home.sweep()
            now = utc_now()  # not before the home was free
            known_at = checked_known_at(known_at or now, now)
            before = now - timedelta(days=settings.retention.log_days)
            forget_logs(home.logs, before)
            state = State(home.state)
            _refuse_damaged_store(state)
            lost = _taken_back(home, state)
            state.forget(before, keeping=published_runs(home.root))
            cut_off = [replace(run, status="interrupted") for run in state.runs() if run.status == "running"]
            rules = rules_sha256(settings, contracts)
            run = Run(_run_id(now), as_of, known_at, now, None, "running", __version__, rules, verb, as_of)
            state.add([*cut_off, run])
            if not state.has_lake_files():  # a store of a version that registered none, or a lost one
                state.add(lake.sealed(home.lake, lake.settled_files(home.lake)))
            temp = home.lake / f".reading-{run.run_id}"
            with (
                state.held(),
                closing(Scratch(settings, temp=temp, memory_limit=settings.ingest.memory_limit)) as scratch,
                _failure_recorded(
                    Night(home, settings, state, run, progress or Progress(), scratch, contracts)
                ) as night,
            ):
                night.log("started", verb=verb, as_of=as_of, known_at=known_at, version=__version__)
                for run in cut_off:
                    night.note(
                        f"the run {run.run_id} ({run.verb or 'of an earlier version'}) was cut off and told nobody"
                    )
                if lost:
                    night.note(
                        f"the store of runs was lost: {lost} batches were taken back from the lake; receivables restore takes the rest back from a backup"
                    )
                if opened := home.open_to_strangers():
                    night.progress.notice(str(opened))
                    night.log("open_to_strangers", message=str(opened))
                yield night


def _taken_back(home: Home, state: State) -> int:
    """Register again what the lake holds where the store knows nothing of it; how many batches.

    A home that was published from has batches. Without this a night would build from what lies in the inbox alone, and write it in the place of theirs.
    """
    if state.batches() or not any((home.lake / "published").glob("*.json")):
        return 0
    batches = lake.told_batches(home.lake)
    state.add(batches)
    return len(batches)


@contextmanager
def within(night: Night, verb: str, as_of: date, known_at: datetime | None = None) -> Iterator[Night]:
    """Record a further run, of another date, under the lock and in the store of a night; a failure is recorded and passed on."""
    now = utc_now()
    run = replace(
        night.run,
        run_id=_run_id(now),
        as_of=as_of,
        known_at=known_at or now,
        started_at=now,
        finished_at=None,
        status="running",
        verb=verb,
    )
    night.state.add([run])
    with _failure_recorded(replace(night, run=run, refusals=[], notes=[])) as further:
        further.log("started", verb=verb, as_of=as_of, known_at=known_at, within=night.run.run_id)
        try:
            yield further
        except BaseException:
            night.failed_step = further.failed_step
            raise


def rules_sha256(settings: Settings, contracts: Iterable[Contract]) -> str:
    """Identify what a run was made with: the settings, and the contracts as the home has them."""
    told = "".join((settings.sha256(), *(contract.model_dump_json() for contract in contracts)))
    return hashlib.sha256(told.encode()).hexdigest()


def _run_id(now: datetime) -> str:
    return now.strftime(_RUN_ID) + "Z"


def json_line(told: object) -> str:
    """A record on one line of JSON in which nothing of it can be taken for a line of its own, or steer who reads it."""
    line = json.dumps(_cut(told), default=str, ensure_ascii=False)
    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def _cut(told: Any) -> Any:
    if isinstance(told, str):
        return told if len(told) <= _LOGGED_CHARACTERS else told[:_LOGGED_CHARACTERS] + "..."
    if isinstance(told, dict):
        return {key: _cut(value) for key, value in told.items()}
    return [_cut(value) for value in told] if isinstance(told, list | tuple) else told


def forget_logs(logs: Path, before: datetime) -> None:
    """Delete the logs of runs that began before a moment; other files are left alone."""
    for path in logs.glob("*.jsonl"):
        try:
            begun = datetime.strptime(path.stem, f"{_RUN_ID}Z")  # noqa: DTZ007  # UTC without zone, as every moment here
        except ValueError:
            continue
        if begun < before:
            path.unlink(missing_ok=True)


def _refuse_damaged_store(state: State) -> None:
    """Begin nothing on a store that is damaged where this run may not read it: what it mails would be mailed again once the store was taken back."""
    if fault := state.fault():
        raise NightFailed(
            got=f"state.sqlite: {fault}", expected="a store of runs and batches that is whole", try_=FROM_BACKUP
        )


_NO_WRITING: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM)
"""What the system says where nothing can be written; the database passes it on in its own message."""


@contextmanager
def _system_faults_told() -> Iterator[None]:
    """Turn what the system refuses (no room, no permission), and what the databases cannot read, into one line."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        raise _unwritable(error) from error
    except EngineError as error:
        if any(os.strerror(number) in str(error) for number in _NO_WRITING):
            raise _unwritable(error) from error
        raise _unreadable(error, "a lake and a database that can be read") from error
    except sqlite3.Error as error:
        raise _unreadable(error, "a store of runs and batches that is whole") from error


def _unwritable(error: Exception) -> NightFailed:
    return NightFailed(
        got=str(error), expected="a home with room that this user may write", try_="again when there is room"
    )


def _unreadable(error: Exception, expected: str) -> NightFailed:
    return NightFailed(got=str(error), expected=expected, try_=FROM_BACKUP)


@contextmanager
def _failure_recorded(night: Night) -> Iterator[Night]:
    """Record how a run failed, as far as there is room to."""
    try:
        yield night
    except BaseException as error:
        with suppress(OSError, sqlite3.Error):
            if night.run.status == "running":
                night.record(finished_at=utc_now(), status="failed")
            told = {} if isinstance(error, ReceivablesError) else {"traceback": traceback.format_exception(error)}
            night.log(
                "failed",
                "error",
                kind=type(error).__name__,
                step=night.failed_step,
                error=str(error) or type(error).__name__,
                **told,
            )
        raise
