"""The rows that performance is held to, each measured by the bench that it belongs to, as a page: `python table.py data/BENCH.md`.

Run by `make bench`. What is measured, how, and what must come out equal before a time counts stands with each bench: `core.py`, `aging.py`, `curves.py`,
`landing.py`, `pages.py`. The page tells the machine, what is not reached with where the time goes, and what is not measured.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import re
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # run as a program
from aging_peers import PINNED
from bench import aging, core, curves, landing, pages
from big_ledger import usual_customers
from measuring import Run, median, ratio
from peers import ENVIRONMENTS
from receivables.dates import utc_now
from study_page import table

if TYPE_CHECKING:
    from collections.abc import Sequence

NOTES: Final = Path(__file__).resolve().with_name("notes.md")

LARGEST: Final = 10_000_000
"""Invoices of the ledger that the targets of the core are set for."""

NOT_BUILT: Final = (
    "aging and curve together against pandas and polars (the peers compute no curve; the peak of the aging alone stands above), "
    "the aged balance against Tryton's report (`make bench-tryton` measures it, apart from this page: it needs PostgreSQL)"
)


@dataclass
class Page:
    """What is told, as it is measured."""

    times: int
    memory: str
    costs: list[list[str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    dearest: list[str] = field(default_factory=list)
    cores: list[tuple[int, float]] = field(default_factory=list)

    def row(self, name: str, invoices: int, reached: float, most: float | None, at: int = 0) -> None:
        """A ratio or a figure held against the most it may be, from a size on: of a smaller ledger it says nothing yet."""
        aimed = "" if most is None else f"≤ {most:g}{f' at {at:,}' if at else ''}"
        met = "" if most is None or invoices < at else "yes" if reached <= most else "no"
        self.rows.append([name, f"{invoices:,}", aimed, f"{reached:.2f}", met])

    def cost(self, name: str, invoices: int, runs: Sequence[Run], *phases: str) -> None:
        """CPU and wall seconds of some phases of a program, or of all, and its peak, by then where it tells more than one."""
        wall = statistics.median(sum(one.phases[phase][1] for phase in phases) if phases else one.wall for one in runs)
        peak = max(
            max((one.peaks[phase] for phase in phases if phase in one.peaks), default=one.memory) for one in runs
        )
        self.costs.append([name, f"{invoices:,}", f"{median(runs, *phases):.2f}", f"{wall:.2f}", f"{peak:,.0f}"])

    def written(self, notes: str) -> str:
        """The page in Markdown."""
        growth = ""
        if len(self.cores) > 1:
            (few, cheap), *_, (many, dear) = self.cores
            power = math.log(dear / cheap) / math.log(many / few)
            growth = f"\nCPU of the core grows with the {power:.2f}th power of invoices from {few:,} to {many:,}; aimed at 1.05 at most from a million to ten.\n"
        return f"""# What a large ledger costs

`make bench` measures this page on ledgers that a rule makes (`tests/big_ledger.py`): N invoices, 1.2 N receipts, N/500 customers, five years. Programs that are compared
alternate in one run, {self.times} times, those of ten million once; a figure is the median. DuckDB may take {self.memory} in the core. No time counts before the results are equal: agings and balances to the cent, curves to 1e-9.
CPU seconds and ratios hold on a busy machine, wall seconds do not.

{machine()}

## What is aimed at

{table(["CPU seconds against", "rows", "aimed at", "reached", "met"], self.rows)}
{growth}
Not measured: {NOT_BUILT}.

## What it costs

{table(["", "invoices", "CPU s", "wall s", "peak MB"], self.costs)}

## Where the time goes

{chr(10).join(self.dearest)}
{notes}"""


def machine() -> str:
    """The machine in a sentence."""
    told = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    name = re.search(r"^model name\s*:\s*(.+)$", told, flags=re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    import duckdb

    return (
        f"Measured on {utc_now():%Y-%m-%d}: {os.cpu_count()} cores ({name[1] if name else platform.machine()}), {memory:.0f} GB of memory,"
        f" load {os.getloadavg()[2]:.0f}; Python {platform.python_version()}, DuckDB {duckdb.__version__}."
    )


def of_core(page: Page, invoices: int, asked: argparse.Namespace) -> None:
    """The core against the typed load, and the primitives."""
    found = core.measure(invoices, asked.times, asked.scratch, asked.memory)
    night = found.runs["core"]
    page.cores.append((invoices, median(night)))
    for name, value in core.ratios(found.runs).items():
        page.row(name, invoices, value, core.TARGETS.get(name), LARGEST)
    page.row("peak of the core, GB", invoices, max(one.memory for one in night) / 1000, core.PEAK_GB, LARGEST)
    page.cost("typed CSV to tables (the yardstick)", invoices, found.runs["typed load"])
    for name in core.PRIMITIVES:
        page.cost(name, invoices, found.runs["primitives"], name)
    page.cost("core", invoices, night)
    for step in night[0].phases:
        page.cost(f"core: {step}", invoices, night, step)
    dearest = [[name, f"{cost:.2f}"] for name, cost in found.dearest()]
    page.dearest += [
        f"The dearest models at {invoices:,} invoices, CPU seconds:",
        "",
        table(["model", "CPU s"], dearest),
        "",
    ]


def of_aging(page: Page, invoices: int, asked: argparse.Namespace) -> None:
    """The aging against the primitive and peers."""
    runs = aging.measure(invoices, asked)
    for name, value in aging.ratios(runs).items():
        page.row(name, invoices, value, aging.TARGETS[name])
    ours = max(one.memory for one in runs["aging"])
    for peer in (peer for peer in PINNED if peer in runs):
        page.row(f"peak memory of the aging / {peer}", invoices, ours / max(one.memory for one in runs[peer]), None)
        page.cost(f"aging, {peer}", invoices, runs[peer])
    page.cost("aging, from Parquet", invoices, runs["aging"], "load", "aging")


def of_curves(page: Page, invoices: int, asked: argparse.Namespace) -> None:
    """25 curves against lifelines."""
    runs = curves.measure(invoices, usual_customers(invoices), asked)
    night = runs["night"]
    for name, ours, phases in (
        ("estimator", runs["estimator"], []),
        ("points", night, ["collection_point"]),
        ("points and judgement", night, ["collection_point", "judged"]),
    ):
        target = f"{name} / lifelines"
        page.row(f"25 curves: {target}", invoices, ratio(ours, runs["lifelines"], phases), curves.TARGETS[target])
    page.cost("25 curves, lifelines", invoices, runs["lifelines"])


def of_landing(page: Page, rows: int, asked: argparse.Namespace) -> None:
    """Reading what an ERP writes against the typed load of the same rows."""
    for dialect in landing.DIALECTS:
        with tempfile.TemporaryDirectory(prefix="receivables-bench-", dir=asked.scratch) as folder:
            landed, loaded = landing.measure(dialect, rows, asked.times, Path(folder))
        page.row(f"ingest, {dialect.name} / typed load", rows, ratio(landed, loaded), landing.TARGET)


def main() -> None:
    """Measure all rows that are asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument(
        "--invoices", type=int, nargs="+", default=[100_000, 1_000_000], help="10000000 takes two hours"
    )
    parser.add_argument("--core", type=int, nargs="*", help="other sizes for the core")
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000], help="rows of exports")
    parser.add_argument("--times", type=int, default=3, help="of each; those of ten million are measured once")
    parser.add_argument("--memory", default=core.MEMORY, help="what DuckDB may take in the core")
    parser.add_argument("--peers", nargs="*", default=[*PINNED], choices=[*PINNED])
    parser.add_argument("--scratch", type=Path, help="where ledgers are made (default: the system's temporary folder)")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="where the peers' environments are")
    parser.add_argument("--notes", type=Path, default=NOTES, help="Markdown that ends the page")
    asked = parser.parse_args()
    asked.whole = False
    notes = asked.notes.read_text(encoding="utf-8")
    page = Page(asked.times, asked.memory)
    page.row("1,000 customer pages, CPU s", 1000, pages.of_a_thousand(1000)[0], pages.THOUSAND_S)
    # what was measured is kept, whatever becomes of the rest
    for measured, sizes in (
        (of_core, asked.core or asked.invoices),
        (of_landing, asked.rows),
        (of_aging, asked.invoices),
        (of_curves, asked.invoices),
    ):
        for size in sizes:
            asked.times = page.times if size < LARGEST else 1
            measured(page, size, asked)
            asked.page.write_text(page.written(notes), encoding="utf-8")


if __name__ == "__main__":
    main()
