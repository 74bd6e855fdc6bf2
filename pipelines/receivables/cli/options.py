"""The options several commands have."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from receivables.dates import parse_as_of, parse_day, parse_known_at, today


class _Day(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, _ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        return parse_as_of(str(value), today(), param.opts[0] if param else "--as-of")


class _LastDay(click.ParamType[date]):
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, _ctx: click.Context | None) -> date:
        return value if isinstance(value, date) else parse_day(str(value), param.opts[0] if param else "--until")


class _Moment(click.ParamType[datetime]):
    name = "TIME"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> datetime:
        return value if isinstance(value, datetime) else parse_known_at(str(value))


home_option = click.option(
    "--home",
    default="data",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The folder your receivables live in.",
)
as_of_option = click.option(
    "--as-of", type=_Day(), help="What had happened by this date; default: the latest extract date."
)
period_end_option = click.option(
    "--period-end", type=_Day(), help="A month end before the as-of date; default: the as-of date."
)
known_at_option = click.option(
    "--known-at", type=_Moment(), help="What had been told by this moment (UTC); default: now."
)
backfill_option = click.option(
    "--backfill",
    is_flag=True,
    help="Load extracts older than those loaded before too; they add history and change nothing that newer ones say.",
)
profile_option = click.option(
    "--profile", metavar="ID|FILE", help="Read with this profile only; a .toml file is a profile of your own."
)
extract_as_of_option = click.option(
    "--extract-as-of", type=_Day(), help="The day the export was made, where it does not say so itself."
)
until_option = click.option("--until", type=_LastDay(), help="The last day on which the grade set by hand counts.")
resend_option = click.option(
    "--resend",
    is_flag=True,
    help="Mail the report also to who has got one of that date already, or may have: after a restated night.",
)
company_option = click.option("--company", metavar="ID", help="The company all rows belong to.")
allow_short_option = click.option(
    "--allow-short",
    is_flag=True,
    help="Load files that look cut off too: as many rows as a spreadsheet holds, or far fewer than last time.",
)

waive_option = click.option(
    "--waive",
    metavar="CONTRACT",
    multiple=True,
    help="Let no file be stopped by this contract; may be given more than once, and is kept with the files.",
)
by_option = click.option(
    "--by",
    metavar="NAME",
    help="Who decides it: repairs lines, waives a contract, sets or confirms a grade, decides about a flag.  [default: your user name]",
)
