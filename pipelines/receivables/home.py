"""The folder a company's receivables live in: what stands where, who may write, one writer at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from receivables import settings as settings_module
from receivables.errors import NightFailed, UsageError
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

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

    def open_to_strangers(self) -> str:
        """What of the home every user of the machine may read, or others may write, as one line; empty where nothing is.

        The inbox is left to whoever feeds it, and `out/` to whoever serves it.
        """
        if not self.root.stat().st_mode & 0o011:  # nobody gets past the home itself
            return ""
        kept = (*(self.root / name for name in _FOLDERS if name not in ("inbox", "out")), self.state)
        settings = self.root / settings_module.FILE_NAME
        modes = {path.name: path.stat().st_mode & 0o777 for path in (*kept, settings) if path.exists()}
        wide = {name: mode for name, mode in modes.items() if mode & 0o026}
        if not wide:
            return ""
        told = ", ".join(f"{name} ({mode:o})" for name, mode in wide.items())
        shut = " ".join(str(self.root / name) for name in wide)
        return f"got {told} in {self.root}, open to other users; expected nobody else's; try chmod -R g-w,o= {shut}"

    @contextmanager
    def only_writer(self) -> Iterator[None]:
        """Hold the home's lock; the system frees it when the process ends, however it ends.

        Raises:
            NightFailed: another process is writing this home; names it.
        """
        with (self.root / ".lock").open("a+", encoding="utf-8") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise NightFailed(
                    got=f"home {self.root} in use by process {lock.read().strip() or 'unknown'}",
                    expected="one run at a time",
                    try_="again when it has ended",
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def has_writer(self) -> bool:
        """Whether the process that took the lock last still lives; asked without touching the lock, which would stop a night from starting."""
        try:
            os.kill(int((self.root / ".lock").read_text(encoding="utf-8")), 0)
        except PermissionError:
            return True
        except (OSError, ValueError):
            return False
        return True

    def sweep(self) -> None:
        """Remove what a run that was cut off left unfinished; only for the holder of the lock."""
        for pattern in _UNFINISHED:
            for leftover in self.root.glob(pattern):
                if leftover.is_dir() and not leftover.is_symlink():
                    shutil.rmtree(leftover)
                else:
                    leftover.unlink()
