"""What an operator is told when a night fails: what failed, what is still yesterday's, what to do next; never a customer's name nor an amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from receivables.wording import N_

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from receivables.language import Language

Cause = Literal[
    "in_use", "settings", "no_room", "system", "database", "damaged", "model", "nothing_to_build", "usage", "bug"
]

_LISTED: Final = 40
"""Companies named; the others are counted."""


@dataclass(frozen=True)
class Failure:
    """How a night failed. `detail` is what of the cause may leave the machine: a process, a model, what the system said; `at` is UTC.

    `published` is the date of each company's figures as they are published now, `is_published` whether this very night published them.
    """

    cause: Cause
    detail: str
    step: str
    run_id: str
    home: str
    at: datetime
    published: Mapping[str, date]
    is_published: bool = False


_STEPS: Final = {
    "": N_("before it began"),
    "land": N_("while files were read"),
    "check": N_("while files were checked"),
    "build": N_("while the ledger was built"),
    "publish": N_("while it was published"),
    "keep": N_("while what was published was kept"),
    "render": N_("while the report was written"),
    "workbook": N_("while the workbook was written"),
    "deliver": N_("while the report was put where its readers look"),
    "mail": N_("while the report was mailed"),
}

_CAUSES: Final[Mapping[Cause, tuple[str, str]]] = {
    "in_use": (
        N_("Another command is writing the same home: process %(detail)s."),
        N_("If it should have ended long ago, look at that process and end it; the next night starts by itself."),
    ),
    "settings": (
        N_("The settings cannot be used as they are written."),
        N_("Run: receivables doctor. It names the key and what is wrong with it."),
    ),
    "no_room": (
        N_("There is no room left on the disk."),
        N_("Make room and run: receivables nightly. Nothing has to be repaired."),
    ),
    "system": (
        N_("The system refused something: %(detail)s."),
        N_("Run: receivables doctor. It looks at the disk and at who may write where."),
    ),
    "database": (
        N_("The database refused something."),
        N_("Look into the log, then run: receivables doctor. If a file of the lake is damaged, take it back from a backup."),
    ),
    "damaged": (
        N_("A file of the lake is gone or damaged."),
        N_("Run: receivables verify. It names what is damaged; receivables restore takes the home back from a backup."),
    ),
    "model": (
        N_("The model %(detail)s could not be built."),
        N_("Look into the log. If a file of the lake is damaged, take it back from a backup; else tell it to whoever looks after the program."),
    ),
    "nothing_to_build": (
        N_("What the files tell cannot be built."),
        N_("Look into the log: it says what is missing and what to try."),
    ),
    "usage": (
        N_("Something the night needs is not there or not allowed."),
        N_("Look into the log, and whether every folder is there: a shared folder may not be connected."),
    ),
    "bug": (
        N_("The program has a fault (%(detail)s)."),
        N_("Send the log to whoever looks after the program."),
    ),
}  # fmt: skip


def subject(failure: Failure, words: Language) -> str:
    """The subject of the message."""
    return words.text(N_("Receivables: the night of %(day)s failed"), day=words.day(failure.at.date()))


def body(failure: Failure, words: Language) -> str:
    """The message, as plain text."""
    _ = words.text
    why, what_next = _CAUSES[failure.cause]
    lines = [
        _("The night failed %(when)s.", when=_(_STEPS.get(failure.step, failure.step))),
        _(why, detail=failure.detail) if "%(detail)s" in why else _(why),
        "",
        *_published(failure, words),
        "",
        _("What to do"),
        _(what_next),
        _("The whole message stands in the log of the run, logs/%(run)s.jsonl.", run=failure.run_id)
        if failure.run_id
        else _("The whole message stands where the system keeps what scheduled commands say."),
        "",
        _("Home: %(home)s", home=failure.home),
        _("Sent by a program; answers to it are read by nobody. The settings of receivables say who gets it."),
    ]
    return "\n".join(lines) + "\n"


def _published(failure: Failure, words: Language) -> list[str]:
    _ = words.text
    if failure.is_published:
        return [_("The figures of this night were published before it failed; what came after was not done.")]
    if not failure.published:
        return [_("Nothing has been published yet.")]
    listed = sorted(failure.published.items())
    return [
        _("Nothing was published. Reports and analysts still see, by company:"),
        *(f"- {company}: {words.day(day)}" for company, day in listed[:_LISTED]),
        *([words.texts("%(number)s more", "%(number)s more", len(listed) - _LISTED)] if len(listed) > _LISTED else []),
    ]
