"""How much dearer it is to read an ERP's own text than the same rows as clean, typed CSV: CPU, memory, growth.

Run by `make bench`. Each measurement is a process of its own; a figure is the median of several. Rows are made here, by a rule and not at random.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from big_exports import kingdee_clean, kingdee_lines, sap_clean, sap_lines  # run as a program
from measuring import Run, run
from typed_load import typed_load

TARGET: Final = 3.0
"""Times the typed load of the same rows, in CPU seconds."""

LAND: Final = """
import sys, receivables
from datetime import date
from receivables.land import Reading
home, export = sys.argv[1:3]
outcome = receivables.ingest([export], home, reading=Reading(extract_as_of=date(2026, 10, 31), company="1000"))
assert [file.outcome for file in outcome.files] == ["loaded"], outcome.files
"""

_DATES: Final = {"doc_date", "due_date", "clearing_date"}
_MONEY: Final = {"amount", "amount_local", "paid", "rest", "rate"}


@dataclass(frozen=True)
class Dialect:
    """An export and the same rows as clean CSV."""

    name: str
    file_name: str
    encoding: str
    lines: Callable[[int], Iterator[str]]
    clean: Callable[[int], Iterator[str]]

    def columns(self) -> dict[str, str]:
        """The columns of the clean file with their types."""
        names = next(self.clean(0)).split(",")
        return {name: "DATE" if name in _DATES else "DECIMAL(18,4)" if name in _MONEY else "VARCHAR" for name in names}


DIALECTS: Final = (
    Dialect("FBL5N text, cp1252, 1.234,56-", "fbl5n.txt", "cp1252", sap_lines, sap_clean),
    Dialect("Kingdee CSV, gb18030", "应收单.csv", "gb18030", kingdee_lines, kingdee_clean),
)


def measure(dialect: Dialect, rows: int, times: int, folder: Path) -> tuple[list[Run], list[Run]]:
    """Cost of reading the export, and of loading the clean file, alternating."""
    export, clean = folder / dialect.file_name, folder / "clean.csv"
    for path, lines, encoding in ((export, dialect.lines, dialect.encoding), (clean, dialect.clean, "utf-8")):
        with path.open("w", encoding=encoding, newline="\n") as out:
            out.writelines(f"{line}\n" for line in lines(rows))
    landed, loaded = [], []
    for turn in range(times):
        home = folder / f"home{turn}"
        home.mkdir()
        (home / "receivables.toml").write_text(
            '[[company]]\nid = "1000"\nlocal_currency = "EUR"\n'
            if "FBL5N" in dialect.name
            else '[[company]]\nid = "1000"\nlocal_currency = "CNY"\n'
        )
        landed.append(run([sys.executable, "-c", LAND, str(home), str(export)]))
        loaded.append(run(typed_load(folder / f"load{turn}.duckdb", {"item": (clean, dialect.columns())})))
    return landed, loaded


def main() -> None:
    """Print one line per dialect and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--dialect", default="", help="part of a dialect's name")
    asked = parser.parse_args()
    print(
        f"{'dialect':32} {'rows':>10} {'ours CPU s':>11} {'load CPU s':>11} {'ratio':>6} {'ours MB':>8} {'load MB':>8}"
    )
    for dialect in DIALECTS:
        for rows in asked.rows if asked.dialect in dialect.name else ():
            with tempfile.TemporaryDirectory(prefix="receivables-bench-") as folder:
                landed, loaded = measure(dialect, rows, asked.times, Path(folder))
            ours, theirs = (statistics.median(each.cpu for each in costs) for costs in (landed, loaded))
            peaks = [max(each.memory for each in costs) for costs in (landed, loaded)]
            print(
                f"{dialect.name:32} {rows:>10,} {ours:>11.2f} {theirs:>11.2f} {ours / theirs:>6.2f} {peaks[0]:>8.0f} {peaks[1]:>8.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
