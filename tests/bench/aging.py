"""What the aging of a large ledger costs, from the lake's Parquet files: the models against pandas and polars, growth, month ends.

Run by `make bench`. Every measurement is a process of its own, and those that are compared alternate; a figure is the median of several. No time
is told before all have computed the same items and cents for every customer, currency and bucket. The peers get environments of their
own, made at the first run (which needs a package index; `--peers` without a name leaves them out).
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from aging_peers import PINNED, PROGRAMS  # run as a program
from big_ledger import AS_OF, write

ROOT: Final = Path(__file__).resolve().parents[2]
REPLAY: Final = Path(__file__).resolve().with_name("replay.py")

TARGETS: Final = (
    ("aging from tables / primitive", 1.3),
    ("aging from Parquet / pandas", 0.6),
    ("aging from Parquet / polars", 1.0),
    ("24 month ends / one day", 6.0),
)
"""Ratios of CPU seconds that are aimed at; the last one says that month ends are cheaper than replays of their own."""


@dataclass(frozen=True)
class Run:
    """One process: CPU and wall seconds by phase, peak memory in MB."""

    phases: dict[str, tuple[float, float]]
    memory: float

    @property
    def cpu(self) -> float:
        """Of reading and computing, without what is only measured beside it."""
        return sum(cpu for name, (cpu, _) in self.phases.items() if name != "primitive")

    @property
    def wall(self) -> float:
        """As cpu, on the clock."""
        return sum(wall for name, (_, wall) in self.phases.items() if name != "primitive")


def run(command: list[str]) -> Run:
    """Run one program; its last line tells the phases."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    told = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise SystemExit(
            f"got exit status {child.returncode}; expected 0; try running it by hand: {' '.join(command[-3:])}"
        )
    return Run({name: tuple(pair) for name, pair in json.loads(told.splitlines()[-1]).items()}, usage.ru_maxrss / 1024)


def environment(peer: str, folder: Path) -> Path:
    """The Python of a peer's own environment, made if need be."""
    python = folder / peer / "bin" / "python"
    ready = folder / f"{peer}.ready"
    if not ready.exists() or ready.read_text() != " ".join(PINNED[peer]):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder / peer)], check=True)
        installed = subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PINNED[peer]], check=False)
        if installed.returncode:
            raise SystemExit(f"got no {PINNED[peer][0]}; expected a package index that has it; try --peers without it")
        ready.write_text(" ".join(PINNED[peer]))
    return python


def commands(lake: Path, scratch: Path, peers: list[str], environments: Path, *, whole: bool) -> dict[str, list[str]]:
    """What is run, by name; the second-last argument of a peer and the last but one of ours is where the aging goes."""
    kinds = ("aging", "months", *(("whole",) if whole else ()))
    ours = {kind: [sys.executable, str(REPLAY), str(lake), str(scratch / f"{kind}.csv"), kind] for kind in kinds}
    theirs = {
        peer: [
            str(environment(peer, environments)),
            "-c",
            PROGRAMS[peer],
            str(lake),
            str(scratch / f"{peer}.csv"),
            AS_OF.isoformat(),
        ]
        for peer in peers
    }
    return ours | theirs


def check_equal(scratch: Path, names: list[str]) -> int:
    """How many rows all agings have, which must be the same to the cent."""
    texts = {name: (scratch / f"{name}.csv").read_text(encoding="utf-8").splitlines() for name in names}
    first = texts[names[0]]
    for name in names:
        different = sorted(set(texts[name]) ^ set(first))
        if different or len(texts[name]) != len(first):
            raise SystemExit(
                f"got {len(different)} rows that differ between {names[0]} and {name}, first {different[:4]}; expected the same aging; try --invoices 2000"
            )
    return len(first) - 1


def measure(invoices: int, asked: argparse.Namespace) -> dict[str, list[Run]]:
    """All runs of one size, by name."""
    with tempfile.TemporaryDirectory(prefix="receivables-bench-", dir=asked.scratch) as folder:
        lake, scratch = Path(folder) / "lake", Path(folder) / "out"
        lake.mkdir()
        scratch.mkdir()
        write(lake, invoices)
        wanted = commands(lake, scratch, asked.peers, asked.environments, whole=asked.whole)
        runs: dict[str, list[Run]] = {name: [] for name in wanted}
        for turn in range(asked.times):
            for name, command in wanted.items():
                if name != "whole" or turn == 0:
                    runs[name].append(run(command))
        rows = check_equal(scratch, [*wanted])
    print(f"\n{invoices:,} invoices: the same {rows:,} rows of the aging from {', '.join(wanted)}")
    return runs


def median(runs: list[Run], phase: str = "") -> float:
    """CPU seconds, of one phase or of all."""
    return statistics.median(each.phases[phase][0] if phase else each.cpu for each in runs)


def tell(runs: dict[str, list[Run]]) -> None:
    """One line per program."""
    print(f"{'':10} {'CPU s':>8} {'wall s':>8} {'peak MB':>8}   CPU s by phase")
    for name, each in runs.items():
        phases = "  ".join(f"{phase} {median(each, phase):.2f}" for phase in each[0].phases)
        wall = statistics.median(one.wall for one in each)
        print(f"{name:10} {median(each):>8.2f} {wall:>8.2f} {max(one.memory for one in each):>8.0f}   {phases}")


def ratios(runs: dict[str, list[Run]]) -> dict[str, float]:
    """What is held against the targets, each pair from the same turns."""
    found = {
        "aging from tables / primitive": [
            (one.phases["aging"][0], one.phases["primitive"][0]) for one in runs["aging"]
        ],
        "24 month ends / one day": [
            (many.phases["aging"][0], one.phases["aging"][0])
            for many, one in zip(runs["months"], runs["aging"], strict=True)
        ],
    }
    for peer in PINNED:
        if peer in runs:
            found[f"aging from Parquet / {peer}"] = [
                (one.cpu, their.cpu) for one, their in zip(runs["aging"], runs[peer], strict=True)
            ]
    return {name: statistics.median(ours / theirs for ours, theirs in pairs) for name, pairs in found.items()}


def main() -> None:
    """Print costs and ratios by size, then how costs grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=[*PINNED], choices=[*PINNED])
    parser.add_argument("--whole", action="store_true", help="measure all models of a night too, once per size")
    parser.add_argument("--scratch", type=Path, help="where the lake is made (default: the system's temporary folder)")
    parser.add_argument(
        "--environments", type=Path, default=ROOT / "build" / "bench", help="where the peers' environments are"
    )
    asked = parser.parse_args()
    grown: dict[str, list[tuple[int, float]]] = {}
    for invoices in asked.invoices:
        runs = measure(invoices, asked)
        tell(runs)
        found = ratios(runs)
        for name, most in TARGETS:
            if name in found:
                print(
                    f"{name:32} {found[name]:>6.2f}   aimed at {most:.1f} at most: {'met' if found[name] <= most else 'not met'}"
                )
        for name, each in runs.items():
            grown.setdefault(name, []).append((invoices, median(each)))
    for name, points in grown.items():
        if len(points) > 1:
            (few, cheap), *_, (many, dear) = points
            print(
                f"{name:10} CPU grows with the {math.log(dear / cheap) / math.log(many / few):.2f}th power of invoices"
            )


if __name__ == "__main__":
    main()
