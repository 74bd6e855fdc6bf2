"""One writer at a time: a living one is named, a dead one blocks nobody, and a night waits for a command but never for another night."""

from __future__ import annotations

import os
import re
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

from homes import command, script, seal
from receivables.settings import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLDING: Final = """
import sys, time
from pathlib import Path
from receivables.home import Home
with Home(Path(sys.argv[1])).only_writer(sys.argv[2]):
    print("held", flush=True)
    if sys.argv[3] == "a while":
        time.sleep(1.5)
    else:
        sys.stdin.readline()
"""


@contextmanager
def holding(home: Path, verb: str = "nightly", how_long: str = "until it is told") -> Iterator[int]:
    """A process that is writing the home; its id."""
    with script(HOLDING, home, verb, how_long) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process.pid
        process.kill()


@pytest.mark.parametrize("verb", ["nightly", "build", "report"])
def test_a_second_writer_is_told_who_is_at_work_with_what_and_since_when(home: Path, verb: str) -> None:
    with holding(home, "nightly") as pid:
        before = seal(home)
        ended = command(verb, "--home", home)
        assert ended.exit_code == 4
        named = rf"in use by process {pid}, nightly since 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ; expected one run at a time"
        assert re.search(named, ended.only_message())
        assert seal(home) == before


def test_who_only_reads_is_served_while_a_night_runs(home: Path) -> None:
    with holding(home):
        assert command("status", "--home", home).exit_code == 0
        assert command("findings", "--home", home).exit_code == 0
        assert command("trace", "D1", "--home", home).exit_code == 0


def test_a_dead_holder_blocks_nobody(home: Path) -> None:
    with holding(home) as pid:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        assert command("build", "--home", home).exit_code == 0


def test_a_night_waits_for_a_command_that_is_at_work(home: Path) -> None:
    with holding(home, "flags", "a while"):
        assert command("nightly", "--home", home).exit_code == 0


def test_a_night_waits_no_longer_than_the_settings_say_and_a_command_not_at_all(home: Path) -> None:
    (home / FILE_NAME).write_text("[unattended]\nlock_wait_seconds = 1\n", encoding="utf-8")
    with holding(home, "flags") as pid:
        assert f"in use by process {pid}, flags since" in command("nightly", "--home", home).only_message()
        assert f"in use by process {pid}, flags since" in command("build", "--home", home).only_message()
