"""Nights that were not run: which dates they leave out, and from what each of them can be made up for."""

from __future__ import annotations

import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from receivables import lake
from receivables.dates import local
from receivables.engine import connect, run_model
from receivables.home import CATCH_UP
from receivables.settings import WEEKDAYS
from receivables.state import PUBLISHED, counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from receivables.run import Night
    from receivables.settings import Unattended
    from receivables.state import Batch, Run


@dataclass(frozen=True)
class Missed:
    """A date that no night was run for: what was told by `known_at` (None: by now) answers for it, or `why_not` says why nothing does.

    `until` is the last of several dates of which the same is said.
    """

    as_of: date
    known_at: datetime | None = None
    why_not: str = ""
    until: date | None = None

    def __str__(self) -> str:
        """Name the date or dates."""
        return f"{self.as_of} to {self.until}" if self.until not in (None, self.as_of) else str(self.as_of)


def missed_days(runs: Iterable[Run], today: date, setting: Unattended) -> list[date]:
    """The days since the last night that published on which one should have been run, today aside.

    What was made up for is no night of the day it was made on, nor is a past date or moment that a person asked for.
    """
    served = [
        local(run.started_at).date()
        for run in runs
        if run.status in PUBLISHED and run.verb != CATCH_UP and run.is_of_its_day
    ]
    if not served:
        return []
    after = max(served)
    days = (after + timedelta(days=n) for n in range(1, (today - after).days))
    return [day for day in days if WEEKDAYS[day.weekday()] in setting.weekdays]


def missed_dates(night: Night, days: Iterable[date], latest: date, today: date) -> list[Missed]:
    """The dates that nights of these days would have answered for, oldest first, each with what it can be made up from.

    They lie before their days as `latest`, which tonight answers for, lies before today, and after the last date that a night was published for;
    what a person had published of them is not made again. A ledger with history answers for any of them from what is known now. Of a company that
    tells open items of single days, a date is answered as it was known before anything later was told, if it was told on that date: so `build` with
    the same pair makes it again.
    """
    runs = [(run, run.as_of) for run in night.state.runs() if run.status in PUBLISHED and run.as_of is not None]
    last = max(as_of for run, as_of in runs if run.verb == CATCH_UP or run.is_of_its_day)
    published = {as_of for _, as_of in runs}
    dates = [date for date in (latest - (today - day) for day in days) if date > last and date not in published]
    most = night.settings.unattended.missed_most
    old, late = dates[: len(dates) - min(len(dates), most)], dates[len(dates) - min(len(dates), most) :]
    batches = counting(night.state.batches())
    # of two lists of the same debts the date decides which one counts; elsewhere it decides nothing, and one reading does for all dates
    is_by_date = any(batch.table_name == "entry" for batch in batches)
    own_days = cache(lambda day: _own_days(night, day, batches))
    why_not = f"unattended.missed_most is {most}"
    return [
        *([Missed(old[0], why_not=why_not, until=old[-1])] if old else []),
        *(_answered(night, date, batches, own_days(date if is_by_date else latest)) for date in late),
    ]


def _answered(night: Night, day: date, batches: Sequence[Batch], own_days: Mapping[str, date]) -> Missed:
    """A date and what answers for it; `own_days` are of these batches."""
    others = _of_other_days(day, own_days)
    if not others:
        return Missed(day)
    later = [batch.loaded_at for batch in batches if batch.extract_as_of is not None and batch.extract_as_of > day]
    if later:
        moment = min(later) - timedelta(microseconds=1)
        before = [batch for batch in batches if batch.loaded_at <= moment]
        is_whole = all(
            batch.loaded_at <= moment for batch in batches if batch.extract_as_of is None or batch.extract_as_of <= day
        )
        if before and is_whole and not _of_other_days(day, _own_days(night, day, before)):
            return Missed(day, moment)
    company, own_day = min(others.items())
    return Missed(day, why_not=f"{company} tells only what was open on {own_day}")


def _of_other_days(day: date, own_days: Mapping[str, date]) -> dict[str, date]:
    return {company: own_day for company, own_day in own_days.items() if own_day != day}


def _own_days(night: Night, day: date, batches: Sequence[Batch]) -> dict[str, date]:
    """The companies of which only the open items of one day are known, with that day; `day` is the date that is asked for."""
    with (
        tempfile.TemporaryDirectory(dir=night.home.warehouse, prefix=".spill-") as spill,
        closing(connect(":memory:", night.settings, temp=Path(spill))) as con,
    ):
        lake.snapshot(con, night.home.lake, batches)
        run_model(con, night.settings, day, "core.company_basis")
        rows = con.execute("select company_id, only_as_of from core.company_basis where only_as_of is not null")
        return dict(rows.fetchall())
