"""Every sample export examined and drafted: never a traceback, every line accounted for, and no draft decides what its shipped profile knows otherwise."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest

import receivables
from exports import TRUTH_DAY, WHOLE
from receivables.errors import FileRefused
from receivables.examination_text import examination_text
from receivables.intake import container
from receivables.intake.profile import shipped
from receivables.settings import Ingest

if TYPE_CHECKING:
    from pathlib import Path

    from receivables.intake.examine import Examination

SHAPES = ("entries", "invoices")
RIGHT_MIN = 520
"""Columns that drafts of all samples decide as their shipped profile does; fewer would mean that drafting asks what it can know."""

SLICE = 5
"""Every fifth sample runs with every change."""


def exports(reference_data: Path) -> list[Path]:
    """All samples, or the slice of them that runs with every change."""
    found = sorted(path for path in (reference_data / "erp" / "samples").rglob("*") if path.is_file())
    return found if WHOLE else found[::SLICE]


@pytest.fixture(scope="module")
def examined(reference_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Examination]:
    home = tmp_path_factory.mktemp("home")
    (home / "receivables.toml").write_text('[[company]]\nid = "ES01"\nlocal_currency = "EUR"\n', encoding="utf-8")
    return {path: receivables.examine(path, home, extract_as_of=TRUTH_DAY) for path in exports(reference_data)}


def test_every_line_of_every_sample_is_accounted_for(examined: dict[Path, Examination]) -> None:
    lost = {
        path.name: (sum(count.lines for count in seen.outcomes), seen.lines_in_file)
        for path, seen in examined.items()
        if sum(count.lines for count in seen.outcomes) != seen.lines_in_file
    }
    assert lost == {}
    for seen in examined.values():
        assert examination_text(seen, 80).startswith("file ")


def test_examples_stand_in_the_file(examined: dict[Path, Examination]) -> None:
    for path, seen in examined.items():
        if seen.kind != "text":
            continue
        source = container.inspect(path, Ingest())
        lines = container.head_lines(source, (seen.encoding,), 10_000)
        for column in seen.columns:
            for example in column.examples:
                assert example.before.replace('"', "").strip() in lines[example.line_no - 1].replace('"', ""), path.name
    assert any(column.examples for seen in examined.values() for column in seen.columns)


@pytest.mark.timeout(300)
def test_no_draft_decides_a_column_against_the_shipped_profile(
    examined: dict[Path, Examination], tmp_path: Path
) -> None:
    shapes = {profile.id: profile.shape for profile in shipped()}
    counts: Counter[str] = Counter()
    wrong = []
    for path, seen in examined.items():
        try:
            raw = tomllib.loads(receivables.draft(path, tmp_path).text)
        except FileRefused:
            counts["refused"] += 1
            continue
        if shapes.get(seen.profile_id) not in SHAPES:
            continue
        read = {column.label: set(column.roles or (column.use,)) for column in reversed(seen.columns)}
        decided: dict[str, set[str]] = defaultdict(set)
        for role, column in raw.get("columns", {}).items():
            decided[column["aliases"][0]].add(role)
        for label in raw.get("ignored_columns", ()):
            decided[label].add("ignored")
        wrong += [(path.name, label, roles, read[label]) for label, roles in decided.items() if not roles & read[label]]
        counts.update(right=len(decided), open=len(raw.get("labels", {})))
    assert wrong == []
    assert counts["right"] >= (RIGHT_MIN if WHOLE else RIGHT_MIN // (2 * SLICE))
    assert counts["refused"] <= 1, "a table of two columns is no list of receivables"
