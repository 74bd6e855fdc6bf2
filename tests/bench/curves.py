"""What the collection curve of a large ledger costs: 25 segments against lifelines on the same sums, and the step of a night by its parts.

Run by `make bench`. Every measurement is a process of its own, and those that are compared alternate; a figure is the median of several. No time is told
before every curve is the same in all of them to 1e-9. A curve is a segment's, of the whole or the recent history, gross or net of dilution, by amount
or by count: 200 of the 25 segments. lifelines fits each from sums of tranches by the ages between which they are under observation; so does our estimator
in Python. A night makes them from the tranches: `curve_event` sums them by age, `collection_point` estimates, judgement asks who stands behind each
age, how sure it is, and what chance follows, none of which lifelines is asked for. The typed load of the same ledger as clean CSV is the yardstick of a
whole night: three times its CPU seconds for ten million invoices, of which the step is a part.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import numpy as np

from big_ledger import usual_customers, write_apart  # run as a program
from lifelines_peer import command, read_curves
from measuring import Run, median, ratio, run, tell, tell_growth, tell_ratios
from peers import ENVIRONMENTS
from typed_load import clean_csv, typed_load

RUNS: Final = Path(__file__).resolve().with_name("curve_runs.py")

TARGETS: Final = {"estimator / lifelines": 0.2, "points / lifelines": 0.2, "points and judgement / lifelines": 0.2}
"""Ratios of CPU seconds that are aimed at."""

CUSTOMERS: Final = 20_000
"""Measured too where the ledger's usual number is another: judgement looks at every customer."""
MOST: Final = 1e-9


def check_equal(scratch: Path, names: list[str]) -> tuple[int, float]:
    """How many curves all have made, and the largest difference of a share still open at any age."""
    first, *others = (read_curves(scratch / f"{name}.npz") for name in names)
    largest = 0.0
    for other in others:
        if other.keys() != first.keys():
            raise SystemExit(
                f"got other curves {sorted(other.keys() ^ first.keys())[:4]}; expected the same; try --invoices 2000"
            )
        for name, curve in first.items():
            ages = np.union1d(curve["ages"], other[name]["ages"])
            one, two = (
                np.concatenate([[1.0], each["open_share"]])[np.searchsorted(each["ages"], ages, side="right")]
                for each in (curve, other[name])
            )
            difference = float(np.abs(one - two).max())
            if not difference <= MOST:
                raise SystemExit(
                    f"got curves {name} that differ by {difference}; expected {MOST} at most; try --invoices 2000"
                )
            largest = max(largest, difference)
    return len(first), largest


def measure(invoices: int, customers: int, asked: argparse.Namespace) -> dict[str, list[Run]]:
    """All runs of one ledger, by name."""
    with tempfile.TemporaryDirectory(prefix="receivables-bench-", dir=asked.scratch) as folder:
        lake, scratch = Path(folder) / "lake", Path(folder) / "out"
        scratch.mkdir()
        write_apart(lake, invoices, customers)
        given, loaded = scratch / "given.npz", scratch / "loaded.duckdb"
        ours = [sys.executable, str(RUNS)]
        wanted = {
            "night": [*ours, "night", str(lake), str(scratch / "night.npz")],
            "estimator": [*ours, "estimator", str(given), str(scratch / "estimator.npz")],
            "lifelines": command(given, scratch / "lifelines.npz", asked.environments),
            "typed load": typed_load(loaded, clean_csv(lake, scratch)),
        }
        runs: dict[str, list[Run]] = {name: [] for name in wanted}
        for turn in range(asked.times):
            for name, program in wanted.items():
                runs[name].append(run([*program, str(given)] if (name, turn) == ("night", 0) else program))
            loaded.unlink()
        curves, largest = check_equal(scratch, ["night", "estimator", "lifelines"])
        tranches = int(given.with_suffix(".count").read_text())
    print(
        f"\n{invoices:,} invoices of {customers:,} customers, {tranches:,} tranches: the same {curves} curves from all three, largest difference {largest:.0e}"
    )
    return runs


def main() -> None:
    """Print costs and ratios by ledger, then how the step grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--customers", type=int, nargs="+", help=f"default: invoices / 500, and {CUSTOMERS:,}")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where the lake is made (default: the system's temporary folder)")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="where lifelines' environment is")
    asked = parser.parse_args()
    grown = []
    for invoices in asked.invoices:
        for customers in asked.customers or dict.fromkeys((usual_customers(invoices), CUSTOMERS)):
            runs = measure(invoices, customers, asked)
            tell(runs)
            night = runs["night"]
            step = [phase for phase in night[0].phases if phase != "ledger"]
            print(
                "night, peak MB: "
                + ", ".join(f"{name} {max(one.peaks[name] for one in night):.0f}" for name in night[0].peaks)
            )
            found = {
                "estimator / lifelines": ratio(runs["estimator"], runs["lifelines"]),
                "points / lifelines": ratio(night, runs["lifelines"], ["collection_point"]),
                "points and judgement / lifelines": ratio(night, runs["lifelines"], ["collection_point", "judged"]),
                "step / typed load": ratio(night, runs["typed load"], step),
            }
            tell_ratios(found, TARGETS)
            if customers == usual_customers(invoices):
                grown.append((invoices, median(night, *step)))
    tell_growth("step", grown)


if __name__ == "__main__":
    main()
