"""What the aged balance of an ERP costs beside ours: Tryton's, on PostgreSQL, from the same ledger of 100,000 invoices.

Run by `make bench-tryton`, not by `make bench`: it needs PostgreSQL (Debian's `postgresql`) and, at the first run, a package index. Every measurement is a process of its
own, and those that are compared alternate; a figure is the median of several. No time is told before all three have the same five sums for every party, to the cent.

The ledger is that of `big_ledger`, simplified to what both can tell (see `tryton_ledger`): one currency, one due date per invoice, settled on the day of what settles. It is
laid straight into Tryton's tables, in a database that Tryton's own modules made, and PostgreSQL gathers its statistics and vacuums before anything is measured. **Tryton's
report** is its model `account.aged_balance` read as a client reads it (search, then read, with the rights of an accountant), CPU seconds of Python and of all processes of
PostgreSQL together; printing the document stands apart, in no ratio, and starting trytond only in that of cold processes. **Its bare SQL** is the query behind it, alone.
**Ours from tables** are the models from core to open items and aging, and the sums by party; from Parquet, with reading the lake and building core too.

What is not the same: ours writes every open item with its bucket by three dates, its disputes and currencies, and the aging by bucket and currency, as tables, where
Tryton answers with sums and keeps nothing. Tryton's rows stand in PostgreSQL before the clock begins, as core does with ours. Its printed document is a text document;
turning it into PDF is left out. PostgreSQL is set as `postgres.SETTINGS` says (room for all in
memory, nothing in the background), else as it comes; its memory is in no peak that is told. A cold process of Tryton is a server's first request; a server that runs has started long before.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from big_ledger import AS_OF, write_apart  # run as a program
from measuring import Run, ratio, run, tell, tell_ratios
from peers import ENVIRONMENTS
from postgres import psql, serving
from receivables.engine import connect
from tryton_ledger import simplified, tryton_rows
from tryton_peer import BARE, DATABASE, PREPARE, REPORT, command

if TYPE_CHECKING:
    from postgres import Server
    from receivables.engine import Connection

OURS: Final = Path(__file__).resolve().with_name("aged_balance.py")

TABLES: Final = ("aging", "balance")
PARQUET: Final = ("load", *TABLES)
REPORTED: Final = ("report", "report, server")
QUERIED: Final = ("query", "query, server")

TARGETS: Final = {"ours from tables / Tryton's report": 1 / 8, "ours from tables / Tryton's bare SQL": 1 / 3}
"""Ratios of CPU seconds that are aimed at."""


def prepared(server: Server, con: Connection, asked: argparse.Namespace) -> dict[str, Any]:
    """The ids of what trytond made for itself, in a new database; its periods cover the ledger's days."""
    days = con.execute(
        "select min(day)::varchar, max(day)::varchar from (select doc_date as day from told_document"
        " union all select greatest(pay_date, reversal_date) from told_payment)"
    ).fetchone()
    assert days is not None
    psql(server, "postgres", f"create database {DATABASE}")
    making = command(PREPARE, server, *days, environments=asked.environments)
    done = subprocess.run(making, capture_output=True, text=True, check=False)
    if done.returncode:
        told = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise SystemExit(
            f"got {told!r} from trytond; expected a new database; try the pinned versions of tryton_peer.py"
        )
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


def fill(server: Server, con: Connection, ids: dict[str, Any], scratch: Path) -> dict[str, int]:
    """Lay the ledger into Tryton's tables; how many rows each got."""
    counts = {}
    for table, query in tryton_rows(con, ids).items():
        file = scratch / f"{table}.csv"
        rows = con.execute(f"copy ({query}) to '{file}' (format csv, header)").fetchone()
        assert rows is not None
        counts[table] = rows[0]
        with file.open(encoding="utf-8") as opened:
            columns = opened.readline().strip()
        psql(
            server,
            DATABASE,
            f"\\copy {table} ({columns}) from '{file}' csv header",
            f"select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table}",
        )
        file.unlink()
    psql(server, DATABASE, "vacuum analyze", "checkpoint")
    return counts


def check_equal(scratch: Path, names: list[str]) -> int:
    """How many parties all balances have, which must be the same to the cent; one that has nothing in any column counts as none."""
    found = {}
    for name in names:
        lines = [line.split(",") for line in (scratch / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]]
        rows = [(party, *map(Decimal, sums)) for party, *sums in lines]
        found[name] = {row for row in rows if any(row[1:])}
    first = found[names[0]]
    for name in names:
        if found[name] != first:
            different = sorted(found[name] ^ first)
            raise SystemExit(
                f"got {len(different)} rows that differ between {names[0]} and {name}, first {different[:2]}; expected the same balances; try --invoices 2000"
            )
    if not first:
        raise SystemExit("got no open balance; expected some; try more --invoices")
    return len(first)


def measure(invoices: int, asked: argparse.Namespace) -> dict[str, list[Run]]:
    """All runs of one size, by name."""
    with tempfile.TemporaryDirectory(prefix="receivables-bench-", dir=asked.scratch) as folder, serving() as server:
        told, lake, scratch = (Path(folder) / name for name in ("told", "lake", "out"))
        scratch.mkdir()
        write_apart(told, invoices)
        con = connect()
        simplified(con, told, lake)
        ids = prepared(server, con, asked)
        counts = fill(server, con, ids, scratch)
        con.close()
        bare = scratch / "bare.sql"
        day, user = AS_OF.isoformat(), ids["user"]
        wanted = {
            "ours": [sys.executable, str(OURS), str(lake), str(scratch / "ours.csv")],
            "Tryton": command(REPORT, server, scratch / "Tryton.csv", bare, day, user, environments=asked.environments),
            "bare SQL": command(BARE, server, scratch / "bare SQL.csv", bare, environments=asked.environments),
        }
        runs: dict[str, list[Run]] = {name: [] for name in wanted}
        for _ in range(asked.times):
            for name, program in wanted.items():
                runs[name].append(run(program))
        parties = check_equal(scratch, [*wanted])
    rows = ", ".join(f"{count:,} {table}" for table, count in counts.items())
    print(
        f"\n{invoices:,} invoices ({rows}) on PostgreSQL {server.version}: the same balances of {parties:,} parties from {', '.join(wanted)}"
    )
    return runs


def ratios(runs: dict[str, list[Run]]) -> dict[str, float]:
    """What is held against the targets, each pair from the same turns, and what is told beside."""
    ours, report, bare = runs["ours"], runs["Tryton"], runs["bare SQL"]
    return {
        "ours from tables / Tryton's report": ratio(ours, report, TABLES, REPORTED),
        "ours from tables / Tryton's bare SQL": ratio(ours, bare, TABLES, QUERIED),
        "ours from Parquet / Tryton's report": ratio(ours, report, PARQUET, REPORTED),
        "ours from Parquet / Tryton's bare SQL": ratio(ours, bare, PARQUET, QUERIED),
        "cold process, from Parquet / report": ratio(
            ours, report, ("start", *PARQUET), ("start", "start, server", *REPORTED)
        ),
    }


def main() -> None:
    """Print costs and ratios by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, nargs="+", default=[100_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--scratch", type=Path, help="where the lake is made (default: the system's temporary folder)")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="where Tryton's environment is")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server is stopped then too
    for invoices in asked.invoices:
        runs = measure(invoices, asked)
        tell(runs)
        tell_ratios(ratios(runs), TARGETS)


if __name__ == "__main__":
    main()
