"""500 quarantined lines out to a spreadsheet and back: none is lost, none doubled, and the balances are those of a file that was never wrong."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import receivables
from homes import PublishedRows, ask, command, figures
from quarantine_tables import BATCHES, EXPORTS, WAITING, Export, filled, home_with, read, right_answers, take_out

pytestmark = pytest.mark.wide


@dataclass(frozen=True)
class Damage:
    """An export, the home that landed it damaged, and what it would have told."""

    export: Export
    lines: Mapping[int, str]
    home: Path
    right: PublishedRows


@pytest.fixture(scope="module", params=EXPORTS)
def damage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Damage:
    folder = tmp_path_factory.mktemp("export")
    export = EXPORTS[request.param](folder, 1200)
    lines = export.damaged(500)
    right = figures(home_with(folder / "sound", export, {}), BATCHES)
    return Damage(export, lines, home_with(folder / "home", export, lines), right)


@pytest.mark.slice(4)
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_a_round_trip_of_500_lines_loses_none_and_doubles_none(damage: Damage, suffix: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(damage.home, home, symlinks=True)
    assert ask(home, WAITING) == [(500,)]
    table = take_out(home, f"out.{suffix}")
    assert {int(row["line_no"]) for row in read(table)} == set(damage.lines)
    back = filled(table, right_answers(damage.export), tmp_path / f"back.{suffix}")
    ended = command("findings", "repair", back, "--home", home, "--by", "Ana Gil")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("500 repaired, 0 left out, 0 already repaired, 0 untouched, 0 still in quarantine\n")
    receivables.build(home)
    assert figures(home, BATCHES) == damage.right
    assert ask(home, WAITING) == [(0,)]
    who = "select distinct resolved_by, resolution, count(distinct line_no) from ops.issue where resolved_at is not null group by all"
    assert ask(home, who) == [("Ana Gil", "repaired", 500)]
    lost = "select sum(lines_read - lines_loaded - lines_quarantined - lines_skipped) from ops.batch group by superseded_by"
    assert set(ask(home, lost)) == {(0,)}
    again_changes_nothing(home, back)


def again_changes_nothing(home: Path, back: Path) -> None:
    """Taking the same file back once more must leave the store and the lake as they are."""
    batches = receivables.status(home).batches
    lake = sorted((home / "lake").rglob("*"))
    ended = command("findings", "repair", back, "--home", home, "--by", "Somebody else")
    assert ended.stdout == "0 repaired, 0 left out, 500 already repaired, 0 untouched, 0 still in quarantine\n"
    assert receivables.status(home).batches == batches
    assert sorted((home / "lake").rglob("*")) == lake
