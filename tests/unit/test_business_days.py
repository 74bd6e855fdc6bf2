"""Business days: holidays of the countries needed, weekends everywhere, working weekends, and the tables a build makes of them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from datetime import date, timedelta
from typing import Any

import pytest

from receivables.business_days import WEEKEND, calendar, weekdays_off
from receivables.engine import connect
from receivables.engine.calendar import write_business_days
from receivables.engine.duckdb import write_params
from receivables.errors import SettingsError
from receivables.settings import Company, Grace, Settings

FRIDAY, SATURDAY, SUNDAY, MONDAY = (date(2026, 5, day) for day in (1, 2, 3, 4))
"""A Labour Day before a weekend; in Madrid the Saturday is a holiday of its own."""


@pytest.mark.parametrize(
    ("text", "off"), [("6,7", {6, 7}), ("5;6", {5, 6}), (" 7 ", {7}), (None, WEEKEND), ("", WEEKEND), ("x,9", WEEKEND)]
)
def test_the_weekend_is_read_and_never_empty(text: str | None, off: set[int]) -> None:
    assert weekdays_off(text) == off


def test_holidays_are_those_of_the_country_and_of_its_region() -> None:
    assert FRIDAY in calendar("ES", "", 2026, 2026).holidays
    assert SATURDAY not in calendar("ES", "", 2026, 2026).holidays
    assert SATURDAY in calendar("ES", "MD", 2026, 2026).holidays
    assert FRIDAY not in calendar("US", "", 2026, 2026).holidays


def test_of_an_unknown_country_weekends_alone_are_known() -> None:
    for country in (None, "XX"):
        days = calendar(country, "", 2026, 2026)
        assert not days.is_known
        assert not days.holidays


def test_an_unknown_region_names_the_nearest() -> None:
    with pytest.raises(SettingsError, match=r"got region 'MDX' of a company in ES; expected .*; try MD"):
        calendar("ES", "MDX", 2026, 2026)


def test_one_country_loads_no_other_and_harms_no_later_import() -> None:
    code = (
        "import sys; from receivables.business_days import calendar; calendar('FR', '', 2026, 2026)\n"
        "told = {name for name in sys.modules if name.startswith('holidays.countries.')}\n"
        "import holidays; print(sorted(told), len(holidays.country_holidays('DE', years=2026)) > 5)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "['holidays.countries.france'] True"


def written(settings: Settings, as_of: date, *companies: tuple[str, str | None, str | None]) -> dict[Any, Any]:
    """The last day of grace by company and day, of a build whose earliest due date is in May 2026."""
    with closing(connect()) as con:
        write_params(con, settings)
        con.execute("create schema staging; create schema core")
        con.execute("create table staging.company (company_id varchar, country varchar, weekend varchar)")
        con.executemany("insert into staging.company values (?, ?, ?)", companies)
        con.execute("create table core.instalment as select date '2026-05-02' as due_date")
        write_business_days(con, settings, as_of)
        assert con.execute("select min(day), max(day) from params.business_day").fetchone() == (
            date(2023, 1, 1),  # the months that completeness looks back
            date(as_of.year + 1, 12, 31),
        )
        rows = con.execute("select company_id, day, next_business_day, grace_until from params.business_day").fetchall()
        known = con.execute("select company_id, has_holidays from params.calendar").fetchall()
    return {(company, day): (following, grace) for company, day, following, grace in rows} | dict(known)


def test_each_company_moves_to_its_own_next_business_day() -> None:
    settings = Settings(company=(Company(id="CT", local_currency="EUR", region="CT"),))
    companies = (("ES", "ES", "6,7"), ("CT", "ES", "6,7"), ("AE", None, "5,6"), ("CN", "CN", None))
    told = written(settings, date(2026, 6, 30), *companies)
    assert told["ES", FRIDAY] == (MONDAY, MONDAY)
    assert told["AE", FRIDAY] == (SUNDAY, SUNDAY)  # only its weekend is known
    assert told["ES", MONDAY] == (MONDAY, MONDAY)
    assert (told["ES"], told["AE"], told["CN"]) == (True, False, True)
    saint_john, after = date(2026, 6, 24), date(2026, 6, 25)
    assert (told["ES", saint_john][0], told["CT", saint_john][0]) == (saint_john, after)


def test_a_weekend_worked_to_make_up_for_holidays_is_business() -> None:
    days = calendar("CN", "", 2025, 2025)
    assert date(2025, 1, 26) in days.workdays  # a Sunday before the Spring Festival
    told = written(Settings(), date(2026, 6, 30), ("CN", "CN", "6,7"))
    worked = [day for day in calendar("CN", "", 2026, 2026).workdays if day.year == 2026]
    assert worked
    assert all(told["CN", day][0] == day for day in worked)


def test_days_near_new_year_and_holidays_tell_nothing_by_their_silence() -> None:
    with closing(connect()) as con:
        write_params(con, Settings())
        con.execute("create schema staging; create schema core")
        con.execute("create table staging.company as select 'ES' as company_id, 'ES' as country, '6,7' as weekend")
        con.execute("create table core.instalment as select date '2024-05-02' as due_date")
        write_business_days(con, Settings(), date(2025, 1, 14))
        told = con.execute(
            "select day, telling_days - min(telling_days) over (), is_year_end from params.business_day"
            " where day between date '2024-12-04' and date '2025-01-14' order by day"
        ).fetchall()
    counted = [count for _, count, _ in told]
    # Wednesday to Tuesday, without Friday, the day of the Constitution
    assert counted[:7] == [0, 1, 1, 1, 1, 2, 3]
    assert [day for day, _, is_year_end in told if is_year_end] == [
        date(2024, 12, 20) + timedelta(days=after) for after in range(24)
    ]
    assert counted[-2:] == [max(counted) - 1, max(counted)]
    assert len(set(counted[15:40])) == 1


@pytest.mark.parametrize(
    ("grace", "until"),
    [
        (Grace(), {FRIDAY: MONDAY, MONDAY: MONDAY}),
        (Grace(days=4), {FRIDAY: date(2026, 5, 5), MONDAY: date(2026, 5, 8), date(2026, 4, 28): MONDAY}),
        (Grace(to_business_day=False), {FRIDAY: FRIDAY, MONDAY: MONDAY}),
        (Grace(to_business_day=False, days=2), {FRIDAY: SUNDAY}),
    ],
)
def test_days_of_grace_are_added_before_the_day_is_moved(grace: Grace, until: dict[date, date]) -> None:
    told = written(Settings(grace=grace), date(2026, 6, 30), ("ES", "ES", "6,7"))
    assert {day: told["ES", day][1] for day in until} == until
