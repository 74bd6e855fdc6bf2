"""Nights in a row as a scheduler runs them, with what goes wrong: a slice of what `make study` measures over ninety, and how what is measured is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

from receivables.world.specify import World
from soak_study import (
    CORRECTED,
    DAMAGED,
    FOLDERS,
    KILLED,
    MEASURES,
    NO_MAIL,
    NO_ROOM,
    NOT_RUN,
    OF_FILES,
    OF_NIGHTS,
    Night,
    begun,
    drawn,
    growth,
    held,
    page,
    settled,
    soaked,
)

if TYPE_CHECKING:
    from pathlib import Path

FIRST: Final = date(2026, 8, 3)
QUICK: Final = "\n[engine]\nthreads = 1\n[report]\ncustomer_pages = 'off'\nworkbook = false\n"


@pytest.mark.wide
def test_nights_that_are_killed_or_without_mail_end_as_a_single_night_that_reads_everything(
    tmp_path: Path,
) -> None:
    world = World(12, 7, months=6, invoices_per_customer=18)
    soak = begun(tmp_path, world, 3)
    wrong: tuple[set[str], ...] = ({NO_MAIL}, {KILLED, DAMAGED}, {CORRECTED})
    soak.wrong.update(zip([*soak.wrong], wrong, strict=True))
    soaked(soak, more=QUICK)
    assert [night.exit_code for night in soak.nights] == [5, -9, 0]
    assert [night.mails for night in soak.nights] == [0, 0, 1]
    whole = [night for night in soak.nights if night.is_whole]
    assert [night.open_local for night in whole] == [soak.open_told(night) for night in whole]
    assert begun(tmp_path, world, 3).nights == soak.nights
    end = held(soak)
    assert (end.is_rebuilt, end.differing, end.is_told_alike, end.half_done) == (True, (), True, ())
    assert "made every published table again" in page(soak, end)


def test_everything_goes_wrong_at_least_once_and_never_on_the_first_or_last_nights() -> None:
    days = [FIRST + timedelta(days=n) for n in range(90)]
    wrong = drawn(7, days, days)
    assert {kind for kinds in wrong.values() for kind in kinds} == {*OF_NIGHTS, *OF_FILES}
    assert [wrong[day] for day in (*days[:2], *days[-2:])] == [set()] * 4
    assert max(len(kinds) for kinds in wrong.values()) <= 2
    assert wrong == drawn(7, days, days) != drawn(8, days, days)


def night(place: int, **changes: object) -> Night:
    """A night that costs 10 CPU seconds and adds a megabyte to the lake."""
    sizes = dict.fromkeys(FOLDERS, 1_000_000) | {"lake": 1_000_000 * (place + 1)}
    told = Night(
        FIRST + timedelta(days=place), (), 0, 10.0, 12.0, 300.0, sizes, dict.fromkeys(FOLDERS, 3), 1, 2, 5 * place, None, False, Decimal(1), True
    )  # fmt: skip
    return replace(told, **changes)  # type: ignore[arg-type]  # one field or another


def test_growth_is_of_settled_nights_and_time_of_those_that_make_up_for_none() -> None:
    nights = [night(place, cpu=99.0 if place < 30 else 10.0) for place in range(60)]
    nights[40] = replace(nights[40], cpu=30.0, is_made_up=True)
    nights[41] = replace(nights[41], cpu=2.0, wrong=(NO_ROOM,), exit_code=4)
    nights[42] = replace(nights[42], cpu=0.0, wrong=(NOT_RUN,), exit_code=None)
    measures = {measure.name: growth(nights, measure) for measure in MEASURES}
    assert settled(nights) == 30
    assert measures["CPU s"] == (0.0, 0.0)
    assert measures["lake MB"] == pytest.approx((1.0, 0.0))
    assert measures["inbox MB"] == (0.0, 0.0)
