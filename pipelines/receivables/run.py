"""One run under way: who is told of its steps, where they are recorded, how it ended."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from receivables.dates import utc_now
from receivables.state import InboxFile, Run, State, Step
from receivables.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime
    from pathlib import Path

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
    refusals: list[FileRefused] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, total: int) -> Iterator[dict[str, int]]:
        """Record one named step with its start, end and counts."""
        begun, counts = utc_now(), {"items": 0, "findings": 0}
        self.progress.step(name, total)
        yield counts
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
            stream.write(line + "\n")


@contextmanager
def started(home: Home, as_of: date | None, known_at: datetime | None, progress: Progress) -> Iterator[Night]:
    """Hold the home's lock and record the run; a failure is recorded and passed on."""
    home.create()
    settings = home.settings()
    with home.only_writer():
        now = utc_now()
        run = Run(
            now.strftime("%Y%m%dT%H%M%S%f") + "Z",
            as_of,
            known_at or now,
            now,
            None,
            "running",
            __version__,
            settings.sha256(),
        )
        state = State(home.state)
        state.add([run])
        night = Night(home, settings, state, run, progress)
        try:
            yield night
        except BaseException as error:
            state.add([replace(night.run, finished_at=utc_now(), status="failed")])
            night.log("failed", error=str(error))
            raise
