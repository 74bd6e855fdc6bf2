"""Turns customers' files into pages, one self-contained HTML file each, and into the list that leads to them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Final

from receivables import customer_rows
from receivables.chapters.customer_file import PARTS
from receivables.language import language_in
from receivables.render import static, write_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from receivables.chapters.customer_file import CustomerFile
    from receivables.page_model import Run

_NAME_CHARS: Final = 20
"""Characters of a file's name: with 80 bits no two of a million customers come to the same."""

INDEX: Final = "index.html"
"""The list of the pages, in their folder."""


@dataclass(frozen=True)
class Listed:
    """A customer on the list of pages; money in `currency`, the ledger's."""

    company: str
    customer_id: str
    name: str
    currency: str
    balance: Decimal
    overdue: Decimal
    grade: str | None
    page: str


@dataclass(frozen=True)
class _Page:
    """What the frame of every page asks for."""

    run: Run


def page_name(company_id: str, customer_id: str) -> str:
    """The name of a customer's page: the same every night, and nothing of the customer's id, which may hold anything."""
    told = f"{company_id}\0{customer_id}".encode()
    return f"{hashlib.sha256(told).hexdigest()[:_NAME_CHARS]}.html"


def listed(file: CustomerFile) -> Listed:
    """A customer's line of the list."""
    who = file.who
    page = page_name(who.company_id, who.customer_id)
    return Listed(who.company, who.customer_id, who.name, who.currency, who.balance, who.overdue, file.grade, page)


def render_customer(file: CustomerFile, run: Run, language: str, *, is_listed: bool = True) -> str:
    """Write a customer's page; one that is listed stands beside the list, two folders below the report, and leads back to both.

    Raises:
        UsageError: `language` is none of `LANGUAGES`.
    """
    words, currency = language_in(language), file.who.currency
    return write_page(
        "customer.html",
        language,
        _style(),
        parts=PARTS,
        file=file,
        who=file.who,
        is_listed=is_listed,
        page=_Page(run),
        drawings=customer_rows.drawings(file, words),
        month_rows=customer_rows.month_rows(file.months, currency, words),
        item_rows=customer_rows.item_rows(file.items, currency, words),
        field_rows=customer_rows.field_rows(file.integrity, words),
    )


def render_index(customers: Sequence[Listed], run: Run, language: str) -> str:
    """Write the list of all pages: by company, who owes most first."""
    order = sorted(customers, key=lambda line: (line.company, -line.balance, line.customer_id))
    return write_page("customer_index.html", language, _style(), customers=order, page=_Page(run))


@cache
def _style() -> Markup:
    return static("report.css") + static("customer.css")
