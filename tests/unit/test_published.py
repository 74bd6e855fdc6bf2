from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

import duckdb
import pytest

from receivables import lake
from receivables.errors import SettingsError
from receivables.lake import write_json
from receivables.published import Published, forget, hold_last, kept, looked_back_at
from receivables.settings import Aging, Restatement, Settings, validated
from receivables.state import Run, State

AS_OF: Final = date(2026, 6, 30)
NOON: Final = timedelta(hours=12)


def run(as_of: date, *, known: float = 0, built: float = 0, name: str = "") -> Published:
    """A run of a date that knew what had been told by noon, `known` days later, and was built `built` days after that."""
    known_at = datetime(as_of.year, as_of.month, as_of.day) + NOON + timedelta(days=known)
    return Published(
        name or f"{as_of} {known} {built}", as_of, known_at, known_at + timedelta(days=built, minutes=1), "1", "s", 0
    )


def settings(back: int = 2, kept: int = 400, months: int = 2) -> Settings:
    return Settings(restatement=Restatement(dates_back=back, dates_kept=kept), aging=Aging(month_ends=months))


def days(*runs: Published) -> list[date]:
    return [told.as_of for told in runs]


def looked_back(runs: list[Published], known_at: datetime | None = None, **values: int) -> list[Published]:
    return looked_back_at(runs, AS_OF, known_at or datetime(2026, 7, 1), settings(**values))


KINDS: Final = ("published_item", "published_kpi", "published_rating", "published_flag")
NIGHTLY: Final = [run(AS_OF - timedelta(days=back)) for back in range(100)]


def test_the_latest_dates_and_the_last_of_each_month_are_looked_back_at() -> None:
    assert days(*looked_back(NIGHTLY)) == [date(2026, 4, 30), date(2026, 5, 31), date(2026, 6, 28), date(2026, 6, 29)]


def test_a_month_that_ends_on_a_holiday_is_looked_back_at_by_its_last_published_date() -> None:
    runs = [told for told in NIGHTLY if told.as_of.day < 29]
    assert days(*looked_back(runs, back=0)) == [date(2026, 4, 28), date(2026, 5, 28)]


def test_nothing_is_looked_back_at_where_settings_say_so() -> None:
    assert looked_back(NIGHTLY, back=0, months=0) == []


def test_of_a_date_the_run_published_last_counts_if_it_knew_less() -> None:
    day = date(2026, 6, 29)
    first, again, remade = run(day, name="first"), run(day, known=0.5, name="again"), run(day, built=2, name="remade")
    told = sorted([first, again, remade], key=lambda one: one.finished_at)
    assert [one.run_id for one in looked_back(told)] == ["again"]
    assert [one.run_id for one in looked_back(told, datetime(2026, 7, 2))] == ["remade"]
    # the same pair of clocks again: what was published by a run that knew as much is nothing earlier
    assert [one.run_id for one in looked_back(told, again.known_at)] == ["first"]
    assert looked_back(told, first.known_at) == []


def test_dates_beyond_those_kept_are_forgotten_but_for_the_last_of_each_month(tmp_path: Path) -> None:
    for told in NIGHTLY:
        write_json(tmp_path / "published" / f"{told.run_id}.json", vars(told))
        for kind in KINDS:
            (tmp_path / kind).mkdir(exist_ok=True)
            (tmp_path / kind / f"{told.run_id}.parquet").touch()
    (tmp_path / "published_kpi" / "cut off.parquet").touch()
    state = State(tmp_path / "state.sqlite")
    state.add(lake.sealed(tmp_path, lake.settled_files(tmp_path / "published")))
    assert forget(tmp_path, state, settings(kept=3)) == 94
    expected = [
        date(2026, 3, 31),
        date(2026, 4, 30),
        date(2026, 5, 31),
        *(AS_OF - timedelta(days=back) for back in (2, 1, 0)),
    ]
    assert days(*kept(tmp_path)) == expected
    for kind in KINDS:
        assert {path.stem for path in (tmp_path / kind).iterdir()} == {told.run_id for told in kept(tmp_path)}
    assert {file.path for file in state.lake_files()} == {f"published/{told.run_id}.json" for told in kept(tmp_path)}
    assert forget(tmp_path, state, settings(kept=3)) == 0


def test_grades_and_flags_each_go_on_from_the_last_run_known_that_published_them(tmp_path: Path) -> None:
    told = [
        run(AS_OF - timedelta(days=3), name="long ago"),
        run(AS_OF - timedelta(days=2), name="before"),
        run(AS_OF - timedelta(days=1), name="raised no flags"),
        run(AS_OF, known=9, name="not known yet"),
        run(AS_OF + timedelta(days=1), name="of a later date"),
    ]
    kinds = ("published_rating", "published_flag")
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as lake")
        for kind in kinds:
            con.execute(f"create table lake.{kind} ({lake.OWN[kind]})")
            for one in told:
                if (one.run_id, kind) != ("raised no flags", "published_flag"):
                    lake.keep(con, f"select '{one.run_id}' as run_id, 'C1' as customer_id", tmp_path, kind, one.run_id)
        now = datetime(2026, 7, 2)
        hold_last(con, tmp_path, told, Run("now", AS_OF, now, now, None, "running", "1", "s"))
        found = [con.execute(f"select run_id, customer_id from lake.{kind}").fetchall() for kind in kinds]
    assert found == [[("raised no flags", "C1")], [("before", "C1")]]


def test_what_is_looked_back_at_must_be_kept() -> None:
    with pytest.raises(SettingsError, match="at least dates_back, 7"):
        validated(Settings, {"restatement": {"dates_kept": 3}}, "receivables.toml")
