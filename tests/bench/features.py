"""What the features of every customer at 24 month ends cost, held against the typed load of the same ledger as clean CSV.

Run by `make bench`. Every measurement is a process of its own, and those that are compared alternate; a figure is the median of several. Costs are told
by model; what the features are built on (reading the lake, core) is a phase of its own and no part of the ratio.
`python features.py night LAKE OUT` is such a process.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from big_ledger import usual_customers, write_apart  # run as a program
from ledger_build import behind, build, open_lake
from measuring import Run, median, peak, ratio, run, since, spent, tell, tell_growth, tell_ratios
from receivables.engine import connect
from receivables.engine.models import models
from receivables.settings import Settings
from typed_load import clean_csv, typed_load

TARGETS: Final = {"features / typed load": 1.3}
"""Ratio of CPU seconds that is aimed at."""

LAST: Final = "marts.payment_behaviour"
BEFORE: Final = "marts.aging_month_end"
"""What a night makes without any feature, beside core."""
MONTH_ENDS: Final = 24
LEDGER: Final = "ledger"
"""The phase of what the features are built on."""


def night(lake: Path, out: Path) -> None:
    """Build what the features are built on, then the features, model by model."""
    settings, path = Settings.model_validate({"aging": {"month_ends": MONTH_ENDS}}), Path(f"{out}.duckdb")
    con = connect(path, settings, temp=Path(f"{out}.spill"))
    models()  # they are read once a night
    begin = spent()
    open_lake(con, lake, settings)
    wanted = behind(LAST)
    step = [model for model in wanted if model.schema == "marts" and model not in behind(BEFORE)]
    build(con, [model for model in wanted if model not in step])
    costs, peaks = {LEDGER: since(begin)}, {LEDGER: peak()}
    for model in step:
        begin = spent()
        build(con, [model])
        costs[model.name] = since(begin)
    peaks["features"] = peak()
    con.close()
    path.unlink()
    print(json.dumps(costs | {"peaks": peaks}))


def measure(invoices: int, customers: int, asked: argparse.Namespace) -> dict[str, list[Run]]:
    """All runs of one ledger, by name."""
    with tempfile.TemporaryDirectory(prefix="receivables-bench-", dir=asked.scratch) as folder:
        lake, scratch = Path(folder) / "lake", Path(folder) / "out"
        scratch.mkdir()
        write_apart(lake, invoices, customers)
        loaded = scratch / "loaded.duckdb"
        wanted = {
            "night": [sys.executable, __file__, "night", str(lake), str(scratch / "night")],
            "typed load": typed_load(loaded, clean_csv(lake, scratch)),
        }
        runs: dict[str, list[Run]] = {name: [] for name in wanted}
        for _ in range(asked.times):
            for name, program in wanted.items():
                runs[name].append(run(program))
            loaded.unlink()
    return runs


def main() -> None:
    """Print costs and the ratio by ledger, then how the features grow."""
    if sys.argv[1:2] == ["night"]:
        night(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=[1_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where the lake is made (default: the system's temporary folder)")
    asked = parser.parse_args()
    grown = []
    for invoices in asked.invoices:
        customers = usual_customers(invoices)
        runs = measure(invoices, customers, asked)
        print(f"\n{invoices:,} invoices of {customers:,} customers, {MONTH_ENDS} month ends")
        tell(runs)
        first = runs["night"][0]
        print(f"night, peak MB: {', '.join(f'{name} {each:.0f}' for name, each in first.peaks.items())}")
        step = [phase for phase in first.phases if phase != LEDGER]
        tell_ratios({"features / typed load": ratio(runs["night"], runs["typed load"], step)}, TARGETS)
        grown.append((invoices, median(runs["night"], *step)))
    tell_growth("features", grown)


if __name__ == "__main__":
    main()
