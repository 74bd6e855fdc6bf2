"""How the tables of a large ledger that an endpoint makes compare with DuckDB's, and what they cost: `python cluster_study.py data/CLUSTER.md sail --invoices 1000000` writes its row of the page.

The ledger is that of `big_ledger.py`, the tables those of all models that read no judgement. Each engine runs in a process of its own, on the same lake; every table is then held against DuckDB's,
decimals to the cent, doubles to 1e-9. CPU seconds are those of the process that asks and of the endpoint together, from the first table to the last.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import endpoints
from big_ledger import AS_OF, batches, write_apart
from measuring import since, spent
from receivables import lake
from receivables.comparison import differences
from receivables.engine import connect, run_entries
from receivables.engine.duckdb import run_models
from receivables.engine.tables import tables_by
from receivables.settings import Settings
from study_page import table

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN: Final = "<!-- measured by tests/cluster_study.py -->\n"
END: Final = "<!-- end -->\n"
"""What the page holds between these is written by this program; a row of an engine and size replaces the one before."""

HEAD: Final = ("engine", "invoices", "tables", "rows", "tables that differ", "CPU s", "CPU s of DuckDB", "wall s")

ENGINES: Final = {"sail": endpoints.sail, "spark": endpoints.apache_spark}


def make(ledger: Path, folder: Path, remote: str) -> None:
    """Make all tables that read no judgement in a folder's file, on an endpoint if there is one; prints CPU and wall seconds."""
    engine = {"engine": {"kind": "spark_connect", "remote": remote}} if remote else {}
    settings = Settings.model_validate(engine)
    con = connect(folder / "made.duckdb", settings, temp=folder / "spill")
    begin = spent()
    lake.snapshot(con, ledger, batches())
    with tables_by(settings, folder / "tables", folder) as make_tables:
        tables = run_entries(con, settings, AS_OF, tables_by=make_tables)
        run_models(con, settings, AS_OF, on_model=_tell, tables=tables)
    cpu_s, wall_s = since(begin)
    con.execute("detach lake")
    con.close()
    sys.stdout.write(json.dumps({"cpu_s": cpu_s, "wall_s": wall_s}) + "\n")


def _tell(model: str) -> None:
    """Log that a model is begun, and the wall seconds so far: which of them are dear is read off there."""
    sys.stderr.write(f"{time.perf_counter():.2f} {model}\n")


def made(ledger: Path, folder: Path, remote: str = "") -> dict[str, float]:
    """The costs of `make` in a process of its own."""
    folder.mkdir()
    program = [sys.executable, __file__, "make", str(ledger), str(folder), remote]
    with (folder / "log").open("w") as log:
        ended = subprocess.run(program, stdout=subprocess.PIPE, stderr=log, text=True, check=False)
    if ended.returncode:
        raise SystemExit((folder / "log").read_text("utf-8")[-3000:])
    costs: dict[str, float] = json.loads(ended.stdout)
    return costs


def study(engine: str, invoices: int, folder: Path) -> list[str]:
    """A row of the page; what differs goes to standard error."""
    ledger = folder / "lake"
    write_apart(ledger, invoices)
    ours = made(ledger, folder / "duckdb")
    with ENGINES[engine](folder) as endpoint:
        begin = endpoint.cpu_s()
        theirs = made(ledger, folder / engine, endpoint.address)
        theirs["cpu_s"] += endpoint.cpu_s() - begin
    told, again = (folder / name / "made.duckdb" for name in ("duckdb", engine))
    with connect() as con:
        found = differences(con, told, again)
        con.execute(f"attach '{told}' as told (read_only)")
        names: list[tuple[Any, ...]] = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'told'"
        ).fetchall()
        rows = sum(con.execute(f"select count(*) from told.{name}").fetchall()[0][0] for (name,) in names)
    for one in found:
        sys.stderr.write(f"{one.how}\n")
    figures = [len(names), rows, len(found), round(theirs["cpu_s"]), round(ours["cpu_s"]), round(theirs["wall_s"])]
    return [engine, f"{invoices:,}", *(f"{figure:,}" for figure in figures)]


def with_row(page: str, row: Sequence[str]) -> str:
    """The page with a row in its place."""
    before, _, rest = page.partition(BEGIN)
    told, _, after = rest.partition(END)
    rows = [line.strip("| \n").split(" | ") for line in told.splitlines()[2:] if line.startswith("|")]
    kept = [one for one in rows if one[:2] != [*row[:2]]]
    listed = sorted([*kept, [*row]], key=lambda one: (one[0], int(one[1].replace(",", ""))))
    return f"{before}{BEGIN}{table(HEAD, listed)}\n{END}{after}"


def main() -> None:
    """Measure a ledger on an endpoint and write its row, or make one engine's tables."""
    if sys.argv[1:2] == ["make"]:
        make(Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("engine", choices=[*ENGINES])
    parser.add_argument("--invoices", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="where files are made and stay (default: none stay)")
    asked = parser.parse_args()
    with (
        nullcontext(asked.folder) if asked.folder else tempfile.TemporaryDirectory(prefix="receivables-") as place,
    ):
        row = study(asked.engine, asked.invoices, Path(place))
    asked.page.write_text(with_row(asked.page.read_text(encoding="utf-8"), row), encoding="utf-8")


if __name__ == "__main__":
    main()
