"""One table of small rows in the many forms an export may have: other labels, orders, number and date styles, containers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

from intake_files import AS_OF, read, workbook
from receivables.intake.company import Companies

Row = Mapping[str, Any]
Style = Callable[[Any], str]


def plain(value: Any) -> str:
    """ISO dates and decimal points."""
    return "" if value is None else str(value)


def continental(value: Any) -> str:
    """Dates such as 31/01/2024 and amounts such as 1.234,56."""
    if isinstance(value, Decimal):
        return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
    return value.strftime("%d/%m/%Y") if isinstance(value, date) else plain(value)


def american(value: Any) -> str:
    """Dates such as 01/31/2024 and amounts such as 1,234.56."""
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    return value.strftime("%m/%d/%Y") if isinstance(value, date) else plain(value)


def labelled(rows: Iterable[Row], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """The columns named in `labels`, in its order and under its labels."""
    return [{label: row.get(name) for name, label in labels.items()} for row in rows]


def turned(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The same rows with their columns in the opposite order."""
    return [dict(list(row.items())[::-1]) for row in rows]


def text_of(rows: Sequence[Row], style: Style = plain, *, delimiter: str = ",", end: str = "\n", pages: int = 0) -> str:
    """Delimited text with a header, which stands again after every `pages` rows."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    header = list(rows[0])
    for number, row in enumerate(rows):
        if number == 0 or (pages and number % pages == 0):
            writer.writerow(header)
        writer.writerow([style(row[name]) for name in header])
    return out.getvalue()


def sheet_of(path: Path, rows: Sequence[Row], *titles: Sequence[Any]) -> Path:
    """A workbook of typed cells, below the title rows given."""
    cells = [[float(value) if isinstance(value, Decimal) else value for value in row.values()] for row in rows]
    return workbook(path, [*titles, list(rows[0]), *cells])


def html_of(rows: Sequence[Row], style: Style = plain) -> str:
    """A page with one table, as spreadsheets made by web pages are."""
    lines = [list(rows[0]), *([style(value) for value in row.values()] for row in rows)]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>\n" for line in lines)
    return f'<html><head><meta charset="utf-8"></head><body><table>\n{body}</table></body></html>'


TOLD = ("customer_id", "doc_no", "kind", "state", "doc_date", "posting_date", "due_date", "currency", "amount_doc", "amount_local", "open_doc",
        "open_local", "settled_date", "applies_to", "match_key", "reversed_by_key")  # fmt: skip
"""What an entry says whatever the layout: neither the file's own words nor its lines."""


def entries_told(path: Path, company: str) -> list[str]:
    """The entries a file of one company in euro tells, in any one order; nothing of it may be kept out."""
    got = read(path, companies=Companies(company, {company: "EUR"}), extract_as_of=AS_OF)
    assert got.quarantined() == []
    return sorted(repr([row[name] for name in TOLD]) for row in got.tables["entry"])
