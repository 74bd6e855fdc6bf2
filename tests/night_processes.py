"""Commands in processes of their own that can be killed at a moment one names: forked from one that has the program loaded, as the start is two thirds of a small night.

That process, the nursery, has built a small home twice before, so that what it forks need not read the models anew. What is forked is the command line itself, with a
process id, a lock and files of its own; nothing of the nursery's databases is open then.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import receivables
from homes import MONDAY, business, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from types import TracebackType

PATIENCE_SECONDS: Final = 300
"""What no command on a home of few rows takes, on a machine however busy."""

_SETTINGS: Final = """
[contracts]
enabled = false
[engine]
threads = 1
[unattended]
quiet_seconds = 0
[mail]
sender = "receivables@example.com"
[[recipient]]
address = "ana@example.com"
"""
"""Of the home that is built before anything is forked: it mails, so that what mails are made with is loaded."""

_CHANGES: Final = frozenset({"os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir", "os.truncate"})
_PR_SET_PDEATHSIG: Final = 1
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Moment:
    """When a command is stopped: at a named step, before its first part (`begun`), before the part `place` (`within`) or after its last one (`ended`); or before the `place`-th change of a file."""

    step: str = ""
    where: str = ""
    place: int = 0
    is_full: bool = False
    """Not killed, but from then on no file can grow."""

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{self.step}, {self.where}" if self.step else f"change {self.place}"


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, negative the signal that killed it; the CPU seconds it took and what it said."""

    exit_code: int
    cpu_seconds: float
    said: str

    @property
    def is_killed(self) -> bool:
        """Whether it was killed before its end."""
        return self.exit_code == -signal.SIGKILL


@dataclass
class Child:
    """A command under way."""

    pid: int
    said: Path

    def cpu_seconds(self) -> float:
        """What it has taken so far, as the system counts it."""
        try:
            told = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            return float("inf")
        return (int(told[11]) + int(told[12])) / _TICKS


class Nursery:
    """The process that commands are forked from; use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Remember where what commands say is kept."""
        self._folder, self._number = folder, 0
        self._context = multiprocessing.get_context("spawn")

    def __enter__(self) -> Nursery:
        """Start it, which takes as long as three nights."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._ours, theirs = self._context.Pipe()
        self._process = self._context.Process(target=_serve, args=(theirs,), daemon=False)
        self._process.start()
        theirs.close()
        self._ours.recv()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._ours.close()
        self._process.join(10)
        self._process.kill()

    def start(self, *arguments: str | Path, moment: Moment | None = None) -> Child:
        """Start a command of the command line, or `read HOME`, an analyst who reads until killed."""
        self._number += 1
        said = self._folder / f"{self._number}.txt"
        self._ours.send(("start", [str(one) for one in arguments], said, moment))
        return Child(self._ours.recv(), said)

    def wait(self, child: Child, at_cpu: float | None = None, then: Callable[[], object] | None = None) -> Ended:
        """Wait for a command's end; once it has taken so many CPU seconds something is done, by default it is killed."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            self._ours.send(("ask", child.pid))
            told = self._ours.recv()
            if told is not None:
                return Ended(told[0], told[1], child.said.read_text(encoding="utf-8", errors="replace"))
            if time.monotonic() > until:
                os.kill(child.pid, signal.SIGKILL)
                raise TimeoutError(f"{child.said}: no end after {PATIENCE_SECONDS} seconds")
            if at_cpu is not None and child.cpu_seconds() >= at_cpu:
                at_cpu = None
                (then or (lambda: os.kill(child.pid, signal.SIGKILL)))()
            time.sleep(0.01 if at_cpu is not None else 0.03)

    def run(self, *arguments: str | Path, moment: Moment | None = None) -> Ended:
        """Run a command to its end."""
        return self.wait(self.start(*arguments, moment=moment))


def _serve(pipe: Connection) -> None:
    """Fork a command whenever one is asked for, and tell how it ended."""
    _warm()
    pipe.send("ready")
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            return
        if asked[0] == "start":
            pid = os.fork()
            if pid == 0:
                pipe.close()
                _become(*asked[1:])
            pipe.send(pid)
        else:
            found, status, used = os.wait4(asked[1], os.WNOHANG)
            pipe.send((os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime) if found else None)


def _warm() -> None:
    import receivables.cli
    import receivables.deliver
    import receivables.letter
    import receivables.pages
    import receivables.render
    import receivables.safekeeping
    import receivables.verification
    import receivables.workbook  # all of them so that no child has to

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        receivables.init(home)
        (home / "receivables.toml").write_text(_SETTINGS, encoding="utf-8")
        tell(home, business(), MONDAY)
        receivables.nightly(home)
        receivables.build(home)


def _become(arguments: Sequence[str], said: Path, moment: Moment | None) -> NoReturn:
    """Be a command, from its first to its last line."""
    code, changes = 1, [0]
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # it does not outlive the nursery
    try:
        told = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(told, 1)
        os.dup2(told, 2)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115  # for as long as it lives
        if arguments[0] == "read":
            _read(Path(arguments[1]))
        if moment is not None:
            _stop_at(moment, arguments[arguments.index("--home") + 1], changes)
        from receivables.cli import main

        main(list(arguments), prog_name="receivables")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001  # whatever it is, it is told and goes no further: this process is a copy of its parent
        traceback.print_exc()
    finally:
        with suppress(OSError):  # no file can grow any more, this one neither
            if changes[0]:
                print(f"changes {changes[0]}")  # noqa: T201  # to the file it writes
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _read(home: Path) -> NoReturn:
    """Read what is published over and over, on a line of its own what was read; and what was published first, through a connection that stays open."""
    question = "select run.as_of, sum(aging.open_local)::varchar from marts.aging as aging cross join ops.run as run group by all"
    held = receivables.open_warehouse(home)
    first = held.con.execute(question).fetchall()
    while True:
        try:
            with receivables.open_warehouse(home) as warehouse:
                told = warehouse.con.execute(question).fetchall()
            if held.con.execute(question).fetchall() != first:
                raise AssertionError("what was open before has changed")
            [(day, total)] = told
            print(f"read {day} {total}", flush=True)  # noqa: T201  # to the file it writes
        except Exception as error:  # noqa: BLE001  # whatever a reader may see
            print(f"failed {type(error).__name__}: {error}", flush=True)  # noqa: T201
        time.sleep(0.4)


def _stop_at(moment: Moment, home: str, changes: list[int]) -> None:
    """Arrange for the end of this process, by its own hand: kill -9 at exactly that moment. Changes of files are counted."""
    if moment.step:
        _stop_at_step(moment)
    else:
        _stop_at_change(moment, home, changes)


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _stop_at_step(moment: Moment) -> None:
    import receivables.cli
    from receivables.cli.terminal import Steps

    class Stopping(Steps):
        """Shows steps, and stops at one."""

        def __init__(self) -> None:
            super().__init__()
            self._step, self._left = "", moment.place

        def step(self, name: str, total: int) -> None:
            self._step = name
            if moment.where == "begun" and name == moment.step:
                _stop()
            super().step(name, total)

        def advance(self, detail: str) -> None:
            if moment.where == "within" and self._step == moment.step:
                self._left -= 1
                if self._left <= 0:
                    _stop()
            super().advance(detail)

        def done(self, name: str, summary: str) -> None:
            if moment.where in ("within", "ended") and name == moment.step:
                _stop()
            super().done(name, summary)

    vars(receivables.cli)["Steps"] = Stopping


def _stop_at_change(moment: Moment, home: str, changes: list[int]) -> None:
    def heard(event: str, told: tuple[Any, ...]) -> None:
        is_change = event in _CHANGES or (
            event == "open"
            and isinstance(told[2], int)
            and told[2] & (os.O_WRONLY | os.O_RDWR)
            and str(told[0]).startswith(home)
        )
        if is_change:
            changes[0] += 1
            if changes[0] == moment.place and moment.is_full:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is asked for is read by somebody
                # the system would kill the process for trying, and Python has it return an error instead
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
            elif changes[0] == moment.place:
                _stop()

    sys.addaudithook(heard)
