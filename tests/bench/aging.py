"""What the aging of a large ledger costs, from the lake's Parquet files: the models against pandas and polars, growth, month ends.

Run by `make bench`. Every measurement is a process of its own, and those that are compared alternate; a figure is the median of several. No time
is told before all have computed the same items and cents for every customer, currency and bucket. The peers get environments of their
own, made at the first run (which needs a package index; `--peers` without a name leaves them out).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from aging_peers import PINNED, PROGRAMS  # run as a program
from big_ledger import AS_OF, write_apart
from measuring import BESIDE, Run, median, ratio, run, tell, tell_growth, tell_ratios
from peers import ENVIRONMENTS, environment

REPLAY: Final = Path(__file__).resolve().with_name("replay.py")

TARGETS: Final = {
    "aging from tables / primitive": 1.3,
    "aging from Parquet / pandas": 0.6,
    "aging from Parquet / polars": 1.0,
    "24 month ends / one day": 6.0,
}
"""Ratios of CPU seconds that are aimed at; the last one says that month ends are cheaper than replays of their own."""


def commands(lake: Path, scratch: Path, peers: list[str], environments: Path, *, whole: bool) -> dict[str, list[str]]:
    """What is run, by name; the second-last argument of a peer and the last but one of ours is where the aging goes."""
    kinds = ("aging", "months", *(("whole",) if whole else ()))
    ours = {kind: [sys.executable, str(REPLAY), str(lake), str(scratch / f"{kind}.csv"), kind] for kind in kinds}
    theirs = {
        peer: [
            str(environment(peer, PINNED[peer], environments)),
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
        scratch.mkdir()
        write_apart(lake, invoices)
        wanted = commands(lake, scratch, asked.peers, asked.environments, whole=asked.whole)
        runs: dict[str, list[Run]] = {name: [] for name in wanted}
        for turn in range(asked.times):
            for name, command in wanted.items():
                if name != "whole" or turn == 0:
                    runs[name].append(run(command))
        rows = check_equal(scratch, [*wanted])
    print(f"\n{invoices:,} invoices: the same {rows:,} rows of the aging from {', '.join(wanted)}")
    return runs


def ratios(runs: dict[str, list[Run]]) -> dict[str, float]:
    """What is held against the targets, each pair from the same turns."""
    found = {
        "aging from tables / primitive": ratio(runs["aging"], runs["aging"], ["aging"], [BESIDE]),
        "24 month ends / one day": ratio(runs["months"], runs["aging"], ["aging"], ["aging"]),
    }
    return found | {f"aging from Parquet / {peer}": ratio(runs["aging"], runs[peer]) for peer in PINNED if peer in runs}


def main() -> None:
    """Print costs and ratios by size, then how costs grow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=[*PINNED], choices=[*PINNED])
    parser.add_argument("--whole", action="store_true", help="measure all models of a night too, once per size")
    parser.add_argument("--scratch", type=Path, help="where the lake is made (default: the system's temporary folder)")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="where the peers' environments are")
    asked = parser.parse_args()
    grown: dict[str, list[tuple[int, float]]] = {}
    for invoices in asked.invoices:
        runs = measure(invoices, asked)
        tell(runs)
        tell_ratios(ratios(runs), TARGETS)
        for name, each in runs.items():
            grown.setdefault(name, []).append((invoices, median(each)))
    for name, points in grown.items():
        tell_growth(name, points)


if __name__ == "__main__":
    main()
