"""One run under way: who is told of its steps, where they are recorded, how it ended."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from receivables.checks import contract
from receivables.dates import checked_known_at, utc_now
from receivables.engine import EngineError, Scratch
from receivables.errors import NightFailed
from receivables.home import private_files
from receivables.state import InboxFile, Run, State, Step
from receivables.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime
    from pathlib import Path

    from receivables.checks.contract import Contract
    from receivables.errors import FileRefused
    from receivables.home import Home
    from receivables.settings import Settings


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
    """How a night or a part of it ended; `reports` by language, `needs_person` the reasons in one line each."""

    run_id: str
    as_of: date | None
    files: tuple[InboxFile, ...] = ()
    warehouse: Path | None = None
    reports: dict[str, Path] = field(default_factory=dict)
    needs_person: tuple[str, ...] = ()
    refusals: tuple[FileRefused, ...] = ()


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
            self.progress.stopped()
            raise
        self.state.add([Step(self.run.run_id, name, begun, utc_now(), counts["items"], counts["findings"])])
        self.log(name, **counts)
        self.progress.done(name, f"{counts['items']} done, {counts['findings']} findings")

    def log(self, event: str, **details: Any) -> None:
        """Add one line to the run's log."""
        line = json.dumps(
            {"at": utc_now().isoformat(), "run": self.run.run_id, "event": event, **details},
            default=str,
            ensure_ascii=False,
        )
        with (self.home.logs / f"{self.run.run_id}.jsonl").open("a", encoding="utf-8") as stream:
            # as JSON writes it, so that who looks at the log on a terminal is not steered by what a file is called
            stream.write("".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line) + "\n")


@contextmanager
def started(home: Home, as_of: date | None, known_at: datetime | None, progress: Progress) -> Iterator[Night]:
    """Hold the home's lock and record the run; a failure is recorded and passed on.

    Raises:
        UsageError: a home that cannot be written, or a moment in the future.
        NightFailed: another run holds the home, or the disk is full.
    """
    now = utc_now()
    known_at = checked_known_at(known_at or now, now)
    with private_files():
        home.create()
        settings, contracts = home.settings(), contract.available(home.contracts)
        with home.only_writer(), _system_faults_told():
            home.sweep()
            state = State(home.state)
            cut_off = [replace(run, status="interrupted") for run in state.runs() if run.status == "running"]
            run = Run(
                _run_id(now), as_of, known_at, now, None, "running", __version__, _rules_sha256(settings, contracts)
            )
            state.add([*cut_off, run])
            temp = home.lake / f".reading-{run.run_id}"
            with (
                state.held(),
                closing(Scratch(settings, temp=temp, memory_limit=settings.ingest.memory_limit)) as scratch,
                _failure_recorded(Night(home, settings, state, run, progress, scratch, contracts)) as night,
            ):
                if told := home.open_to_strangers():
                    night.progress.notice(told)
                    night.log("open_to_strangers", message=told)
                yield night


def _rules_sha256(settings: Settings, contracts: Iterable[Contract]) -> str:
    """Identify what a run was made with: the settings, and the contracts as the home has them."""
    told = "".join((settings.sha256(), *(contract.model_dump_json() for contract in contracts)))
    return hashlib.sha256(told.encode()).hexdigest()


def _run_id(now: datetime) -> str:
    return now.strftime("%Y%m%dT%H%M%S%f") + "Z"


@contextmanager
def _system_faults_told() -> Iterator[None]:
    """Turn what the system refuses (no room, no permission) into one line."""
    try:
        yield
    except (OSError, sqlite3.Error, EngineError) as error:
        raise NightFailed(
            got=str(error), expected="a home with room that this user may write", try_="again when there is room"
        ) from error


@contextmanager
def _failure_recorded(night: Night) -> Iterator[Night]:
    """Record how a run failed, as far as there is room to."""
    try:
        yield night
    except BaseException as error:
        with suppress(OSError, sqlite3.Error):
            if night.run.status == "running":
                night.record(finished_at=utc_now(), status="failed")
            night.log("failed", error=str(error) or type(error).__name__)
        raise
