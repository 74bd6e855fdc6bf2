"""The verbs of the library, the same as the commands: paths as text or Path, dates checked against today."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from receivables import night
from receivables.assets import sample_dir
from receivables.dates import today
from receivables.errors import UsageError
from receivables.home import Home
from receivables.intake.profile import Profile, available
from receivables.land import Reading
from receivables.state import Batch, Run, State, Step
from receivables.warehouse import open_warehouse
from receivables.world import SampleSummary, generate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    import pandas as pd

    from receivables.run import Outcome, Progress

HOME: Final = "data"
"""The home where none is named."""


def init(home: str | Path = HOME) -> Path:
    """Create a home with its folders and a commented settings file; returns that file's path."""
    return night.init(Path(home))


def nightly(
    home: str | Path = HOME,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    inbox: str | Path | None = None,
    deliver: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """Run a whole night on the inbox; `as_of` defaults to the latest extract date.

    Raises:
        UsageError: a date that cannot be answered.
        NightFailed: nothing was published.
    """
    where = Path(inbox) if inbox is not None else None
    return night.nightly(
        Path(home),
        today=today(),
        as_of=as_of,
        known_at=known_at,
        inbox=where,
        is_delivering=deliver,
        progress=progress,
    )


def ingest(
    paths: Iterable[str | Path],
    home: str | Path = HOME,
    *,
    reading: Reading | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Read files into the lake without building; refused files stand in the outcome's `refusals`."""
    return night.ingest(Path(home), [Path(path) for path in paths], today=today(), reading=reading, progress=progress)


def build(
    home: str | Path = HOME,
    *,
    as_of: date | None = None,
    known_at: datetime | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Build and publish again from the lake, for any past pair of dates.

    Raises:
        UsageError: a date that cannot be answered.
        NightFailed: nothing was published.
    """
    return night.build(Path(home), today=today(), as_of=as_of, known_at=known_at, progress=progress)


def report(home: str | Path = HOME, *, languages: Sequence[str] = (), progress: Progress | None = None) -> Outcome:
    """Render the report of the night published last; `languages` defaults to the settings'."""
    return night.report(Path(home), languages=languages, progress=progress)


@dataclass(frozen=True)
class Status:
    """Where a home stands: its last run with its steps, and what was published last (NULL where nothing was)."""

    last_run: Run | None
    steps: tuple[Step, ...]
    published: Run | None
    batches: tuple[Batch, ...]


def status(home: str | Path = HOME) -> Status:
    """Say where a home stands.

    Raises:
        UsageError: no such home.
    """
    state = _state(Path(home))
    runs = state.runs()
    published = [run for run in runs if run.status in ("published", "needs_person")]
    last = runs[-1] if runs else None
    return Status(
        last,
        tuple(state.steps(last.run_id)) if last else (),
        published[-1] if published else None,
        tuple(state.batches()),
    )


def _state(home: Path) -> State:
    path = Home(home).state
    if not path.exists():
        raise UsageError(
            got=f"home {home}, which has no state.sqlite",
            expected="a home receivables has worked in",
            try_=f"receivables init --home {home}",
        )
    return State(path)


def findings(home: str | Path = HOME, *, reason: str | None = None, limit: int = 20) -> pd.DataFrame:
    """What was noticed about the files and by the build: by reason with counts, or the lines of one reason."""
    with open_warehouse(home) as warehouse:
        if reason is None:
            return warehouse.query(
                "select issue.reason_code, issue.action, coalesce(batch.file_name, '') as file_name, sum(issue.count)::bigint as count, min(issue.raw_value) as example"
                " from ops.issue as issue left join ops.batch as batch on issue.batch_id = batch.batch_id group by all order by issue.action, issue.reason_code, file_name"
            )
        return warehouse.query(
            "select batch.file_name, issue.line_no, issue.column_name, issue.action, issue.count, issue.raw_value, issue.raw_line from ops.issue as issue"
            " left join ops.batch as batch on issue.batch_id = batch.batch_id where issue.reason_code = ? order by batch.file_name, issue.line_no limit ?",
            [reason, limit],
        )


def profiles(home: str | Path = HOME) -> tuple[Profile, ...]:
    """The export dialects that can be read: the home's own, then the shipped ones."""
    own = Home(Path(home)).profiles
    return available(own if own.is_dir() else None)


def sample(
    out: str | Path, *, customers: int = 40, seed: int = 7, dialect: str = "canonical", as_of: date | None = None
) -> SampleSummary:
    """Write a seeded synthetic business with its truth file into a folder."""
    dated: dict[str, Any] = {} if as_of is None else {"as_of": as_of}
    return generate(Path(out), customers=customers, seed=seed, dialect=dialect, **dated)


@dataclass(frozen=True)
class Trace:
    """From a figure to its evidence: the open items, what was allocated to or from them, and the file and line each came from."""

    items: pd.DataFrame
    allocations: pd.DataFrame


def trace(key: str, home: str | Path = HOME, *, bucket: str | None = None) -> Trace:
    """Follow a customer or a document, by id or number, to its documents, allocations, files and lines.

    Raises:
        UsageError: nothing of that name.
    """
    named = "select ? as key"
    with open_warehouse(home) as warehouse:
        items = warehouse.query(
            f"with asked as ({named}) select document.doc_id as item_id, document.customer_id, document.doc_no, document.kind, document.state, document.doc_date,"
            " item.due_date, document.currency, document.amount_doc, item.seq, item.open_doc, item.open_local, item.days_overdue, item.bucket,"
            " batch.file_name, coalesce(item.line_no, document.line_no) as line_no from core.document as document cross join asked"
            " left join marts.open_item as item on document.company_id = item.company_id and document.doc_id = item.doc_id"
            " left join ops.batch as batch on document.batch_id = batch.batch_id"
            " where (asked.key in (document.doc_id, document.doc_no, document.source_key)"
            " or (item.item_id is not null and asked.key in (document.customer_id, substr(document.customer_id, length(document.company_id) + 2))))"
            " and (? is null or item.bucket = ?)"
            " union all select item.item_id, item.customer_id, item.doc_no, item.kind, 'posted', item.doc_date, item.due_date, item.currency, -payment.amount_doc, item.seq,"
            " item.open_doc, item.open_local, item.days_overdue, item.bucket, batch.file_name, item.line_no from marts.open_item as item cross join asked"
            " inner join core.payment as payment on item.item_kind = 'payment' and item.company_id = payment.company_id and item.item_id = payment.payment_id"
            " left join ops.batch as batch on item.batch_id = batch.batch_id"
            " where asked.key in (item.item_id, item.doc_no, item.customer_id, substr(item.customer_id, length(item.company_id) + 2)) and (? is null or item.bucket = ?)"
            " order by doc_date, item_id, seq",
            [key, bucket, bucket, bucket, bucket],
        )
        if items.empty:
            raise UsageError(
                got=f"{key!r}, of which nothing is known",
                expected="a customer or document, by id or number",
                try_="an id as the report or marts.open_item shows it",
            )
        ids = list(dict.fromkeys(items["item_id"]))
        allocations = warehouse.query(
            "select allocation.allocation_id, allocation.kind, allocation.alloc_date, coalesce(allocation.from_payment_id, allocation.from_doc_id) as from_id,"
            " coalesce(allocation.to_doc_id, allocation.to_payment_id) as to_id, allocation.to_seq, allocation.amount_to_doc, allocation.amount_local,"
            " effect.allocation_id is not null as is_in_effect, batch.file_name, allocation.line_no from core.allocation as allocation"
            " left join marts.allocation_in_effect as effect on allocation.company_id = effect.company_id and allocation.allocation_id = effect.allocation_id"
            " left join ops.batch as batch on allocation.batch_id = batch.batch_id"
            " where list_contains(?, allocation.to_doc_id) or list_contains(?, allocation.from_doc_id) or list_contains(?, allocation.from_payment_id)"
            " or list_contains(?, allocation.to_payment_id) order by allocation.alloc_date, allocation.allocation_id",
            [ids, ids, ids, ids],
        )
    return Trace(items, allocations)


def demo(home: str | Path = "data/demo", *, progress: Progress | None = None) -> Outcome:
    """Run a whole night on the sample exports in a home of its own, made anew each time."""
    place = Path(home)
    if place.exists():
        _clear_demo(place)
    night.init(place)
    shutil.copytree(sample_dir(), Home(place).inbox, dirs_exist_ok=True)
    return nightly(place, progress=progress)


def _clear_demo(place: Path) -> None:
    """Remove an earlier demo; a folder that is no home of ours is never touched."""
    if not (place / "state.sqlite").exists() and any(place.iterdir()):
        raise UsageError(
            got=f"{place}, a folder with something else in it",
            expected="an empty folder or an earlier demo",
            try_="--home DIR with another folder",
        )
    shutil.rmtree(place)
