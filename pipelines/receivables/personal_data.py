"""The personal-data map: which columns hold data of persons, of which kind, why they are kept and how long, and what becomes of them when somebody is forgotten.

The columns stand in the dictionary, the kinds here. `python -m receivables.personal_data FILE` writes the page.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from receivables.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Kind:
    """A kind of personal data: what it is, why it is kept, how long, and whether `receivables forget` empties it (else it is of our own people).

    `is_quoted` says whether a finding about a column of the kind quotes its text to readers of reports, mails and workbooks.
    """

    what: str
    why: str
    kept: str
    is_forgotten: bool = True
    is_quoted: bool = True


_AS_LEDGER: Final = "as long as the ledger it belongs to; `receivables forget` ends it at once"

KINDS: Final = {
    "name": Kind(
        "names of customers, contacts, payers and representatives", "to know who owes and whom to ask", _AS_LEDGER
    ),
    "address": Kind("where a customer sits", "visits, territories, and signs that it has moved", _AS_LEDGER),
    "reach": Kind(
        "telephone numbers and mail addresses", "to reach who can have an invoice paid", _AS_LEDGER, is_quoted=False
    ),
    "tax": Kind("tax registration numbers", "to tell one customer from another", _AS_LEDGER),
    "bank": Kind(
        "bank accounts as one-way hashes, with a secret of the home (`account.key`) where a file tells the number",
        "to notice that a customer pays from another account",
        _AS_LEDGER,
        is_quoted=False,
    ),
    "habit": Kind("when a person can be met", "to plan visits", _AS_LEDGER),
    "note": Kind(
        "free texts, which may say anything about anybody",
        "what was said and agreed about a debt; never in reports or mails",
        _AS_LEDGER,
        is_quoted=False,
    ),
    "source": Kind(
        "who told us: informants, and who reported figures",
        "to weigh what was told; on the customer's own page, never in the report or in mails",
        _AS_LEDGER,
        is_quoted=False,
    ),
    "staff": Kind(
        "names of our own people and how to reach them",
        "who sold, decided and collected; reports are by salesperson",
        "as long as the ledger it belongs to",
        is_forgotten=False,
    ),
}
"""The kinds of personal data, in the order of the page."""


@dataclass(frozen=True)
class Copy:
    """Another place where what files told of persons stands: what of it, and how long; `setting` is what says so, empty where none does."""

    place: str
    what: str
    kept: str
    setting: str = ""


COPIES: Final = (
    Copy(
        "`inbox/`",
        "exports, whole",
        "as long as whoever puts them there leaves them, or until a night deletes what it has read",
        "retention.inbox_days",
    ),
    Copy(
        "`lake/source/`",
        "exports with lines in quarantine, whole",
        "until so many days after the last of its lines left the quarantine; `receivables forget` deletes them at once",
        "retention.source_days",
    ),
    Copy(
        "`lake/issue/`, `lake/repair/`",
        "lines in quarantine, whole, and what people put in their place",
        "as long as the ledger; `receivables forget` takes out what they tell of somebody at once",
    ),
    Copy("`warehouse/`", "the columns below, as they count", "the newest files", "engine.keep_warehouses"),
    Copy(
        "`out/`",
        "names and balances in reports and workbooks",
        "the latest dates and the last of each month, these for good",
        "retention.report_dates",
    ),
    Copy("`out/*/customers/`", "a page for each customer", "the latest dates", "report.customer_dates_kept"),
    Copy("`out/mail/`", "messages, where there is no mail server", "so many days", "retention.message_days"),
    Copy("`logs/`", "names of files, and why a line or file was refused", "so many days", "retention.log_days"),
    Copy(
        "`state.sqlite`",
        "who decided, repaired or waived something, and which address a report was mailed to",
        "for good: it is the proof of it",
    ),
    Copy(
        "backups",
        "all of `lake/` and `state.sqlite`",
        "a folder until the next backup into it, which leaves out what is gone by then; a .tar as long as you keep it",
    ),
)
"""Where else than in the lake's tables persons are told of."""


def personal_columns(*, is_forgotten: bool | None = None) -> Iterator[tuple[str, str, str]]:
    """Table, column and kind of every column that holds personal data; `is_forgotten` only those that are emptied, or are not, when somebody is forgotten."""
    for table in TABLES.values():
        for column in table.columns.values():
            if column.personal is not None and is_forgotten in (None, KINDS[column.personal].is_forgotten):
                yield table.name, column.name, column.personal


NOT_QUOTED: Final = frozenset(column for _, column, kind in personal_columns() if not KINDS[kind].is_quoted)
"""Columns whose texts findings do not quote to readers of reports, mails and workbooks, in whatever table: a finding tells its column, not always its table.

A whole line is quoted to none of them, as it may hold any of these; who works at the files sees all of it with `receivables findings`.
"""


def page() -> str:
    """The page of the map, in Markdown."""
    lines = [
        "# Personal data",
        "",
        "Made by `make personal-data-page` from `dictionary.toml` and `personal_data.py`; a test holds that it is what they say. Everything else is about money,",
        "goods and dates. Ids of customers and contacts stay when somebody is forgotten: they are what the ledger is summed by.",
        "",
        "| kind | what | why it is kept | how long |",
        "|---|---|---|---|",
    ]
    lines += [f"| {name} | {kind.what} | {kind.why} | {kind.kept} |" for name, kind in KINDS.items()]
    lines += [
        "",
        "It stands in the lake as columns, listed below. Where else it stands:",
        "",
        "| where | what | how long | setting |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {copy.place} | {copy.what} | {copy.kept} | {f'`{copy.setting}`' if copy.setting else ''} |"
        for copy in COPIES
    ]
    lines += ["", "| table | column | kind | what it says |", "|---|---|---|---|"]
    lines += [
        f"| {table} | {column} | {kind} | {TABLES[table].columns[column].meaning} |"
        for table, column, kind in personal_columns()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
