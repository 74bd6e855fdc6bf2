"""What the crash matrix does to a night: each fault is a function of the night that is disturbed, and says in the round what it did."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crash_rounds import READERS, ROOM, Fault, mounted, unmounted
from night_processes import Moment
from receivables.engine import models
from receivables.home import Home
from receivables.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crash_rounds import Disturbed

KINDS_OF_DAMAGE: Final[Mapping[str, Callable[[bytes, float], bytes | None]]] = {
    "one bit turned": lambda told, share: _with(told, int(share * len(told)), 1),
    "its second half gone": lambda told, _: told[: len(told) // 2],
    "512 bytes of zeros": lambda told, share: _zeroed(told, int(share * len(told)), 512),
    "gone": lambda _told, _share: None,
}
"""What becomes of a file's content."""


def _with(told: bytes, place: int, bit: int) -> bytes:
    return told[:place] + bytes([told[place] ^ bit]) + told[place + 1 :]


def _zeroed(told: bytes, place: int, size: int) -> bytes:
    kept = told[: place - place % size]
    return kept + bytes(min(size, len(told) - len(kept))) + told[len(kept) + size :]


def at_a_step(one: Disturbed, number: int) -> None:
    """Kill it at a step by its name: before its first part, before a later one, after it was recorded as ended; one after the other."""
    moments = [(step, where) for where in ("within", "begun", "ended") for step in one.night.steps]
    step, where = moments[number % len(moments)]
    parts = {"build": len(models()), "land": len(one.night.files), "mail": len(READERS)}.get(step, 1)
    one.told.what = one.told.place = f"{step}, {where}"
    one.run("nightly", moment=Moment(step, where, one.chance.randint(1, parts)))


def at_a_change(one: Disturbed, _number: int) -> None:
    """Kill it before it opens a file to write, or before it renames, links or removes one: up to three nights in a row."""
    for _ in range(one.chance.choice((1, 1, 2, 3))):
        place = one.chance.randint(1, one.night.changes)
        one.told.what += f"{', ' if one.told.what else ''}before change {place} of {one.night.changes}"
        one.run("nightly", moment=Moment(place=place))


def at_any_time(one: Disturbed, _number: int) -> None:
    """Kill it after a random share of the CPU seconds that the night takes: up to three nights in a row."""
    for _ in range(one.chance.choice((1, 1, 2, 3))):
        share = one.chance.random()
        one.told.what += f"{', ' if one.told.what else ''}after {share:.0%} of its time"
        one.wait(one.start(), share * one.night.cpu_seconds)


def at_the_post(one: Disturbed, _number: int) -> None:
    """Kill it when the mail server has taken a message and has not said so yet."""
    place, taken = one.chance.randint(1, len(READERS)), Counter[str]()
    child = one.start()

    def when_taken(address: str) -> None:
        taken[address] += 1
        if taken.total() == place:
            os.kill(child.pid, signal.SIGKILL)

    one.told.what = f"message {place} taken by the mail server, not answered"
    one.scene.post.when_taken = when_taken
    one.wait(child)
    one.scene.post.when_taken = None


def on_a_full_disk(one: Disturbed, _number: int) -> None:
    """Let it run on a disk that has room for a share of what it writes; then there is room."""
    share, disk = one.chance.random(), one.home.parent
    one.told.what = f"room for {share:.0%} of what it writes"
    used = os.statvfs(disk)
    taken = (used.f_blocks - used.f_bfree) * used.f_frsize
    mounted(disk, f"remount,size={taken + int(share * one.night.size)}")
    one.repair = lambda: mounted(disk, f"remount,size={ROOM}")
    one.told.what += f", ended with {one.run('nightly').exit_code}"


def where_no_file_grows(one: Disturbed, _number: int) -> None:
    """From a random change of a file on let every write fail, as on a full disk, as systems do that bound the size of files."""
    place = one.chance.randint(1, one.night.changes)
    one.told.what = f"from change {place} of {one.night.changes} on"
    one.told.what += f", ended with {one.run('nightly', moment=Moment(place=place, is_full=True)).exit_code}"


FOLDERS: Final = ("", "lake", "lake/document", "warehouse", "out", "logs")
"""What is made read-only, below the home."""


def in_a_read_only_folder(one: Disturbed, number: int) -> None:
    """Make a folder of the home read-only, from the beginning or from a random moment on; then it is writable again."""
    name, share = FOLDERS[number % len(FOLDERS)], one.chance.choice((0.0, one.chance.random()))
    folder = one.home / name
    folder.mkdir(exist_ok=True)
    one.told.place = name or "the home"
    one.told.what = f"{one.told.place}, from {share:.0%} of its time on"

    def read_only() -> None:
        _read_only(folder)
        one.repair = lambda: unmounted(folder)

    if share:
        ended = one.wait(one.start(), share * one.night.cpu_seconds, read_only)
    else:
        read_only()
        ended = one.run("nightly")
    one.told.what += f", ended with {ended.exit_code}"


def _read_only(folder: Path) -> None:
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)


def with_a_damaged_parquet(one: Disturbed, number: int) -> None:
    """Damage a file of the lake before the night."""
    files = [
        path
        for file in State(Home(one.home).state).lake_files()
        if (path := one.home / "lake" / file.path).suffix == ".parquet"
    ]
    if files:
        _damage(one, one.chance.choice(files), number)


def with_a_damaged_store(one: Disturbed, number: int) -> None:
    """Damage the store before the night."""
    _damage(one, one.home / "state.sqlite", number)


def _damage(one: Disturbed, path: Path, number: int) -> None:
    name, damaged = [*KINDS_OF_DAMAGE.items()][number % len(KINDS_OF_DAMAGE)]
    content = damaged(path.read_bytes(), one.chance.random())
    one.told.place, one.told.what = name, f"{path.relative_to(one.home)}, {name}"
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    one.told.what += f", ended with {one.run('nightly').exit_code}"


def two_at_once(one: Disturbed, _number: int) -> None:
    """Start a second night while the first one runs."""
    share = one.chance.choice((0.0, one.chance.random()))
    one.told.what = f"the second after {share:.0%} of the first's time"
    others = []
    child = one.start()
    ended = one.wait(child, share * one.night.cpu_seconds, lambda: others.append(one.start()))
    codes = sorted([ended.exit_code, *(one.wait(other).exit_code for other in others)])
    one.told.what += f", ended with {' and '.join(map(str, codes))}"


FAULTS: Final = (
    Fault("kill -9 at a named step", at_a_step, 27),
    Fault("kill -9 before a change of a file", at_a_change, 20),
    Fault("kill -9 at a random moment", at_any_time, 14),
    Fault("kill -9 while the mail server has a message in hand", at_the_post, 4),
    Fault("a full disk", on_a_full_disk, 9, needs_mounts=True),
    Fault("no file can grow", where_no_file_grows, 5),
    Fault("a read-only folder", in_a_read_only_folder, 6, needs_mounts=True),
    Fault("a corrupt Parquet file of the lake", with_a_damaged_parquet, 7, needs_published=True),
    Fault("a damaged state file", with_a_damaged_store, 4, needs_published=True),
    Fault("two nights started at once", two_at_once, 4),
)
"""The kinds of faults; shares are per cent of the rounds."""
