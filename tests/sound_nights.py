"""Whole nights of export files of which nothing may be lost, quarantined or out of balance; and containers that exports come in."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import receivables
from exports import TRUTH_DAY, Told, told
from intake_files import LENIENT, Got, read, write
from receivables.intake.company import Companies
from receivables.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

Item = tuple[str, str, Decimal, int | None]


def sound(home: Path, files: Iterable[Path], **said: Any) -> Told:
    """Read files and build; every file is loaded, every line accounted for, nothing in quarantine, and the buckets add up to the ledger."""
    night = told(home, files, **said)
    refused = {name: outcome for name, outcome in night.files.items() if outcome[0] != "loaded"}
    assert not refused
    assert night.findings("quarantine") == []
    assert night.lines_lost() == 0
    assert night.control_difference() == 0
    return night


def replayed(night: Told, day: date) -> Told:
    """The same home built as of another day."""
    receivables.build(night.home, as_of=day)
    assert night.control_difference() == 0
    return night


def items(night: Told) -> list[Item]:
    """Number, kind, open amount in document currency and days overdue of every open item, in order of number; credits are never overdue."""
    return night.rows(
        "select doc_no, kind, open_doc, case when open_doc > 0 then days_overdue end from marts.open_item order by doc_no, seq, open_doc"
    )


def landed(path: Path, currency: str = "EUR", **said: Any) -> Got:
    """Read one file of the company ES01 and build nothing; no row is in quarantine and every line accounted for."""
    got = _read(path, Settings(), currency, **{"extract_as_of": TRUTH_DAY, **said})
    assert got.quarantined() == []
    assert got.lines() == sum(lines for _, lines, _ in got.records)
    return got


def balance(got: Got) -> dict[str, Decimal]:
    """What is open in ledger currency per customer by the posted entries of one file, where they tell their rests or have none."""
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for entry in got.tables["entry"]:
        if entry["state"] in (None, "posted"):
            told_local, rest = entry["amount_local"] or entry["amount_doc"], entry["open_local"]
            if rest is None and entry["open_doc"] is not None:
                rest = entry["open_doc"] * told_local / entry["amount_doc"]
            owed[entry["customer"]] += told_local if rest is None else rest
    return {customer: amount for customer, amount in owed.items() if amount}


def names(got: Got) -> list[str]:
    """Names of the customers that a file describes, in order of their keys."""
    return [row["name"] for row in sorted(got.tables["customer"], key=lambda row: str(row["customer_id"]))]


def questioned(path: Path) -> list[str]:
    """Why rows of a file are quarantined, one reason per row, whatever their share."""
    return [reason for _, _, reason in _read(path, LENIENT, "EUR", extract_as_of=TRUTH_DAY).quarantined()]


def _read(path: Path, settings: Settings, currency: str, **said: Any) -> Got:
    return read(path, companies=Companies("ES01", {"ES01": currency}), settings=settings, builds=False, **said)


def table(
    folder: Path, name: str, rows: Iterable[Sequence[object]], encoding: str = "utf-8", delimiter: str = ","
) -> Path:
    """Write rows as delimited text, values with a delimiter or a line end in quotes."""
    text = "\r\n".join(delimiter.join(_quoted(str(cell), delimiter) for cell in row) for row in rows)
    return write(folder, name, text + "\r\n", encoding)


def _quoted(cell: str, delimiter: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if any(sign in cell for sign in (delimiter, '"', "\n")) else cell


def html_table(folder: Path, name: str, rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> Path:
    """Write rows as the HTML table that many an ERP calls a spreadsheet."""
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    head = f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={encoding}"></head>'
    return write(folder, name, f"{head}<body><table border=1>\n{body}</table></body></html>\n", encoding)
