from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

import pytest

from receivables.dates import checked_as_of, checked_known_at, parse_as_of, parse_known_at
from receivables.errors import UsageError

TODAY: Final = date(2024, 3, 5)
NOW: Final = datetime(2024, 3, 5, 4, 30)


@pytest.mark.parametrize("text", ["2024-03-05", "20240305"])
def test_today_is_the_last_date_that_can_be_asked_for(text: str) -> None:
    assert parse_as_of(text, TODAY) == TODAY


@pytest.mark.parametrize("text", ["", "05.03.2024", "2024-02-30", "2024-03-05T00:00", "tomorrow"])
def test_what_is_no_date_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"^got --extract-as-of '.*'; expected a date such as 2026-10-31; try "):
        parse_as_of(text, TODAY, "--extract-as-of")


def test_a_date_to_come_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^got --as-of 2024-03-06; expected a date up to today, 2024-03-05; try "):
        checked_as_of(TODAY + timedelta(days=1), TODAY)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05", datetime(2024, 3, 5, 23, 59, 59, 999999)),
        ("20240305", datetime(2024, 3, 5, 23, 59, 59, 999999)),
        ("2024-03-05T04:30", NOW),
        ("2024-03-05 04:30:00", NOW),
        ("2024-03-05T04:30:00Z", NOW),
        ("2024-03-05T06:30+02:00", NOW),
    ],
)
def test_a_moment_is_utc_and_a_bare_date_its_end(text: str, moment: datetime) -> None:
    assert parse_known_at(text) == moment


@pytest.mark.parametrize("text", ["", "noon", "2024-03-05T25:00", "0001-01-01T00:00+23:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^got --known-at '.*'; expected a date or a UTC timestamp "):
        parse_known_at(text)


@pytest.mark.parametrize(
    ("asked", "known"),
    [(timedelta(days=-400), timedelta(days=-400)), (timedelta(0), timedelta(0)), (timedelta(hours=24), timedelta(0))],
)
def test_no_more_is_known_than_now(asked: timedelta, known: timedelta) -> None:
    assert checked_known_at(NOW + asked, NOW) == NOW + known


def test_a_moment_no_time_zone_explains_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a moment up to now, 2024-03-05T04:30; try leaving --known-at out"):
        checked_known_at(NOW + timedelta(days=1, seconds=1), NOW)
