"""Nights disturbed in every way, and what the next one makes of it: `python crash_matrix.py PAGE --rounds 200 --seed 12` writes the page; exit code 1 where anything was lost or doubled.

Each round is one fault in real processes on a small home, an analyst reading throughout and a mail server taking what is mailed. It runs in a mount
namespace of its own, where the machine lets it, to fill disks and to make folders read-only; what it cannot do there is skipped, with the reason.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crash_faults import FAULTS
from crash_rounds import NIGHTS, Round, Scene, played
from mail_posts import listening
from night_processes import Nursery
from study_page import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crash_rounds import Fault

SEED: Final = 12
_INSIDE: Final = "RECEIVABLES_CRASH_NAMESPACE"


def kinds(rounds: int, faults: Sequence[Fault]) -> Iterator[tuple[Fault, int]]:
    """The faults of so many rounds, each as often as its share says, spread evenly; with how many rounds of its kind were before."""
    total, before = sum(fault.share for fault in faults), Counter[str]()
    for number in range(1, rounds + 1):
        fault = max(faults, key=lambda one: one.share * number / total - before[one.name])
        yield fault, before[fault.name]
        before[fault.name] += 1


def studied(folder: Path, rounds: int, seed: int, *, nights: int, only: str = "") -> Iterator[Round]:
    """Play rounds one after the other; each is told on standard error as it ends."""
    has_mounts = _INSIDE in os.environ
    with listening(None) as post, Nursery(folder / "said") as nursery:
        scene = Scene(folder, nursery, post, random.Random(seed), has_mounts)  # no secret is made of it
        scene.prepare(nights)
        faults = [fault for fault in FAULTS if only in fault.name]
        for number, (fault, before) in enumerate(kinds(rounds, faults), start=1):
            begun = time.monotonic()
            if fault.needs_mounts and not has_mounts:
                told = Round(fault.name, skipped="no mounts for this user: unshare is not allowed")
            else:
                told = played(scene, fault, before)
            sys.stderr.write(f"{number}/{rounds} {time.monotonic() - begun:.0f} s {told}\n")
            yield told


HEAD: Final = (
    "fault", "rounds", "kills", "files told", "lines told", "nights until it was made good", "rows lost", "rows doubled", "mails lost", "mails sent twice",
    "mails unsure, and told so", "readings", "readers failed",
)  # fmt: skip


def page(found: Sequence[Round], seed: int, nights: int) -> str:
    """The page: what was done, and the table of what came of it."""
    played_rounds = [one for one in found if not one.skipped]
    rows = [_row(fault.name, [one for one in played_rounds if one.kind == fault.name]) for fault in FAULTS]
    skipped = Counter(f"{one.kind}: {one.skipped}" for one in found if one.skipped)
    bad = [one for one in played_rounds if not one.is_good]
    parts = [
        _introduction(len(played_rounds), seed, nights),
        table(HEAD, [*rows, _row("**all**", played_rounds)]),
        "\n".join(f"Skipped {count} times: {why}." for why, count in skipped.items()),
        "## What was killed, filled or damaged\n\n"
        + table(("fault", "where", "rounds"), _places(played_rounds), names=2),
        "## Rounds that ended otherwise\n\n" + ("\n".join(f"- {one}" for one in bad) or "None."),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _introduction(rounds: int, seed: int, nights: int) -> str:
    return f"""# What a night survives

`make study` measures this page (`.venv/bin/python tests/crash_matrix.py data/CRASH_STUDY.md --rounds 200`, `CRASHES=50` for fewer): {rounds} rounds in a row, seed {seed}. In each a night of a
small business is disturbed by one fault, the operator does what the message tells him, runs the night again, and every published table is held against that of the same
night undisturbed: equal rows, decimals exact, doubles to 1e-9, run ids and clocks aside. The feed is of the sample world (data/WORLD.md): {nights} nights with
documents, receipts and settlements told late, amounts and due dates mistyped and put right, cancellations, reversals, files that come late or twice. A night is
a process of its own that is ended by kill -9; an analyst reads the published file throughout, on new connections and on one that stays open, and must see the night
before or this one, whole; a mail server takes what is mailed to three readers. After each round `receivables verify` must find nothing, and no half-written file may be left.

Rows lost are those that only the undisturbed night published, rows doubled those that only the disturbed one did. A mail is lost where nobody got it and nobody was told
that it may not have arrived."""


def _row(name: str, found: Sequence[Round]) -> tuple[str, ...]:
    sums = ("kills", "files", "lines", "tries", "rows_lost", "rows_doubled", "mails_lost", "mails_twice", "mails_unsure", "readings", "readers_failed")  # fmt: skip
    return (name, str(len(found)), *(f"{sum(getattr(one, field) for one in found):,}" for field in sums))


def _places(found: Sequence[Round]) -> list[tuple[str, str, str]]:
    """How often each place was hit, without the numbers that chance drew."""
    counts = Counter((one.kind, one.place) for one in found if one.place)
    return [(kind, place, str(count)) for (kind, place), count in sorted(counts.items())]


def _inside_namespace() -> None:
    """Go on in a mount namespace of one's own, where the system allows it: what is mounted there is seen by nobody else and is gone with it."""
    unshare = shutil.which("unshare")
    if _INSIDE in os.environ or unshare is None:
        return
    options = [unshare, "-m"] if os.geteuid() == 0 else [unshare, "-rm"]
    probe = [*options, "sh", "-c", 'mount -t tmpfs none "$0" && umount "$0"', tempfile.gettempdir()]
    if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        os.environ[_INSIDE] = "1"
        os.execv(unshare, [*options, sys.executable, *sys.argv])  # noqa: S606  # itself


def main() -> None:
    """Write the page, or print it; rounds are told on standard error as they end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--nights", type=int, default=NIGHTS)
    parser.add_argument("--only", default="", help="faults whose name holds this")
    asked = parser.parse_args()
    _inside_namespace()
    found: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="receivables-crash-") as folder:
        for told in studied(Path(folder), asked.rounds, asked.seed, nights=asked.nights, only=asked.only):
            told.faults = [fault.replace(folder, "") for fault in told.faults]
            found.append(told)
            if asked.file is not None:  # who stops it has what was played until then
                asked.file.write_text(page(found, asked.seed, asked.nights), encoding="utf-8")
    if asked.file is None:
        sys.stdout.write(page(found, asked.seed, asked.nights))
    sys.exit(any(not one.is_good for one in found))


if __name__ == "__main__":
    main()
