from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

import pytest

from receivables import arrival
from receivables.arrival import refuse_cut_off
from receivables.errors import FileRefused
from receivables.settings import Expected, Ingest
from receivables.state import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize(
    ("records", "items"),
    [(65_536, 65_535), (65_536, 65_530), (65_540, 65_535), (1_048_576, 1_048_570), (1_048_577, 1_048_575)],
)
def test_a_file_that_fills_a_spreadsheet_was_cut_off(records: int, items: int) -> None:
    with pytest.raises(FileRefused, match=r"list\.xls with (65,536|1,048,576) rows"):
        refuse_cut_off("list.xls", records, items, Ingest())


@pytest.mark.parametrize(("records", "items"), [(65_535, 65_534), (65_537, 65_536), (1_048_575, 1_048_574), (3, 2)])
def test_a_file_that_ends_elsewhere_was_not(records: int, items: int) -> None:
    refuse_cut_off("list.xls", records, items, Ingest())


def test_the_limits_are_a_setting() -> None:
    refuse_cut_off("list.xls", 65_536, 65_535, Ingest(sheet_rows=()))


@pytest.fixture
def in_madrid(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that stands two hours east of UTC in summer."""
    monkeypatch.setenv("TZ", "Europe/Madrid")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


DAY: Final = date(2026, 6, 9)
LIST: Final = Batch(
    7, "erp", "list", "1", "ES01", "document", "list.csv", "ab", "utf-8", DAY, "full", 0, 0, 0, 0, 0, 0, 0, 0, None, None, "ok",
    datetime(2026, 6, 9),
)  # fmt: skip
SIX: Final = Expected(company="ES01", by="06:00")
WEDNESDAY_NOON: Final = datetime(2026, 6, 10, 10, 0)  # noon in Madrid


@pytest.mark.usefixtures("in_madrid")
@pytest.mark.parametrize(
    ("expected", "loaded_at", "now", "is_there"),
    [
        pytest.param(SIX, datetime(2026, 6, 10, 1), WEDNESDAY_NOON, True, id="at three at night"),
        pytest.param(SIX, datetime(2026, 6, 9, 16), WEDNESDAY_NOON, True, id="the evening before, within twelve hours"),
        pytest.param(SIX, datetime(2026, 6, 9, 15, 59), WEDNESDAY_NOON, False, id="a minute sooner: yesterday's"),
        pytest.param(SIX, datetime(2026, 6, 9, 1), datetime(2026, 6, 10, 3, 59), True, id="before six nothing is late"),
        pytest.param(SIX, datetime(2026, 6, 9, 1), datetime(2026, 6, 10, 4), False, id="at six it is"),
        pytest.param(SIX, datetime(2026, 6, 5, 1), datetime(2026, 6, 7, 20), True, id="Friday's holds over Sunday"),
        pytest.param(SIX, datetime(2026, 6, 5, 1), datetime(2026, 6, 8, 4), False, id="and no longer"),
        pytest.param(SIX, datetime(2026, 6, 10, 9), WEDNESDAY_NOON, True, id="late, but there"),
        pytest.param(Expected(company="MX01"), datetime(2026, 6, 10, 1), WEDNESDAY_NOON, False, id="another company's"),
        pytest.param(Expected(profile="list"), datetime(2026, 6, 10, 1), WEDNESDAY_NOON, True, id="any company's"),
        pytest.param(Expected(profile="x"), datetime(2026, 6, 10, 1), WEDNESDAY_NOON, False, id="another profile's"),
    ],
)
def test_a_file_has_come_if_it_was_loaded_in_the_hours_before_its_hour_or_after(
    expected: Expected, loaded_at: datetime, now: datetime, is_there: bool
) -> None:
    came = replace(LIST, loaded_at=loaded_at)
    assert (arrival.awaited([expected], [came], now) == []) is is_there
    read_again = replace(came, batch_id=came.batch_id + 1, arrival_id=came.batch_id, loaded_at=now)
    of_first = replace(came, arrival_id=came.batch_id)
    assert (arrival.awaited([expected], [of_first, read_again], now) == []) is is_there


@pytest.mark.usefixtures("in_madrid")
def test_what_is_awaited_is_told_with_its_hour() -> None:
    found = arrival.awaited([Expected(weekdays=("mon",), profile="x")], [], WEDNESDAY_NOON)
    assert found == [arrival.Awaited("", "x", datetime(2026, 6, 8, 6))]
