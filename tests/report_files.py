"""Reports of rows and cells, saved as the applications save them, and what is said where one is refused."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import receivables
from exports import TRUTH_DAY, Told
from intake_files import workbook, write
from receivables.land import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

Cells = list[Any]

MONTHS_ES = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")


AGE = "case when open_doc > 0 then days_overdue end"
"""SQL for the age of a debt; a credit has none that matters, whatever its list says."""


def saved(folder: Path, name: str, rows: Sequence[Cells], *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """Write rows to a file of the kind its name ends in: .xlsx a workbook, .xls an HTML table, else delimited text."""
    if name.endswith(".xlsx"):
        return workbook(folder / name, list(rows))
    if name.endswith(".xls"):
        lines = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in row) + "</tr>\n" for row in rows
        )
        return write(folder, name, f"<html><body><table>\n{lines}</table></body></html>", encoding)
    text = "".join(delimiter.join(quoted(cell, delimiter) for cell in row) + "\r\n" for row in rows)
    return write(folder, name, text, encoding)


def quoted(cell: object, delimiter: str) -> str:
    """One cell as delimited text has it; a date or a number as it prints, nothing for None."""
    text = "" if cell is None else str(cell)
    return '"' + text.replace('"', '""') + '"' if any(ch in text for ch in (delimiter, '"', "\n")) else text


def grouped(amount: Decimal, signs: str = ".,") -> str:
    """An amount with its thousands grouped, sign before; `signs` are the decimal sign and that of thousands."""
    return f"{amount:,.2f}".translate(str.maketrans(".,", signs))


def spanish(day: date) -> str:
    """A day with its month's Spanish name: 14/jun/2024."""
    return f"{day:%d}/{MONTHS_ES[day.month - 1]}/{day:%Y}"


def shuffled(rows: Sequence[Cells], order: Sequence[int]) -> list[Cells]:
    """Rows with their columns in another order."""
    return [[row[n] for n in order] for row in rows]


def told_apart(
    home: Path, files: Mapping[str, Path], *, currency: str = "EUR", as_of: date | None = None, **reading: Any
) -> Told:
    """Read each file as the whole ledger of a company of its own, named by its key, and build once."""
    home.mkdir(parents=True, exist_ok=True)
    settings = "".join(
        f'[[company]]\nid = "{company}"\nname = "{company}"\nlocal_currency = "{currency}"\n' for company in files
    )
    (home / "receivables.toml").write_text(settings, encoding="utf-8")
    outcomes = {}
    for company, path in files.items():
        (file,) = receivables.ingest([path], home, reading=Reading(company=company, **reading)).files
        outcomes[company] = (file.outcome, file.message)
    receivables.build(home, as_of=as_of)
    return Told(home, outcomes)


def balances(got: Told) -> dict[str, dict[str, Decimal]]:
    """Open amount in ledger currency per company and customer, without those who owe nothing."""
    found: dict[str, dict[str, Decimal]] = {}
    for company, customer, amount in got.rows(
        "select company_id, customer_id, sum(open_local) from marts.aging group by all"
    ):
        if amount:
            found.setdefault(company, {})[customer.removeprefix(f"{company}:")] = amount
    return found


def sound(got: Told) -> None:
    """Hold a night's accounts: every file loaded, every line accounted for, nothing in quarantine, buckets and ledger alike."""
    assert {outcome for outcome, _ in got.files.values()} == {"loaded"}, got.files
    assert got.findings("quarantine") == []
    assert got.lines_lost() == 0
    assert got.control_difference() == 0


def refusal(home: Path, path: Path, *, currency: str = "EUR") -> str:
    """Why a file is refused by a home of one company; empty where it is loaded."""
    home.mkdir(parents=True, exist_ok=True)
    settings = f'[[company]]\nid = "ES01"\nname = "ES01"\nlocal_currency = "{currency}"\n'
    (home / "receivables.toml").write_text(settings, encoding="utf-8")
    (outcome,) = receivables.ingest([path], home, reading=Reading(extract_as_of=TRUTH_DAY)).files
    return outcome.message if outcome.outcome == "refused" else ""
