"""The folder a company's receivables live in: what stands where, who may write, one writer at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from receivables import settings as settings_module
from receivables.dates import utc_now
from receivables.errors import NightFailed, UsageError
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

HOME: Final = "data"
"""The home where none is named."""

_FOLDERS: Final = ("inbox", "lake", "warehouse", "out", "logs", "profiles", "contracts")

_UNFINISHED: Final = (
    "lake/.reading-*",
    "lake/*/*.writing",
    "warehouse/.spill-*",
    "warehouse/*.building*",
    "warehouse/.*.new",
    "out/*.new",
    "out/*/*.writing",
    "out/customers/*.new",
    "out/*/customers/*.new",
    "out/*/customers/*.writing",
)
"""What a run has under way; anything of it found at the start was left by one that was cut off."""


LOCK: Final = ".lock"
"""The file that the writer of a home holds."""

NIGHTLY: Final = "nightly"
"""The verb of a whole night."""

CATCH_UP: Final = "catch up"
"""What a night does for a date that was missed: a run of its own within the night's."""

_LOOK_AGAIN_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Opened:
    """What of a home is open to other users of the machine, and the command that shuts it."""

    found: str
    advice: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"got {self.found}; expected nobody else's; try {self.advice}"


class HomeInUse(NightFailed):
    """Another process is writing the home; `holder` says which, since when and what it does."""

    def __init__(self, *, got: str, expected: str, try_: str, holder: str) -> None:
        """Keep who it is, which names nobody but a process."""
        super().__init__(got=got, expected=expected, try_=try_)
        self.holder = holder


@dataclass(frozen=True)
class Holder:
    """The process that holds a home: its id, what it does, since when (UTC), and when the system says it was born, as ids are used again."""

    pid: int
    verb: str
    since: str
    born: str

    @classmethod
    def this(cls, verb: str) -> Holder:
        """This very process."""
        return cls(os.getpid(), verb, f"{utc_now():%Y-%m-%dT%H:%M:%S}Z", _born(os.getpid()))

    @classmethod
    def told(cls, text: str) -> Holder | None:
        """Who a lock file tells of; None where it tells nothing that can be understood."""
        try:
            told = json.loads(text)
            pid, since = int(told["pid"]), datetime.fromisoformat(str(told["since"]))
            verb = "".join(char for char in str(told["verb"]) if char.isalnum() or char == " ")
            return cls(pid, verb, f"{since:%Y-%m-%dT%H:%M:%S}Z", str(told["born"]))
        except (ValueError, TypeError, KeyError, OverflowError):
            return None

    def is_alive(self) -> bool:
        """Whether that process lives and is no other one with the same id."""
        try:
            os.kill(self.pid, 0)
        except PermissionError:
            pass
        except (OSError, OverflowError):
            return False
        return self.born == _born(self.pid)

    def __str__(self) -> str:
        """Name it for a person."""
        return f"{self.pid}, {self.verb} since {self.since}"


def _born(pid: int) -> str:
    """When a process was started, in ticks since the machine was; empty where the system does not tell."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@contextmanager
def private_files() -> Iterator[None]:
    """Make whatever is written meanwhile readable by this user only, also where a library call and not the command line writes it."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@dataclass(frozen=True)
class Home:
    """One home; every path of it in one place."""

    root: Path

    @property
    def inbox(self) -> Path:
        """Where the ERP's exports are put; files are read here and never moved."""
        return self.root / "inbox"

    @property
    def lake(self) -> Path:
        """Immutable Parquet, one file per batch and table."""
        return self.root / "lake"

    @property
    def warehouse(self) -> Path:
        """Published DuckDB files."""
        return self.root / "warehouse"

    @property
    def out(self) -> Path:
        """Rendered reports."""
        return self.root / "out"

    @property
    def logs(self) -> Path:
        """One JSON-lines file per run."""
        return self.root / "logs"

    @property
    def profiles(self) -> Path:
        """The user's own profiles."""
        return self.root / "profiles"

    @property
    def contracts(self) -> Path:
        """The user's own contracts, and what shipped ones are to say otherwise."""
        return self.root / "contracts"

    @property
    def state(self) -> Path:
        """The SQLite file of batches and runs."""
        return self.root / "state.sqlite"

    def settings(self) -> Settings:
        """Read `receivables.toml` of this home.

        Raises:
            SettingsError: it cannot be used as written.
        """
        return settings_module.load(self.root / settings_module.FILE_NAME)

    def create(self) -> None:
        """Make the folders, private to the user.

        Raises:
            UsageError: the home cannot be written.
        """
        try:
            for name in _FOLDERS:
                (self.root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            probe = self.root / ".writable"
            probe.touch(mode=0o600)
            probe.unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(
                got=f"home {self.root}: {error.strerror or error}",
                expected="a folder this user may write",
                try_="--home DIR with another folder",
            ) from None

    def open_to_strangers(self) -> Opened | None:
        """What of the home every user of the machine may read, or others may write; None where nothing is.

        The inbox is left to whoever feeds it, and `out/` to whoever serves it.
        """
        own = self.root.stat().st_mode & 0o777
        if not own & 0o011:  # nobody gets past the home itself
            return None
        kept = (*(self.root / name for name in _FOLDERS if name not in ("inbox", "out")), self.state)
        settings = self.root / settings_module.FILE_NAME
        modes = {path.name: path.stat().st_mode & 0o777 for path in (*kept, settings) if path.exists()}
        wide = {name: mode for name, mode in modes.items() if mode & 0o026}
        told, shut = [f"{name} ({mode:o})" for name, mode in wide.items()], []
        if own & 0o022:  # who may write it may put other folders in the place of these
            told, shut = [f"the folder itself ({own:o})", *told], [f"chmod go-w {self.root}"]
        if wide:
            shut.append(f"chmod -R g-w,o= {' '.join(str(self.root / name) for name in wide)}")
        return Opened(f"{', '.join(told)} in {self.root}, open to other users", " && ".join(shut)) if told else None

    @contextmanager
    def only_writer(self, verb: str, wait_seconds: float = 0) -> Iterator[None]:
        """Hold the home's lock; the system frees it when the process ends, however it ends.

        `verb` is told to whoever comes meanwhile. `wait_seconds` is how long another command is waited for; another night never is.

        Raises:
            NightFailed: another process is writing this home; names it.
        """
        with (self.root / LOCK).open("a+", encoding="utf-8") as lock:
            self._take(lock, wait_seconds)
            lock.truncate(0)
            lock.write(json.dumps(asdict(Holder.this(verb))))
            lock.flush()
            try:
                yield
            finally:
                with suppress(OSError):  # a process that lives on holds nothing any more
                    lock.truncate(0)

    def _take(self, lock: TextIO, wait_seconds: float) -> None:
        until = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = Holder.told(lock.read())
                is_night = holder is not None and holder.verb == NIGHTLY
                if is_night or time.monotonic() >= until:
                    raise HomeInUse(
                        got=f"home {self.root} in use by process {holder or 'unknown'}",
                        expected="one run at a time",
                        try_="again when it has ended",
                        holder=str(holder or ""),
                    ) from None
                time.sleep(min(_LOOK_AGAIN_SECONDS, max(until - time.monotonic(), 0)))
            else:
                return

    def holder(self) -> Holder | None:
        """Who took the lock last, if that process still lives; asked without touching the lock, which would stop a night from starting."""
        try:
            told = Holder.told((self.root / LOCK).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return None
        return told if told is not None and told.is_alive() else None

    def unfinished(self) -> list[Path]:
        """What a run has under way, or left unfinished when it was cut off."""
        return sorted(leftover for pattern in _UNFINISHED for leftover in self.root.glob(pattern))

    def sweep(self) -> None:
        """Remove what a run that was cut off left unfinished; only for the holder of the lock."""
        for leftover in self.unfinished():
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover)
            else:
                leftover.unlink()
