"""How nights run when nobody watches: when, how long they wait, what they are late for, and who is told that one failed."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field

from receivables.settings.mail import Address
from receivables.settings.section import Section

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of Python's `date.weekday()`."""

_HOUR: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class Unattended(Section):
    """How a night runs when nobody watches."""

    weekdays: tuple[Weekday, ...] = Field(
        default=WEEKDAYS,
        min_length=1,
        description="days on which a night is run; one on which none was has been missed. `receivables schedule` writes them too",
    )
    missed_most: int = Field(
        default=7,
        ge=0,
        le=60,
        description="missed dates caught up in one night, the latest of them; each takes as long as a night, and the month ends before are "
        "aged with every night anyway. 0: none",
    )
    lock_wait_seconds: int = Field(
        default=900,
        ge=0,
        le=86_400,
        description="seconds a night waits for another command that is writing; decisions take seconds, a build minutes. Another night is never waited for",
    )
    quiet_seconds: Decimal = Field(
        default=Decimal(2),
        ge=0,
        le=600,
        description="seconds for which a file must not have changed before it is read; who copies a file writes to it more often",
    )
    file_attempts: int = Field(
        default=4,
        ge=1,
        le=20,
        description="times a file is tried that is locked, still grows or changes while it is read; after that it waits for the next night",
    )
    file_back_off_seconds: Decimal = Field(
        default=Decimal(5),
        ge=0,
        le=3600,
        description="seconds before the second attempt at a file, twice as long before each further one; a large export is copied in half a minute",
    )
    stale_hours: int = Field(
        default=36,
        ge=1,
        le=2400,
        description="hours since the published file was made, beyond which `receivables status` says that it is old; one missed night and half a day",
    )
    memory_max: str = Field(
        default="4GB",
        pattern=r"^\d+(\.\d+)?(MB|GB)$",
        description="memory beyond which the system ends a scheduled night; engine.memory_limit and as much again for what is not the database's",
    )
    disk_free_gb: Decimal = Field(
        default=Decimal(2),
        ge=0,
        description="free gigabytes below which `receivables doctor` says that the disk is nearly full; a build spills to it",
    )


class Retention(Section):
    """How long what nights write is kept, beside engine.keep_warehouses and restatement.dates_kept; the lake's batches are never removed."""

    log_days: int = Field(
        default=400,
        ge=1,
        description="days for which the logs of runs are kept, and what the store says of the files and steps of each, thirteen months, as a year's closing asks back",
    )
    report_dates: int = Field(
        default=400,
        ge=1,
        description="latest as-of dates whose reports stay in out/, thirteen months of nights; the last of each month stays for good",
    )
    message_days: int = Field(
        default=90,
        ge=1,
        description="days for which messages written to mail.folder are kept, where there is no mail server",
    )
    source_days: int = Field(
        default=400,
        ge=1,
        description="days after the last line of a file left the quarantine, after which the bytes of that file are deleted from lake/source; until then its repairs "
        "may be changed, thirteen months. As long as a line is in quarantine they stay",
    )
    inbox_days: int = Field(
        default=0,
        ge=0,
        description="days after a file was read whole, after which a night deletes it from inbox/ of the home; refused files and those with lines in quarantine stay. "
        "Every night reads all that lies there to see what is new, and what lies there holds names. 0: never, as the files are whoever's who puts them there, "
        "and a later version of a profile may read more from them",
    )


class Expected(Section):
    """A file that must have come by an hour."""

    company: str = Field(
        default="", description="id of the company whose file is expected; empty: any company's will do"
    )
    profile: str = Field(default="", description="id of the profile that reads it; empty: any file will do")
    by: Annotated[str, Field(pattern=_HOUR)] = Field(
        default="06:00", description="hour and minute, where the machine stands, by which a new file must have come"
    )
    weekdays: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), min_length=1, description="days on which one is expected"
    )
    within_hours: int = Field(
        default=12,
        ge=1,
        le=168,
        description="hours before it from which on a file counts as this day's; exports run in the evening or at night",
    )


class Operator(Section):
    """Somebody who is told when a night fails; the message names no customer and no amount."""

    address: Address = Field(description="where it is mailed to")
    name: str = Field(default="", description="name of the person, to stand beside the address")
    language: Literal["en", "es", "zh"] = Field(default="en", description="language of the message")
