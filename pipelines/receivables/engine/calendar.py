"""The calendars of the companies as tables of `params`, which SQL models join due dates with."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Final

from receivables.business_days import Calendar, calendar, weekdays_off

if TYPE_CHECKING:
    import duckdb

    from receivables.settings import Settings

TABLES: Final = (
    "create table params.calendar (company_id varchar, country varchar, region varchar, weekend varchar, has_holidays boolean)",
    "create table params.business_day (company_id varchar, day date, is_business_day boolean, next_business_day date, grace_until date, is_year_end boolean, telling_days bigint)",
)

_COMMENTS: Final = {
    "params.calendar": (
        "One row per company: the calendar its business days are taken from; has_holidays false: only the weekend is known."
    ),
    "params.business_day": (
        "One row per company and day. next_business_day: the day itself or the first business day after it; grace_until: the last day on"
        " which what is due on the day is not late after grace. is_year_end: near New Year, as days of a setting say, when silence tells nothing;"
        " telling_days: the other business days up to the day, that day with them."
    ),
}

_DAYS: Final = """
insert into params.business_day
with told as (
  select
    day::date as day,
    not list_contains($holidays::date[], day::date)
    and (not list_contains($weekend::integer[], isodow(day)::integer) or list_contains($workdays::date[], day::date)) as is_business_day,
    least(date_diff('day', date_trunc('year', day), day), date_diff('day', day, date_trunc('year', day) + interval 1 year) - 1)
    < $year_end_days as is_year_end
  from (select unnest(generate_series($first::timestamp, $last::timestamp, interval 1 day)) as day) as series
),
moved as (
  select
    day, is_business_day, is_year_end,
    min(case when is_business_day then day end) over (order by day rows between current row and unbounded following) as next_business_day,
    sum(case when is_business_day and not is_year_end then 1 else 0 end) over (order by day rows between unbounded preceding and current row) as telling_days
  from told
),
granted as (
  select
    *,
    case
      when $is_moved then coalesce(lead(next_business_day, $grace_days) over (order by day), day + $grace_days)
      else day + $grace_days
    end::date as grace_until
  from moved
)
select company_id, day, is_business_day, next_business_day, grace_until, is_year_end, telling_days::bigint
from granted
cross join (select unnest($companies::varchar[]) as company_id) as company
order by company_id, day
"""


def write_business_days(con: duckdb.DuckDBPyConnection, settings: Settings, as_of: date) -> None:
    """Write the days from the earliest due date of `core.instalment`, or the beginning of what completeness looks at, to the end of the year after the as-of date.

    Raises:
        SettingsError: a company's country has no such region.
    """
    earliest = con.execute("select min(due_date) from core.instalment where due_date <= ?", [as_of]).fetchone()
    looked_at = as_of.year - (settings.completeness.history_months + 12 - as_of.month) // 12
    first = date(min(earliest[0].year if earliest and earliest[0] else as_of.year, looked_at), 1, 1)
    last = as_of.replace(year=as_of.year + 1, month=12, day=31)
    sharing: defaultdict[tuple[Calendar, frozenset[int]], list[str]] = defaultdict(list)
    for company_id, country, weekend in con.execute(
        "select company_id, country, weekend from staging.company order by company_id"
    ).fetchall():
        declared = settings.company_named(company_id)
        region = declared.region if declared else ""
        days = calendar(country, region, first.year, last.year)
        off = weekdays_off(weekend)
        sharing[days, off].append(company_id)
        con.execute(
            "insert into params.calendar values (?, ?, nullif(?, ''), ?, ?)",
            [company_id, country, region, ",".join(map(str, sorted(off))), days.is_known],
        )
    for (days, off), companies in sharing.items():
        con.execute(
            _DAYS,
            {
                "first": first,
                "last": last,
                "holidays": sorted(days.holidays),
                "workdays": sorted(days.workdays),
                "weekend": sorted(off),
                "companies": companies,
                "is_moved": settings.grace.to_business_day,
                "year_end_days": settings.completeness.year_end_days,
                "grace_days": settings.grace.days,
            },
        )
    for table, words in _COMMENTS.items():
        con.execute(f"comment on table {table} is '{words}'")
