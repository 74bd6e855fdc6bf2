"""Dates: what an as-of date and a known-at moment may be, and how they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from receivables.errors import UsageError


def parse_as_of(text: str, latest: date, option: str = "--as-of") -> date:
    """Read an ISO date that does not lie after `latest`, the present day; `option` is where it was given.

    Raises:
        UsageError: the text is no ISO date, or lies after `latest`.
    """
    return checked_as_of(parse_day(text, option), latest, option)


def parse_day(text: str, option: str) -> date:
    """Read an ISO date given at `option`.

    Raises:
        UsageError: the text is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            got=f"{option} {text!r}", expected="a date such as 2026-10-31", try_=f"{option} YYYY-MM-DD"
        ) from None


def checked_as_of(day: date, latest: date, option: str = "--as-of") -> date:
    """Refuse a date after `latest`, the present day: nobody knows yet what will be open then.

    Raises:
        UsageError: the date lies in the future.
    """
    if day > latest:
        raise UsageError(
            got=f"{option} {day}", expected=f"a date up to today, {latest}", try_=f"a past date, or leave {option} out"
        )
    return day


def parse_known_at(text: str) -> datetime:
    """Read a moment in UTC; a bare date means its end, so that everything told on that day is known.

    Raises:
        UsageError: the text is neither an ISO date nor an ISO timestamp.
    """
    try:
        return datetime.combine(date.fromisoformat(text), time.max)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise UsageError(
            got=f"--known-at {text!r}",
            expected="a date or a UTC timestamp such as 2026-10-31T06:00:00",
            try_="--known-at YYYY-MM-DDTHH:MM:SS",
        ) from None


def checked_known_at(moment: datetime, now: datetime) -> datetime:
    """Cut a moment to the present: more than everything told so far cannot be known.

    Raises:
        UsageError: the moment lies more than a day ahead, which no time zone explains.
    """
    if moment > now + timedelta(days=1):
        raise UsageError(
            got=f"--known-at {moment}",
            expected=f"a moment up to now, {now:%Y-%m-%dT%H:%M}",
            try_="leaving --known-at out",
        )
    return min(moment, now)


def today() -> date:
    """The day it is where the machine stands; asked once, at the door, and passed on."""
    return datetime.now().astimezone().date()


def utc_now() -> datetime:
    """The present moment in UTC, without zone, as every timestamp of the ledger is kept."""
    return datetime.now(UTC).replace(tzinfo=None)


def local(moment: datetime) -> datetime:
    """What the clock showed at a moment in UTC where the machine stands, without zone."""
    return moment.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
