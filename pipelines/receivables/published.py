"""What every run published, kept in the lake beside what it was made from: open items, key figures, reviews and flags of its date, immutable."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from receivables import lake
from receivables.engine import EngineError
from receivables.warehouse import published_file, published_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from receivables.engine import Connection, Scratch
    from receivables.home import Home
    from receivables.settings import Settings
    from receivables.state import Run, State

_MANIFEST: Final = "published"
_ITEMS: Final = "published_item"
_KPI: Final = "published_kpi"

_ITEM_QUERY: Final = (
    "select run.run_id, item.company_id, item.customer_id, item.item_kind, item.item_id, item.seq, item.currency, item.due_date, item.open_doc, item.open_local,"
    " item.bucket from marts.open_item as item cross join ops.run as run order by item.company_id, item.customer_id, item.item_kind, item.item_id, item.seq"
)
_KPI_QUERY: Final = (
    "select run.run_id, kpi.company_id, kpi.metric, kpi.period_end, kpi.value, kpi.unit, kpi.note from marts.kpi as kpi cross join ops.run as run"
    " order by kpi.company_id, kpi.metric, kpi.period_end"
)
_GONE_ON_FROM: Final = {
    "published_rating": (
        "rating_history",
        (
            "select run.run_id, rating.* from marts.rating_history as rating cross join ops.run as run"
            " order by rating.company_id, rating.customer_id, rating.review_date"
        ),
    ),
    "published_flag": (
        "anomaly",
        (
            "select run.run_id, flag.company_id, flag.customer_id, flag.detector, flag.subject, flag.flag_id, flag.severity, flag.first_seen, flag.raised_on,"
            " flag.raised_severity, flag.state, flag.last_seen from marts.anomaly as flag cross join ops.run as run"
            " order by flag.company_id, flag.customer_id, flag.detector, flag.subject"
        ),
    ),
}
"""What a later run goes on from: where it is kept, the table in `marts` it is taken from, which older files lack, and how."""


_KINDS: Final = (_ITEMS, _KPI, *_GONE_ON_FROM)


@dataclass(frozen=True)
class Published:
    """One run whose file was published: the date it answers for, what it knew, with which rules; `finished_at` is when it was built to be published."""

    run_id: str
    as_of: date
    known_at: datetime
    finished_at: datetime
    code_version: str
    settings_sha256: str
    items: int


def keep(home: Home, state: State, scratch: Scratch) -> bool:
    """Keep what is published now, unless it is kept; returns whether anything was to be kept.

    It is taken from the published file, which never changes, and named by its run: whoever is cut off before the manifest is written is followed
    by one who does it all again, to the same end. So that nothing is lost, the next file is published only after this one was kept.
    """
    run_id = published_run(home.root)
    if run_id is None:
        return False
    manifest = _manifest(home.lake, run_id)
    if manifest.exists() and state.is_registered(lake.name_of(home.lake, manifest)):
        return False
    with ExitStack() as stack:
        try:
            con = stack.enter_context(scratch.database(published_file(home.root)))
        except EngineError:
            return False  # what nobody can read is published to nobody
        row = con.execute(
            "select run_id, as_of, known_at, finished_at, code_version, settings_sha256, (select count(*) from marts.open_item) from ops.run"
        ).fetchone()
        if row is None:
            return False
        lake.keep(con, _ITEM_QUERY, home.lake, _ITEMS, run_id)
        lake.keep(con, _KPI_QUERY, home.lake, _KPI, run_id)
        tables = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        for kind, (table, query) in _GONE_ON_FROM.items():
            if (table,) in tables:
                lake.keep(con, query, home.lake, kind, run_id)
    lake.write_json(manifest, asdict(Published(*row)))
    written = (lake.kept(home.lake, kind, run_id) for kind in _KINDS)
    state.add(lake.sealed(home.lake, [*(path for path in written if path.exists()), manifest]))
    return True


def _manifest(root: Path, run_id: str) -> Path:
    return root / _MANIFEST / f"{run_id}.json"


def kept(root: Path) -> list[Published]:
    """Every run of which is kept what it published, in the order of publication."""
    told = (json.loads(path.read_text(encoding="utf-8")) for path in (root / _MANIFEST).glob("*.json"))
    runs = (_restored(row) for row in told)
    return sorted(
        (
            run
            for run in runs
            if lake.kept(root, _ITEMS, run.run_id).exists() and lake.kept(root, _KPI, run.run_id).exists()
        ),
        key=lambda run: (run.finished_at, run.run_id),
    )


def _restored(row: dict[str, Any]) -> Published:
    moments = {name: datetime.fromisoformat(row[name]) for name in ("known_at", "finished_at")}
    return Published(**{**row, **moments, "as_of": date.fromisoformat(row["as_of"])})


def looked_back_at(runs: Iterable[Published], as_of: date, known_at: datetime, settings: Settings) -> list[Published]:
    """The runs a build is held against, one per date: of each earlier date the run published last by `known_at`, if it knew less.

    The dates are the latest published ones, as many as a setting says, and the last of each month whose end is aged with the as-of date.
    """
    last = {
        run.as_of: run for run in runs if run.as_of < as_of and run.finished_at <= known_at and run.known_at < known_at
    }
    dates = sorted(last)
    back = settings.restatement.dates_back
    months = range(_month(as_of) - settings.aging.month_ends, _month(as_of))
    chosen = {
        *dates[len(dates) - min(back, len(dates)) :],
        *(day for day in _month_closings(dates) if _month(day) in months),
    }
    return [last[day] for day in sorted(chosen)]


def _month(day: date) -> int:
    return day.year * 12 + day.month


def _month_closings(dates: Iterable[date]) -> set[date]:
    """The last date of every month that has one."""
    return set({_month(day): day for day in sorted(dates)}.values())


def hold(con: Connection, root: Path, runs: Sequence[Published], run: Run) -> None:
    """Tell database `lake` what these runs published, to be held against what `run` builds."""
    if not runs:
        return
    files = [str(lake.kept(root, _ITEMS, told.run_id)) for told in runs]
    figures = [str(lake.kept(root, _KPI, told.run_id)) for told in runs]
    con.execute("create temp table held_run (run_id varchar, as_of date, known_at timestamp, is_rules_changed boolean)")
    con.executemany(
        "insert into held_run values (?, ?, ?, ?)",
        [
            [
                told.run_id,
                told.as_of,
                told.known_at,
                (told.code_version, told.settings_sha256) != (run.code_version, run.settings_sha256),
            ]
            for told in runs
        ],
    )
    con.execute(
        "insert into lake.published by name select run.run_id, run.as_of, run.known_at, run.is_rules_changed, kpi.company_id, kpi.value::decimal(18, 4) as open_local"
        " from held_run as run inner join read_parquet(?) as kpi on run.run_id = kpi.run_id and run.as_of = kpi.period_end"
        " where kpi.metric = 'receivables_total'",
        [figures],
    )
    con.execute("drop table held_run")
    con.execute("insert into lake.published_item by name select * from read_parquet(?)", [files])


def hold_last(con: Connection, root: Path, runs: Iterable[Published], run: Run) -> None:
    """Tell database `lake` the reviews and flags that the run published last before `run`, of its date or an earlier one: grades and flags go on from them."""
    before = [
        told for told in runs if run.as_of is not None and told.as_of <= run.as_of and told.finished_at <= run.known_at
    ]
    for kind in _GONE_ON_FROM:
        kept_of = [file for told in before if (file := lake.kept(root, kind, told.run_id)).exists()]
        if kept_of:
            con.execute(f"insert into lake.{kind} by name select * from read_parquet(?)", [[str(kept_of[-1])]])


def forget(root: Path, state: State, settings: Settings) -> int:
    """Delete what was published for dates older than is kept, except the last of each month; returns how many runs are forgotten.

    The manifest goes first: rows without one are no longer told, and are taken away here whatever they were left by.
    """
    runs = kept(root)
    dates = sorted({run.as_of for run in runs})
    staying = {*dates[-settings.restatement.dates_kept :], *_month_closings(dates)}
    old = [run for run in runs if run.as_of not in staying]
    known = {run.run_id for run in runs} - {run.run_id for run in old}
    gone = [
        *(_manifest(root, run.run_id) for run in old),
        *(path for kind in _KINDS for path in (root / kind).glob("*.parquet") if path.stem not in known),
    ]
    state.strike(lake.name_of(root, path) for path in gone)
    for path in gone:
        path.unlink()
    return len(old)
