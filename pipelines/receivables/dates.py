"""Dates: what an as-of date and a known-at moment may be, and how they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from receivables.errors import UsageError


def parse_as_of(text: str, latest: date) -> date:
    """Read an ISO date that does not lie after `latest`, the present day.

    Raises:
        UsageError: the text is no ISO date, or lies after `latest`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            got=f"--as-of {text!r}", expected="a date such as 2026-10-31", try_="--as-of YYYY-MM-DD"
        ) from None
    return checked_as_of(day, latest)


def checked_as_of(day: date, latest: date) -> date:
    """Refuse a date after `latest`, the present day: nobody knows yet what will be open then.

    Raises:
        UsageError: the date lies in the future.
    """
    if day > latest:
        raise UsageError(
            got=f"--as-of {day}", expected=f"a date up to today, {latest}", try_="a past date, or leave --as-of out"
        )
    return day


def parse_known_at(text: str) -> datetime:
    """Read a moment in UTC; a bare date means its end, so that everything told on that day is known.

    Raises:
        UsageError: the text is neither an ISO date nor an ISO timestamp.
    """
    try:
        if len(text) == len("YYYY-MM-DD"):
            return datetime.combine(date.fromisoformat(text), time.max)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            got=f"--known-at {text!r}",
            expected="a date or a UTC timestamp such as 2026-10-31T06:00:00",
            try_="--known-at YYYY-MM-DDTHH:MM:SS",
        ) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def today() -> date:
    """The day it is where the machine stands; asked once, at the door, and passed on."""
    return datetime.now().astimezone().date()


def utc_now() -> datetime:
    """The present moment in UTC, without zone, as every timestamp of the ledger is kept."""
    return datetime.now(UTC).replace(tzinfo=None)
