"""What the core of a night costs on a large ledger, step by step and model by model, held against the typed load of the same ledger as clean CSV.

Run by `make bench`. The core is: the lake and what is built on it, the aging with its control, 24 month ends, collection curves as judged, features of customers, seasonal
sums, roll rates. Each measurement is a process of its own, and those that are compared alternate; a figure is the median of several. No time is told before the
aging ties to the ledger to the cent. `python core.py core LAKE OUT` is such a process; it writes the costs of all models to OUT. `primitives` in its place measures what any
ledger of that size costs: to read it, one join, one sum.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from big_ledger import AS_OF, TABLES, usual_customers, write_apart  # run as a program
from ledger_build import behind, build, open_lake
from measuring import Run, median, peak, ratio, run, since, spent, tell, tell_growth, tell_ratios
from receivables.engine import connect
from receivables.engine.calendar import write_business_days
from receivables.engine.models import models
from receivables.judgement import judge_collection
from receivables.settings import Settings
from typed_load import clean_csv, typed_load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from measuring import Cost
    from receivables.engine import Connection

MONTH_ENDS: Final = 24

STEPS: Final = {
    "aging": ("marts.aging", "marts.aging_control"),
    "month ends": ("marts.aging_month_end",),
    "curves": ("marts.collection_point", "marts.group_curve"),
    "features": ("marts.payment_behaviour",),
    "seasons": ("marts.buying_month", "marts.buying_group_month"),
    "roll rates": ("marts.roll_rate",),
}
"""What each step ends with; a model that several need is made in, and counts for, the first of them."""

TARGETS: Final = {"core / typed load": 3.0, "features / typed load": 1.3}
"""Ratios of CPU seconds that are aimed at, for ten million invoices."""

PEAK_GB: Final = 4.0
"""Peak of the process, for ten million invoices."""

MEMORY: Final = Settings().engine.memory_limit
"""What DuckDB may take unless told otherwise: the setting's default."""

DEAREST: Final = 10


@dataclass(frozen=True)
class Measured:
    """All runs of one ledger, by name; CPU seconds by model, of the last run; bytes of the file that is written."""

    runs: dict[str, list[Run]]
    costs: dict[str, float]
    size: int

    def dearest(self) -> list[tuple[str, float]]:
        """The models that cost most."""
        return sorted(self.costs.items(), key=lambda each: -each[1])[:DEAREST]


PRIMITIVES: Final = {
    "Parquet to tables": "create table {table} as select * from read_parquet('{lake}/{table}/*.parquet')",
    "invoices with allocations, summed": """create table paid as
      select document.customer_id, document.amount_doc - coalesce(paid.amount_doc, 0) as open_doc
      from document
      left join (select to_doc_id, sum(amount_to_doc) as amount_doc from allocation group by to_doc_id) as paid on document.doc_id = paid.to_doc_id""",
    "sum by customer": "create table owed as select customer_id, sum(open_doc) as open_doc from paid group by customer_id",
}


def primitives(lake: Path, out: Path) -> None:
    """What any ledger of that size costs: reading it, one join, one sum."""
    con = connect(Path(f"{out}.duckdb"), Settings(), temp=Path(f"{out}.spill"))
    phases = {}
    for name, sql in PRIMITIVES.items():
        begin = spent()
        for table in TABLES if "{table}" in sql else ("",):
            con.execute(sql.format(lake=lake, table=table))
        phases[name] = since(begin)
    con.close()
    Path(f"{out}.duckdb").unlink()
    print(json.dumps(phases))


def _step(con: Connection, names: tuple[str, ...], made: set[str], costs: dict[str, float]) -> None:
    for model in behind(*names):
        if model.full_name not in made:
            begin = spent()
            build(con, [model])
            made.add(model.full_name)
            costs[model.full_name] = since(begin)[0]


def core(lake: Path, out: Path, memory: str = MEMORY) -> None:
    """Build the core in so much memory, write what each model cost, tell what each step did."""
    asked = {"aging": {"month_ends": MONTH_ENDS}, "engine": {"memory_limit": memory}}
    settings, path = Settings.model_validate(asked), Path(f"{out}.duckdb")
    con = connect(path, settings, temp=Path(f"{out}.spill"))
    costs: dict[str, float] = {}
    phases: dict[str, Cost] = {}
    peaks: dict[str, float] = {}
    made: set[str] = set()
    models()  # they are read once a night
    begin = spent()
    open_lake(con, lake, settings)
    phases["lake"], peaks["lake"] = since(begin), peak()
    begin = spent()
    every = behind(*(name for names in STEPS.values() for name in names))
    _step(con, tuple(model.full_name for model in every if model.schema in ("staging", "core")), made, costs)
    write_business_days(con, settings, AS_OF)
    phases["core"], peaks["core"] = since(begin), peak()
    for step, names in STEPS.items():
        begin = spent()
        _step(con, names, made, costs)
        if step == "curves":
            judging = spent()
            judge_collection(con, settings.curve)
            costs["judgement of the curves"] = since(judging)[0]
        phases[step], peaks[step] = since(begin), peak()
    ((companies, difference),) = con.execute(
        "select count(*), max(abs(difference)) from marts.aging_control"
    ).fetchall()
    begin = spent()
    con.execute("checkpoint")
    phases["checkpoint"], peaks["checkpoint"] = since(begin), peak()
    con.close()
    out.write_text(
        json.dumps(
            {"costs": costs, "balances": companies, "difference": str(difference), "bytes": path.stat().st_size}
        ),
        encoding="utf-8",
    )
    path.unlink()
    print(json.dumps(phases | {"peaks": peaks}))


def measure(invoices: int, times: int, scratch: Path | None, memory: str = MEMORY) -> Measured:
    """All runs of one ledger, by name, and what its models cost.

    Raises:
        SystemExit: the aging does not tie to the ledger.
    """
    with tempfile.TemporaryDirectory(prefix="receivables-bench-", dir=scratch) as folder:
        lake, out = Path(folder) / "lake", Path(folder) / "out"
        out.mkdir()
        write_apart(lake, invoices)
        loaded = out / "loaded.duckdb"
        wanted = {
            "core": [sys.executable, __file__, "core", str(lake), str(out / "night"), memory],
            "primitives": [sys.executable, __file__, "primitives", str(lake), str(out / "primitives")],
            "typed load": typed_load(loaded, clean_csv(lake, out)),
        }
        runs: dict[str, list[Run]] = {name: [] for name in wanted}
        for _ in range(times):
            for name, program in wanted.items():
                runs[name].append(run(program))
            loaded.unlink()
        told = json.loads((out / "night").read_text(encoding="utf-8"))
    if not told["balances"] or Decimal(told["difference"]):
        raise SystemExit(
            f"got {told['balances']} balances of which one is {told['difference']} off; expected all to tie; try --invoices 2000"
        )
    return Measured(runs, told["costs"], told["bytes"])


def ratios(runs: Mapping[str, Sequence[Run]]) -> dict[str, float]:
    """What is held against the targets, each pair from the same turns."""
    return {
        "core / typed load": ratio(runs["core"], runs["typed load"]),
        "features / typed load": ratio(runs["core"], runs["typed load"], ["features"]),
        "curves / typed load": ratio(runs["core"], runs["typed load"], ["curves"]),
    }


def main() -> None:
    """Print costs by step, the dearest models and ratios, by ledger, then how costs grow."""
    if sys.argv[1:2] in (["core"], ["primitives"]):
        {"core": core, "primitives": primitives}[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where the lake is made (default: the system's temporary folder)")
    parser.add_argument("--memory", default=MEMORY, help="what DuckDB may take")
    asked = parser.parse_args()
    grown = []
    for invoices in asked.invoices:
        found = measure(invoices, asked.times, asked.scratch, asked.memory)
        print(
            f"\n{invoices:,} invoices of {usual_customers(invoices):,} customers, {MONTH_ENDS} month ends; {found.size / 1e6:,.0f} MB written"
        )
        tell(found.runs)
        for name, cost in found.dearest():
            print(f"  {name:40} {cost:>7.2f}")
        tell_ratios(ratios(found.runs), TARGETS)
        grown.append((invoices, median(found.runs["core"])))
    tell_growth("core", grown)


if __name__ == "__main__":
    main()
