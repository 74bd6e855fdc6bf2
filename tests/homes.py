"""Small homes to run whole verbs in: a business of few rows told on two days, the command line, and what was published."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
from click.testing import CliRunner

import receivables
from factories import Row, Tables, allocation, company, customer, document, payment, write_canonical
from receivables import settings
from receivables.cli import main
from receivables.state import State

if TYPE_CHECKING:
    from receivables.warehouse import Warehouse

MONDAY: Final = date(2024, 3, 4)
TUESDAY: Final = date(2024, 3, 5)
WEDNESDAY: Final = date(2024, 3, 6)

ROOT: Final = Path(__file__).resolve().parents[1]
CLOCKS: Final = frozenset({"run_id", "recorded_at", "known_at", "started_at", "finished_at", "loaded_at"})
"""Columns that tell when something was done, in which equal nights may differ."""

FIGURES: Final = ("marts.open_item", "marts.aging", "marts.aging_control", "marts.kpi")
"""What a night says about money; the rest says where it came from."""

HALF_DONE: Final = ("*.writing", "*.building*", ".spill-*", ".reading-*", "*.new")
"""Names of what a run has under way."""

KILLING: Final = """
import os, pkgutil, signal, sys
home, where, nth, when = sys.argv[1:5]
owner, _, name = where.replace(":", ".").rpartition(".")
owner = pkgutil.resolve_name(owner)
original, calls = getattr(owner, name), []

def killing(*args, **kwargs):
    calls.append(name)
    if len(calls) == int(nth) and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = original(*args, **kwargs)
    if len(calls) == int(nth):
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(owner, name, killing)
import receivables
"""
"""The beginning of a script that is killed at a point: its arguments are a home, a function, which call of it, before or after that call."""

PublishedRows = dict[str, list[tuple[tuple[str, Any], ...]]]


def business(company_id: str = "ES01") -> dict[str, list[Row]]:
    """What Monday's export tells: an invoice in part paid, one not due, one in dollars, a credit note, money nobody has applied."""
    by = {"company_id": company_id}
    return {
        "company": [company(company_id)],
        "customer": [customer("C1", **by), customer("C2", **by)],
        "document": [
            document("D1", "100.00", doc_date=date(2024, 1, 10), due_date=date(2024, 2, 9), **by),
            document("D2", "250.50", doc_date=date(2024, 2, 19), due_date=date(2024, 3, 20), customer_id="C2", **by),
            document("D3", "500.00", doc_date=date(2023, 5, 2), rate="0.9", currency="USD", **by),
            document("N1", "-40.00", doc_date=date(2024, 2, 1), **by),
        ],
        "payment": [
            payment("P1", "60.00", pay_date=date(2024, 2, 20), **by),
            payment("P2", "30.00", pay_date=date(2024, 2, 27), customer_id="C2", **by),
        ],
        "allocation": [
            allocation("A1", "60.00", from_payment_id="P1", to_doc_id="D1", alloc_date=date(2024, 2, 20), **by)
        ],
        "fx_rate": closing_rates(company_id),
    }


def closing_rates(company_id: str = "ES01") -> list[Row]:
    """What a dollar was worth at the end of Monday and of the Monday before, so that what is open in dollars has its value at closing."""
    pair = {"company_id": company_id, "from_currency": "USD", "to_currency": "EUR", "rate_type": "M"}
    return [pair | {"rate_date": day, "rate": Decimal("0.9")} for day in (MONDAY - timedelta(days=7), MONDAY)]


def changed(tables: Tables, table: str, key: str, **changes: Any) -> dict[str, list[Row]]:
    """The same business with one row told otherwise; `key` is the row's id."""
    told = {name: [dict(row) for row in rows] for name, rows in tables.items()}
    row = next(row for row in told[table] if row[f"{table.replace('document', 'doc')}_id"] == key)
    row.update(changes)
    return told


def without(tables: Tables, table: str, key: str) -> dict[str, list[Row]]:
    """The same business without one row."""
    column = f"{table.replace('document', 'doc')}_id"
    return {name: [row for row in rows if name != table or row[column] != key] for name, rows in tables.items()}


def tell(home: Path, tables: Tables, day: date, company_id: str = "ES01", *, full: bool = True) -> list[Path]:
    """Put one company's export of that day into the inbox."""
    return write_canonical(home / "inbox", tables, company_id, day, full=full)


def set_contracts(home: Path, *, enabled: bool) -> None:
    """Say in a home's settings whether contracts are judged."""
    path = home / settings.FILE_NAME
    said = re.sub(
        r"^#?enabled = \w+$", f"enabled = {str(enabled).lower()}", path.read_text("utf-8"), flags=re.MULTILINE
    )
    path.write_text(said, encoding="utf-8")


def told_home(home: Path, tables: Tables, day: date) -> Path:
    """A home that was told an export, in which no night was run; contracts are off, also for the processes that tests start."""
    receivables.init(home)
    set_contracts(home, enabled=False)
    tell(home, tables, day)
    return home


def quick_night(home: Path, as_of: date | None = None) -> None:
    """Land the inbox and publish, without the report."""
    receivables.ingest([home / "inbox"], home)
    receivables.build(home, as_of=as_of)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str

    def only_message(self) -> str:
        """The one line for the user, which must be all but the log lines of the steps; without its prefix."""
        assert "Traceback" not in self.stderr, self.stderr
        lines = [line for line in self.stderr.splitlines() if line.startswith("receivables: ")]
        assert len(lines) == 1, self.stderr
        return lines[0].removeprefix("receivables: ")


def command(*arguments: str | Path) -> Ended:
    """Run a command inside this process."""
    done = CliRunner().invoke(main, [str(argument) for argument in arguments], prog_name="receivables")
    return Ended(done.exit_code, done.stdout, done.stderr)


def shell(*arguments: str | Path, cwd: Path | None = None) -> Ended:
    """Run a command as a stranger would, in a process of its own."""
    line = [sys.executable, "-m", "receivables", *map(str, arguments)]
    done = subprocess.run(line, cwd=cwd, capture_output=True, text=True, check=False, timeout=500, umask=0o022)
    return Ended(done.returncode, done.stdout, done.stderr)


def script(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start Python code in a process of its own, with pipes to it."""
    line = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, umask=0o022
    )


def rows_of(warehouse: Warehouse, table: str, leave_out: frozenset[str] = CLOCKS) -> list[tuple[tuple[str, Any], ...]]:
    """A published table's rows in any one order."""
    found = warehouse.con.execute(f"select * from {table}")
    columns = [column[0] for column in found.description or ()]
    rows = (zip(columns, row, strict=True) for row in found.fetchall())
    return sorted((tuple(cell for cell in row if cell[0] not in leave_out) for row in rows), key=repr)


def published(home: Path, schemas: Iterable[str] = ("core", "marts", "params", "checks")) -> PublishedRows:
    """Every row published in those schemas, clock columns aside."""
    with receivables.open_warehouse(home) as warehouse:
        return {name: rows_of(warehouse, name) for name in warehouse.tables() if name.split(".")[0] in schemas}


def figures(home: Path, leave_out: frozenset[str] = CLOCKS) -> PublishedRows:
    """The published rows about what is open on the as-of date."""
    with receivables.open_warehouse(home) as warehouse:
        return open_now({name: rows_of(warehouse, name, leave_out) for name in FIGURES})


def open_now(told: PublishedRows) -> PublishedRows:
    """The same without month ends before the as-of date, and days of sales: they may learn of history that was told late."""
    kpi = [(row, dict(row)) for row in told["marts.kpi"]]
    of_the_day = [
        row for row, is_ in kpi if is_["period_end"] == is_["as_of"] and is_["unit"] not in ("days", "percent")
    ]
    return told | {"marts.kpi": of_the_day}


def ask(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query on the published file."""
    with receivables.open_warehouse(home) as warehouse:
        return warehouse.con.execute(sql).fetchall()


def lake_says(home: Path) -> str:
    """Every text of the lake and of what the store says of its files and repairs, unpacked."""
    texts = []
    for path in (home / "lake").rglob("*"):
        if path.suffix == ".parquet":
            with duckdb.connect() as con:
                texts.append(str(con.execute("select * from read_parquet(?)", [str(path)]).fetchall()))
        elif path.suffix == ".gz":
            texts.append(gzip.decompress(path.read_bytes()).decode("utf-8", "replace"))
        elif path.is_file():
            texts.append(path.read_bytes().decode("utf-8", "replace"))
    state = State(home / "state.sqlite")
    texts.append(str([state.repairs(), state.forgotten(), state.batches()]))
    return "\n".join(texts)


def half_done(home: Path) -> list[str]:
    """Files and folders a run left unfinished."""
    return sorted(str(path.relative_to(home)) for pattern in HALF_DONE for path in home.rglob(pattern))


def seal(folder: Path) -> dict[str, tuple[bytes | str, int]]:
    """Content and time of change of every file below a folder, to see later that none was touched."""
    return {
        str(path.relative_to(folder)): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes(),
            path.lstat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
