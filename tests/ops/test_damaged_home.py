"""A file of the lake or a store that is damaged: the night reads nothing of it, publishes nothing, and says what is damaged and what to do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from factories import document
from homes import MONDAY, TUESDAY, ask, command, figures, half_done, seal, tell

if TYPE_CHECKING:
    from collections.abc import Callable

DAMAGE: Final[dict[str, Callable[[bytes], bytes | None]]] = {
    "gone": lambda _: None,
    "one bit turned": lambda told: (
        told[: len(told) // 3] + bytes([told[len(told) // 3] ^ 1]) + told[len(told) // 3 + 1 :]
    ),
    "cut off": lambda told: told[: len(told) // 2],
}


def damage(path: Path, how: str) -> None:
    content = DAMAGE[how](path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("kind", ["document", "company", "issue"])
def test_a_night_reads_no_file_of_the_lake_that_is_not_what_was_registered(home: Path, kind: str, how: str) -> None:
    path = min((home / "lake" / kind).iterdir())
    damage(path, how)
    before = seal(home / "warehouse")
    for verb in ("nightly", "build"):
        ended = command(verb, "--home", home)
        assert ended.exit_code == 4
        message = ended.only_message()
        assert f"lake/{kind}/{path.name}" in message
        assert "try receivables verify, which names what is damaged, then receivables restore" in message
    assert seal(home / "warehouse") == before
    assert half_done(home) == []


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("kind", ["published_item", "published_rating"])
def test_a_night_goes_on_from_nothing_that_earlier_runs_published_and_that_is_damaged(
    home: Path, kind: str, how: str
) -> None:
    path = min((home / "lake" / kind).iterdir())
    damage(path, how)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 4
    assert f"lake/{kind}/{path.name}" in ended.only_message()


@pytest.mark.parametrize("of", ["batch", "sqlite_autoindex_delivery_1"])
def test_a_store_with_a_damaged_page_is_told_as_one_before_anything_is_done(home: Path, of: str) -> None:
    store = home / "state.sqlite"
    with closing(sqlite3.connect(store)) as con:
        (page,) = con.execute("select rootpage from sqlite_master where name = ?", [of]).fetchone()
        (size,) = con.execute("pragma page_size").fetchone()
    content = store.read_bytes()
    store.write_bytes(content[: (page - 1) * size] + bytes(size) + content[page * size :])
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 4
    message = ended.only_message()
    assert "expected a store of runs and batches that is whole; try receivables verify" in message
    assert "receivables restore" in message


@pytest.mark.parametrize("verb", ["nightly", "status"])
def test_a_store_in_which_a_date_is_none_any_more_is_told_as_damaged(home: Path, verb: str) -> None:
    with closing(sqlite3.connect(home / "state.sqlite")) as con, con:
        con.execute("update batch set loaded_at = replace(loaded_at, '-', '/')")
    ended = command(verb, "--home", home)
    assert ended.exit_code == 4
    assert "state.sqlite, table batch: Invalid isoformat string" in ended.only_message()
    assert "receivables restore" in ended.only_message()


def test_a_lost_store_loses_no_batch_of_which_the_file_is_no_longer_in_the_inbox(home: Path) -> None:
    for path in [*home.glob("state.sqlite*"), *(home / "inbox").iterdir()]:
        path.unlink()
    monday, before = figures(home), seal(home / "lake")
    late = document("D9", "7.00", doc_date=MONDAY, due_date=TUESDAY)
    tell(home, {"document": [late]}, TUESDAY, full=False)
    ended = command("nightly", "--home", home)
    assert ended.exit_code == 0
    assert (
        "note: the store of runs was lost: 6 batches were taken back from the lake; receivables restore" in ended.stderr
    )
    after = seal(home / "lake")
    assert {name: content for name, content in after.items() if name in before} == before
    assert command("verify", "--home", home).exit_code == 0
    known = ask(home, "select item_id, open_doc from marts.open_item where item_id not like '%D9' order by all")
    assert len(known) == len(monday["marts.open_item"])
    assert len(ask(home, "select * from marts.open_item")) == len(known) + 1


def test_a_disk_on_which_messages_have_no_room_stops_no_command_and_changes_no_exit_code(home: Path) -> None:
    for arguments, exit_code in ((("verify",), 0), (("nightly", "--inbox", "nowhere"), 2)):
        line = [sys.executable, "-m", "receivables", *arguments, "--home", str(home)]
        with Path("/dev/full").open("w") as full:
            ended = subprocess.run(line, stdout=subprocess.PIPE, stderr=full, check=False, timeout=120)
        assert ended.returncode == exit_code
