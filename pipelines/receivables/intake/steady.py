"""Whether a file stands still: what is locked, still copied or changed while it is read may be readable a moment later."""

from __future__ import annotations

import errno
import time
from typing import TYPE_CHECKING, Final, TypeVar

from receivables.errors import FileRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from decimal import Decimal
    from pathlib import Path

_PASSING: Final = frozenset(
    {errno.EAGAIN, errno.EBUSY, errno.EDEADLK, errno.EINTR, errno.ENOLCK, errno.ESTALE, errno.ETIMEDOUT, errno.ETXTBSY}
)
"""What a lock of another program or a share that is slow to answer says; a missing permission does not pass by itself."""

Mark = tuple[int, int, int]
"""By which a change of a file is seen."""


Result = TypeVar("Result")


class FileBusy(FileRefused):
    """A file cannot be read now, and may be a moment later."""


def busy(name: str, how: str) -> FileBusy:
    """The refusal of a file that could not be read in all attempts."""
    return FileBusy(
        got=f"{name}, {how}",
        expected="a file that stands still",
        try_="copying it under another name and renaming it when it is whole; the next night tries it again",
        reason="FILE_BUSY",
    )


def unreadable(name: str, error: OSError) -> FileRefused:
    """The refusal of a file that the system did not let us read."""
    if error.errno in _PASSING:
        return busy(name, f"which is in use: {error.strerror}")
    return FileRefused(
        got=f"{name}: {error.strerror or error}",
        expected="a readable file",
        try_="checking the path and its permissions",
        reason="FILE_UNREADABLE",
    )


def mark(path: Path) -> Mark | None:
    """How a file stands now; None where it cannot be asked."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def moving(paths: Iterable[Path], quiet_seconds: Decimal) -> frozenset[Path]:
    """Those of the files that change while they are watched: all that changed just now are, together."""
    marks = {path: mark(path) for path in paths}
    now = time.time()
    fresh = {
        path: told
        for path, told in marks.items()
        if told is not None and 0 <= now - told[2] / 1e9 < float(quiet_seconds)
    }
    if not fresh:
        return frozenset()
    time.sleep(float(quiet_seconds))
    return frozenset(path for path, told in fresh.items() if mark(path) != told)


def patiently(read: Callable[[], Result], attempts: int, back_off_seconds: Decimal) -> Result:
    """Read, and again after growing pauses while the file is busy.

    Raises:
        FileBusy: it was in every attempt.
        FileRefused: it cannot be read at all.
    """
    for attempt in range(1, attempts):
        try:
            return read()
        except FileBusy:
            time.sleep(float(back_off_seconds) * 2 ** (attempt - 1))
    return read()
