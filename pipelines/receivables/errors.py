"""The error tree: one class per exit code, each message one line that says got, expected and what to try."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

EXIT_DONE = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_FAILED = 4
EXIT_NEEDS_PERSON = 5
EXIT_DAMAGED = 6


FROM_BACKUP = (
    "receivables verify, which names what is damaged, then receivables restore, which takes the home back from a backup"
)
"""What to try where something is damaged that was kept."""


def in_one_line(told: object) -> str:
    """What an error, or any text, says, without line breaks."""
    return " ".join(str(told).split())


class ReceivablesError(Exception):
    """A situation the user can act on; never a traceback."""

    exit_code: ClassVar[int] = EXIT_BUG

    def __init__(self, *, got: str, expected: str, try_: str, reason: str = "") -> None:
        """Keep the three parts apart so that a caller can file them; `reason` is the finding's code, if it has one."""
        self.got = got
        self.expected = expected
        self.try_ = try_
        self.reason = reason
        super().__init__(in_one_line(f"got {got}; expected {expected}; try {try_}"))

    def _render_traceback_(self) -> list[str]:
        """What IPython shows of it in a notebook: the line, without a traceback."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(ReceivablesError):
    """A command or a call was given something it cannot work with."""

    exit_code = EXIT_USAGE


class SettingsError(ReceivablesError):
    """`receivables.toml` or a profile cannot be used as written."""

    exit_code = EXIT_USAGE


class FileRefused(ReceivablesError):
    """An export cannot be read as a whole; nothing of it was loaded and the file stays where it is."""

    exit_code = EXIT_REFUSED


class NightFailed(ReceivablesError):
    """The night ended without publishing; what was published before is untouched."""

    exit_code = EXIT_FAILED


class Damaged(ReceivablesError):
    """What was kept is not what it was: a file is gone, or its content has changed."""

    exit_code: ClassVar[int] = EXIT_DAMAGED


@dataclass(frozen=True)
class Finding:
    """One thing noticed about data: a value, not an exception.

    `action` is one of quarantine, repair, accept_warn, reject_file, skip. `count` is how many rows it stands for.
    `line_no` is the physical line in the file, counted from 1; None for the file as a whole.
    """

    reason_code: str
    action: str
    line_no: int | None = None
    column_name: str | None = None
    count: int = 1
    raw_value: str | None = None
    repaired_value: str | None = None
    raw_line: str | None = None


def nearest(word: str, known: Iterable[str]) -> str:
    """Name the known word closest to `word`, or list the first few where none is close."""
    candidates = {candidate.casefold(): candidate for candidate in sorted(known)}
    close = get_close_matches(word.casefold(), candidates, n=1, cutoff=0.5)
    if close:
        return candidates[close[0]]
    return ", ".join(list(candidates.values())[:8]) + (", ..." if len(candidates) > 8 else "")
