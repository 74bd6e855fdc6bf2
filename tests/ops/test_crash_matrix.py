"""The crash matrix: some rounds of it, and that it would notice what it is there to notice."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import duckdb
import pytest

from crash_faults import FAULTS
from crash_matrix import kinds
from crash_rounds import READERS, Disturbed, Reference, Round, Scene, compare, count_mails, count_readings, sums_of
from homes import ROOT
from mail_posts import Post
from night_processes import Ended
from receivables.warehouse import published_file

if TYPE_CHECKING:
    from night_processes import Nursery


@pytest.mark.wide
def test_nights_that_are_disturbed_end_as_if_nothing_had_happened(tmp_path: Path) -> None:
    program, page_file = str(ROOT / "tests" / "crash_matrix.py"), tmp_path / "page.md"
    line = [sys.executable, program, str(page_file), "--rounds", "4", "--nights", "2"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "TMPDIR": str(tmp_path),
    }
    ended = subprocess.run(line, capture_output=True, text=True, check=False, timeout=900, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert len(re.findall(r"^\d/4 ", ended.stderr, flags=re.MULTILINE)) == 4
    page = page_file.read_text(encoding="utf-8")
    assert page.endswith("## Rounds that ended otherwise\n\nNone.\n")
    (row,) = [line.split("|") for line in page.splitlines() if line.startswith("| **all**")]
    assert int(row[3]) >= 2, (
        "of the four kinds that come first three kill, one of them at a moment that may come too late"
    )


@pytest.fixture
def disturbed(home: Path, tmp_path: Path) -> Disturbed:
    """A home that is what the undisturbed night left."""
    published = tmp_path / "published.duckdb"
    shutil.copyfile(published_file(home), published)
    night = Reference(home, (), published, sums_of(published), "2024-03-05 2", "2024-03-04 1", (), 0, 0.0, 0)
    scene = Scene(tmp_path, cast("Nursery", None), Post(), random.Random(1), has_mounts=False)
    return Disturbed(scene, Round("any"), night, home)


CHANGED: dict[str, tuple[str, tuple[int, int]]] = {
    "nothing": ("select 1", (0, 0)),
    "a row lost": ("delete from marts.open_item where rowid = 0", (1, 0)),
    "a row doubled": ("insert into marts.open_item select * from marts.open_item where rowid = 0", (0, 1)),
    "a cent": ("update marts.open_item set open_doc = open_doc + 0.01 where rowid = 0", (1, 1)),
    "a clock": ("update ops.batch set loaded_at = loaded_at + interval 1 second", (0, 0)),
}


@pytest.mark.parametrize("what", CHANGED)
def test_the_matrix_notices_a_row_that_is_lost_or_doubled(disturbed: Disturbed, what: str) -> None:
    change, apart = CHANGED[what]
    with duckdb.connect(published_file(disturbed.home)) as con:
        con.execute(change)
    compare(disturbed)
    assert (disturbed.told.rows_lost, disturbed.told.rows_doubled) == apart
    assert disturbed.told.is_good == (apart == (0, 0))


def test_the_matrix_notices_a_mail_that_is_lost_or_sent_twice(disturbed: Disturbed) -> None:
    ana, cfo, luz = READERS
    disturbed.scene.post.taken += [(ana, b""), (ana, b"")]
    count_mails(disturbed, f"needs a person: the report to {luz} may have arrived or not: cut off")
    told = disturbed.told
    assert (told.mails_twice, told.mails_lost, told.mails_unsure) == (1, 1, 1)
    assert not told.is_good, f"{cfo} got nothing and nobody was told"


def test_the_matrix_notices_a_reader_who_fails_or_sees_half_a_night(disturbed: Disturbed) -> None:
    said = "read 2024-03-04 1\nread 2024-03-05 2\nread 2024-03-05 1\nfailed IOException: no file\n"
    count_readings(disturbed.told, disturbed.night, Ended(-9, 0.0, said))
    assert (disturbed.told.readings, disturbed.told.readers_failed) == (4, 2)


def test_every_kind_of_fault_has_its_share_of_the_rounds() -> None:
    drawn = [(fault.name, before) for fault, before in kinds(100, FAULTS)]
    assert {fault.name: sum(name == fault.name for name, _ in drawn) for fault in FAULTS} == {
        fault.name: fault.share for fault in FAULTS
    }
    assert len(set(drawn)) == 100
