"""Whether a file may follow those loaded before it: it is not cut off, does not lose half of its rows, is no older than what is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from receivables.dates import local
from receivables.errors import FileRefused
from receivables.settings import WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from receivables.settings import Expected, Ingest
    from receivables.state import Batch

EXTRACTS: Final = ("full", "open_items")
"""Modes of a file that holds everything of its kind."""

ALLOW_SHORT: Final = "exporting it again, or --allow-short where it really holds no more"


def refuse_cut_off(name: str, records: int, items: int, setting: Ingest) -> None:
    """Refuse a file that ends exactly where a spreadsheet has to; `records` count its header and titles too, `items` the rows of data.

    Raises:
        FileRefused: it does.
    """
    for limit in setting.sheet_rows:
        if records == limit or items == limit - 1:
            raise FileRefused(
                got=f"{name} with {limit:,} rows, as many as a spreadsheet holds",
                expected="a file that was not cut off there",
                try_=ALLOW_SHORT,
                reason="FILE_TRUNCATED",
            )


def refuse_shrunken(batches: Iterable[Batch], told: Sequence[Batch], setting: Ingest) -> None:
    """Refuse a file with far fewer rows than the extract before it; `told` are the batches loaded so far.

    Raises:
        FileRefused: names both files and both counts.
    """
    for batch in batches:
        before = _extract_before(batch, told)
        if before is None or _rows(before) < setting.shrink_min_rows:
            continue
        if 100 * (_rows(before) - _rows(batch)) > setting.shrink_refuse_pct * _rows(before):
            raise FileRefused(
                got=f"{batch.file_name} with {_rows(batch):,} rows{_place(batch)}, after {_rows(before):,} in {before.file_name} of {before.extract_as_of}",
                expected=f"rows that fall by at most {setting.shrink_refuse_pct} %",
                try_=ALLOW_SHORT,
                reason="FILE_TRUNCATED",
            )


def refuse_late(batches: Iterable[Batch], told: Sequence[Batch], setting: Ingest) -> None:
    """Refuse a file that is older than one of its kind; `told` are the batches it comes after.

    Raises:
        FileRefused: names both days.
    """
    for batch in batches:
        if not is_late(batch, told, setting):
            continue
        latest = max(_days(batch, told))
        overlap = f" or a delta of at most {setting.delta_overlap_days} days before" if batch.mode == "delta" else ""
        raise FileRefused(
            got=f"{batch.file_name}, extracted on {batch.extract_as_of}{_place(batch)}, after an extract of {latest} was loaded",
            expected=f"one of {latest} or later{overlap}",
            try_="--backfill, which adds history and changes nothing that newer extracts say",
            reason="FILE_DUPLICATE",
        )


def is_late(batch: Batch, told: Sequence[Batch], setting: Ingest) -> bool:
    """Whether a batch tells of an earlier day than batches of its kind among `told`; a delta may overlap, a report states its own day.

    Content that was loaded for the same day before, by an earlier version of its profile, takes its own place again and is never late.
    """
    days = _days(batch, told)
    if batch.extract_as_of is None or batch.mode == "report" or not days or _is_known(batch, told):
        return False
    overlap = setting.delta_overlap_days if batch.mode == "delta" else 0
    return batch.extract_as_of < max(days) - timedelta(days=overlap)


def same_kind(batch: Batch, told: Iterable[Batch]) -> list[Batch]:
    """Batches of the same company and table that the same profile read: extracts of one and the same list."""
    return [other for other in told if kind(other) == kind(batch)]


def kind(batch: Batch) -> tuple[str, str, str]:
    """What extracts of one and the same list have in common: company, table and profile."""
    return batch.company_id, batch.table_name, batch.profile_id


def before(batch: Batch, told: Iterable[Batch]) -> Batch | None:
    """The latest batch of the same kind and mode up to the batch's own day, told before it; None where it is the first.

    A list of open items is no shrunken list of all items.
    """
    place = place_in_time(batch)
    earlier = [
        (place_in_time(other), other)
        for other in same_kind(batch, told)
        if other.mode == batch.mode and None not in (other.extract_as_of, batch.extract_as_of)
        if place_in_time(other) < place
    ]
    return max(earlier, key=lambda pair: pair[0])[1] if earlier else None


def place_in_time(batch: Batch) -> tuple[str, int, int]:
    """By the day of the extract, then by when the file arrived, which a later reading of it with repaired lines keeps."""
    return str(batch.extract_as_of), batch.arrival_id or batch.batch_id, batch.batch_id


def _days(batch: Batch, told: Iterable[Batch]) -> list[date]:
    return [b.extract_as_of for b in same_kind(batch, told) if b.mode != "report" and b.extract_as_of is not None]


def _is_known(batch: Batch, told: Iterable[Batch]) -> bool:
    content = (batch.file_sha256, batch.extract_as_of)
    return any((other.file_sha256, other.extract_as_of) == content for other in same_kind(batch, told))


def _extract_before(batch: Batch, told: Sequence[Batch]) -> Batch | None:
    """The extract that a newly read one takes the place of; content that is known already replaces none."""
    return None if batch.mode not in EXTRACTS or _is_known(batch, told) else before(batch, told)


def _rows(batch: Batch) -> int:
    """Rows of the file that were loaded; canonical rows derived from rows of another table count there."""
    return batch.rows_read - batch.rows_quarantined - batch.rows_skipped


def _place(batch: Batch) -> str:
    """Which company and table a message is about, as far as it is told."""
    return f" of {batch.table_name}" + (f" of {batch.company_id}" if batch.company_id else "")


@dataclass(frozen=True)
class Awaited:
    """A file that has not come by its hour, where the machine stands; empty company or profile: any."""

    company_id: str
    profile_id: str
    by: datetime


def awaited(expected: Iterable[Expected], batches: Sequence[Batch], now: datetime) -> list[Awaited]:
    """The files that have not come by the latest hour that was set for each; `now` is UTC, `batches` are all told by then, refused ones too.

    A file read again with repaired lines came when it came. A file whose content is known tells no news, and has not come.
    """
    came = [batch for batch in batches if batch.loaded_at <= now and _is_arrival(batch, batches)]
    found = []
    for one in expected:
        by = _latest_hour(one, local(now))
        since = by - timedelta(hours=one.within_hours)
        mine = (
            batch for batch in came if one.company in ("", batch.company_id) and one.profile in ("", batch.profile_id)
        )
        if not any(local(batch.loaded_at) >= since for batch in mine):
            found.append(Awaited(one.company, one.profile, by))
    return found


def _is_arrival(batch: Batch, batches: Iterable[Batch]) -> bool:
    if batch.arrival_id in (None, batch.batch_id):
        return True
    first = next((other for other in batches if other.batch_id == batch.arrival_id), None)
    return first is None or first.loaded_at == batch.loaded_at


def _latest_hour(one: Expected, now: datetime) -> datetime:
    """The last time up to now at which a file was to have come."""
    days = (now.date() - timedelta(days=back) for back in range(8))
    hours = (
        datetime.combine(day, time.fromisoformat(one.by)) for day in days if WEEKDAYS[day.weekday()] in one.weekdays
    )
    return next(hour for hour in hours if hour <= now)
