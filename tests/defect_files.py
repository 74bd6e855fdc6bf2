"""Small exports with one defect each: profiles of their own, and what a landing said of them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from intake_files import AS_OF, HEADER, LENIENT, Got, read, user_profile, write
from receivables.errors import FileRefused
from receivables.intake.company import Companies

if TYPE_CHECKING:
    from receivables.intake.profile import Profile

EURO: Final = Companies("ES01", {"ES01": "EUR"})
POINT: Final = 'locales = [{ decimal = ".", thousands = "," }]\n'
COMMA: Final = 'locales = [{ decimal = ",", thousands = ". " }]\ndelimiters = [";"]\n'

LIST: Final = 'extends = "invoice_list"\nid = "own"\ndate_formats = ["%Y-%m-%d"]\n'
"""A list of invoices that writes 2024-01-31, and numbers with a point or a comma."""

LEDGER: Final = """
id = "ledger"
version = "1"
system = "ledger"
title = "A subledger"
status = "verified"
based_on = "these tests"
shape = "entries"
mode = "full"
local_currency_from = "settings"
"""

ENTRY: Final = """
[columns]
customer = { aliases = ["customer"], required = true }
customer_name.aliases = ["name"]
doc_no = { aliases = ["number"], required = true }
doc_type.aliases = ["type"]
doc_date = { aliases = ["date"], required = true }
due_date.aliases = ["due"]
currency.aliases = ["currency"]
amount = { aliases = ["amount"], required = true }
amount_local.aliases = ["local"]
fx_rate.aliases = ["rate"]
open.aliases = ["open"]
state.aliases = ["state"]
invoice_ref.aliases = ["of"]
reversed_id.aliases = ["reverses"]
text.aliases = ["text"]
[keys]
applies_to = "{invoice_ref}"
reverses_key = "{reversed_id}"
[[kinds]]
type = "INV"
kind = "invoice"
applies = false
[[kinds]]
type = "CN"
kind = "credit_note"
negate = true
[[kinds]]
type = "PAY"
kind = "receipt"
[[states]]
when = { state = ["void"] }
state = "cancelled"
[[states]]
when = { state = ["draft"] }
state = "draft"
[[states]]
when = { state = ["ok"] }
state = "posted"
"""
"""Its columns: invoices, credit notes without their sign, payments that may name what they pay."""

REPORT: Final = """
[columns]
customer = { aliases = ["Customer"] }
doc_no = { aliases = ["Number"], required = true }
doc_date = { aliases = ["Date"], required = true }
due_date.aliases = ["Due"]
amount = { aliases = ["Amount"], required = true }
[rows]
title = ['(?i)^aging detail']
total = ['^(?:Grand )?[Tt]otal\\\\b', '^Percent\\\\b']
trailer = ['^Printed on']
grand_total = '^Grand total'
[rows.group]
customer = '^([^\\t]+)$'
[[kinds]]
kind = "invoice"
""".replace("\\\\", "\\")
"""A report instead: customers stand in rows of their own above their invoices, sums below them."""


@dataclass(frozen=True)
class Said:
    """What was said of a file for one reason: what was done, in which column, how often, with which examples or line."""

    action: str
    column: str | None = None
    count: int = 1
    raw: str | None = None
    repaired: str | None = None
    line: str | None = None


def said(got: Got, reason: str) -> list[Said]:
    """Everything said for one reason, by line and column."""
    found = [one for one in got.findings if one.reason_code == reason]
    found.sort(key=lambda one: (one.line_no or 0, one.column_name or ""))
    return [Said(f.action, f.column_name, f.count, f.raw_value, f.repaired_value, f.raw_line) for f in found]


@cache
def profile(text: str) -> Profile:
    """A user's profile from its text."""
    with tempfile.TemporaryDirectory() as folder:
        return user_profile(Path(folder), text)


def table(*rows: str) -> str:
    """Rows as a text file."""
    return "\n".join((*rows, ""))


def given(folder: Path, profile_text: str, content: str | bytes, name: str = "export.csv", **more: Any) -> Got:
    """Read a file of that content through that profile, leniently, as of one day; `more` is what else the caller says."""
    path = write(folder, name, content, more.pop("encoding", "utf-8"))
    told: dict[str, Any] = {"companies": EURO, "settings": LENIENT, "extract_as_of": AS_OF, "builds": False}
    return read(path, profile(profile_text), **told | more)


def listed(folder: Path, *rows: str, more: str = "", header: str = HEADER, **told: Any) -> Got:
    """Read a list of invoices; `more` is what its profile says besides."""
    return given(folder, LIST + more, table(header, *rows), **told)


def booked(folder: Path, *rows: str, more: str = "", columns: str = ENTRY, **told: Any) -> Got:
    """Read a subledger, its header the first row."""
    return given(folder, LEDGER + more + columns, table(*rows), **told)


def refusal(*arguments: Any, **more: Any) -> FileRefused:
    """How such a file is refused."""
    with pytest.raises(FileRefused) as refused:
        given(*arguments, **more)
    return refused.value
