"""kill -9 at any moment, then the night again: as if nothing had happened."""

from __future__ import annotations

import shutil
import signal
from datetime import date
from pathlib import Path
from typing import Final

import pytest

import receivables
from homes import (
    KILLING,
    TUESDAY,
    PublishedRows,
    business,
    changed,
    figures,
    half_done,
    open_now,
    published,
    rows_of,
    script,
    tell,
)

POINTS: Final = {
    "a file of the lake is written, not yet in its place": ("receivables.lake:settle", 2, "before"),
    "a file is in the lake, not yet registered": ("receivables.lake:write", 1, "after"),
    "a file is registered, the run does not know yet": ("receivables.state:State.add", 2, "after"),
    "the build is half way": ("receivables.engine.duckdb:Tables.create_model", 12, "before"),
    "the file is closed, not yet published": ("receivables.publish:_publish", 1, "before"),
    "the file has its name, readers are not yet led to it": ("pathlib:Path.symlink_to", 1, "before"),
    "readers are led to it, the run does not know yet": ("receivables.run:Night.record", 1, "before"),
    "readers are led to it, nothing of it is kept": ("receivables.published:keep", 2, "before"),
    "half of what was published is kept": ("receivables.lake:keep", 1, "after"),
    "the report is being written": ("receivables.night:_write_whole", 1, "before"),
    "the report is written, not yet delivered": ("shutil:copyfile", 1, "after"),
    "the workbook is half written": ("receivables.workbook.book:Book.write", 3, "after"),
}
"""Where the process is killed: a function, which call of it, before or after that call."""

KILLED_NIGHT: Final = f"{KILLING}receivables.nightly(home)"


def tell_tuesday(home: Path) -> None:
    tables = changed(business(), "document", "D1", due_date=date(2024, 3, 1))
    tables = changed(tables, "allocation", "A1", voided_date=TUESDAY)
    tell(home, {name: tables[name] for name in ("document", "allocation")}, TUESDAY)


def published_id(home: Path) -> str:
    """The run whose file readers see."""
    run = receivables.status(home).published
    assert run is not None
    return run.run_id


def kept_runs(home: Path) -> set[str]:
    """The runs of which the lake keeps what they published, all of it."""
    kinds = ("published", "published_item", "published_kpi")
    told = [{path.stem for path in (home / "lake" / kind).iterdir()} for kind in kinds]
    assert told[0] == told[1] == told[2]
    return told[0]


@pytest.fixture(scope="module")
def undisturbed(told_on_monday: Path, tmp_path_factory: pytest.TempPathFactory) -> PublishedRows:
    """What Tuesday publishes when nobody kills it."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    shutil.copytree(told_on_monday, home, symlinks=True)
    tell_tuesday(home)
    receivables.nightly(home)
    return published(home)


@pytest.mark.slice(2)
@pytest.mark.parametrize("point", POINTS)
def test_a_night_that_was_killed_is_made_good_by_the_next(point: str, home: Path, undisturbed: PublishedRows) -> None:
    tell_tuesday(home)
    monday = figures(home)
    tuesday = open_now({name: undisturbed[name] for name in monday})
    with receivables.open_warehouse(home) as reader, script(KILLED_NIGHT, home, *map(str, POINTS[point])) as night:
        assert night.wait(60) == -signal.SIGKILL, night.communicate()[1]
        assert figures(home) in (monday, tuesday)
        # of a run that was killed while it was kept there is no record yet: the next night keeps what it published
        recorded = {path.stem for path in (home / "lake" / "published").iterdir()}
        runs = recorded | {published_id(home)}
        receivables.nightly(home)
        assert published(home) == undisturbed
        assert rows_of(reader, "marts.open_item") == monday["marts.open_item"]
    assert half_done(home) == []
    registered = {str(batch.batch_id) for batch in receivables.status(home).batches}
    lake = [path for path in (home / "lake").rglob("*.parquet") if not path.parent.name.startswith("published")]
    assert {path.stem for path in lake} == registered
    assert kept_runs(home) == runs | {published_id(home)}


def test_what_a_killed_night_left_is_told_and_swept(home: Path) -> None:
    tell_tuesday(home)
    monday = receivables.status(home).published
    with script(KILLED_NIGHT, home, *map(str, POINTS["the build is half way"])) as night:
        night.wait(60)
    status = receivables.status(home)
    assert (status.last_run and status.last_run.status, status.published) == ("interrupted", monday)
    assert half_done(home)
    receivables.build(home)
    assert half_done(home) == []
