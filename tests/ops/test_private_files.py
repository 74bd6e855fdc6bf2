"""Everything below a home is for its user alone, whatever the user's umask and whichever door was taken."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import receivables
from homes import MONDAY, business, command, tell

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def open_handed() -> Iterator[None]:
    """A user whose files everybody may read."""
    before = os.umask(0o022)
    yield
    after = os.umask(before)
    assert after == 0o022, "the user's own umask must come back"


def open_to_others(home: Path) -> list[str]:
    return [
        f"{stat.filemode(path.lstat().st_mode)} {path.relative_to(home)}"
        for path in (home, *home.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]


@pytest.mark.usefixtures("open_handed")
def test_what_the_library_writes_is_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    receivables.init(home)
    exports = tmp_path / "exports"
    tell(exports, business(), MONDAY)
    receivables.ingest([exports], home)
    receivables.nightly(home)
    assert list((home / "out").rglob("*.html"))
    assert open_to_others(home) == []


@pytest.mark.usefixtures("open_handed")
def test_what_the_command_line_writes_is_private(tmp_path: Path) -> None:
    home, exports = tmp_path / "home", tmp_path / "exports"
    tell(exports, {name: business()[name] for name in ("company", "document", "fx_rate")}, MONDAY)
    ended = command("nightly", "--home", home, "--inbox", exports / "inbox")
    assert ended.exit_code == 0
    assert open_to_others(home) == []
    command("sample", "--out", tmp_path / "sample", "--customers", "3")
    assert open_to_others(tmp_path / "sample") == []


def test_a_home_that_others_may_read_is_told_by_every_run_and_still_served(home: Path) -> None:
    for folder in (home, home / "lake"):
        folder.chmod(0o755)
    ended = command("build", "--home", home)
    assert ended.exit_code == 0
    told = [line for line in ended.stderr.splitlines() if "open to other users" in line]
    assert told == [
        f"receivables: got lake (755) in {home}, open to other users; expected nobody else's; try chmod -R g-w,o= {home / 'lake'}"
    ]
