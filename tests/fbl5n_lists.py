"""FBL5N customer line items in any layout a user may have saved: labels, column order, locale, container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

ENGLISH: Final = {
    "company": "Company Code",
    "customer": "Customer",
    "name": "Name",
    "city": "City",
    "doc_no": "Document Number",
    "doc_type": "Document Type",
    "doc_date": "Document Date",
    "posting_date": "Posting Date",
    "due_date": "Net due date",
    "amount": "Amount in doc. curr.",
    "currency": "Document currency",
    "amount_local": "Amount in local currency",
    "local_currency": "Local Currency",
    "clearing_no": "Clearing Document",
    "clearing_date": "Clearing date",
    "invoice_ref": "Invoice Reference",
    "special": "Special G/L Ind.",
    "assignment": "Assignment",
    "text": "Text",
}
SPANISH: Final = {
    "company": "Sociedad",
    "customer": "Cuenta",
    "name": "Nombre",
    "city": "Población",
    "doc_no": "Nº documento",
    "doc_type": "Clase de documento",
    "doc_date": "Fecha de documento",
    "posting_date": "Fecha contabilización",
    "due_date": "Vencimiento neto",
    "amount": "Importe en moneda doc.",
    "currency": "Moneda del documento",
    "amount_local": "Importe en moneda local",
    "local_currency": "Moneda local",
    "clearing_no": "Doc.compensación",
    "clearing_date": "Fecha compensación",
    "invoice_ref": "Referencia a factura",
    "special": "Indicador CME",
    "assignment": "Asignación",
    "text": "Texto",
}
GERMAN: Final = {
    "company": "Buchungskreis",
    "customer": "Konto",
    "name": "Name",
    "city": "Ort",
    "doc_no": "Belegnummer",
    "doc_type": "Belegart",
    "doc_date": "Belegdatum",
    "posting_date": "Buchungsdatum",
    "due_date": "Nettofälligkeit",
    "amount": "Betrag in Belegwährung",
    "currency": "Belegwährung",
    "amount_local": "Betrag in Hauswährung",
    "local_currency": "Hauswährung",
    "clearing_no": "Ausgleichsbeleg",
    "clearing_date": "Ausgleichsdatum",
    "invoice_ref": "Rechnungsbezug",
    "special": "Sonderhauptbuchkennz.",
    "assignment": "Zuordnung",
    "text": "Text",
}
HEADS: Final = {
    id(ENGLISH): ("Customer", "Company Code", "Name", "City", "Dynamic List Display", "Open at key date"),
    id(SPANISH): (
        "Deudor",
        "Sociedad",
        "Nombre",
        "Población",
        "Visualización dinámica de lista",
        "Abiertas en fecha clave",
    ),
    id(GERMAN): ("Debitor", "Buchungskreis", "Name", "Ort", "Dynamische Listenanzeige", "Offen zum Stichtag"),
}
IN_BLOCKS: Final = ("doc_no", "doc_type", "doc_date", "due_date", "amount", "currency", "amount_local", "local_currency",
                    "clearing_no", "clearing_date", "text")  # fmt: skip
FLAT: Final = ("company", "customer", *IN_BLOCKS)


@dataclass(frozen=True)
class Item:
    """One line item; positive is what the customer owes."""

    customer: str
    doc_no: str
    amount: Decimal
    doc_type: str = "RV"
    doc_date: date = date(2024, 3, 1)
    due_date: date | None = date(2024, 3, 31)
    clearing_no: str = ""
    clearing_date: date | None = None
    text: str = ""
    currency: str = "EUR"
    local: Decimal | None = None
    company: str = "1000"
    local_currency: str = "EUR"
    posting_date: date | None = None
    invoice_ref: str = ""
    special: str = ""
    assignment: str = ""
    name: str = "Comercial Ibáñez"
    city: str = "Madrid"

    @property
    def amount_local(self) -> Decimal:
        """The amount in ledger currency."""
        return self.amount if self.local is None else self.local


@dataclass(frozen=True)
class Style:
    """How the user's SAP writes: labels, amounts, dates."""

    labels: dict[str, str]
    decimal: str = ","
    thousands: str = "."
    dates: str = "%d.%m.%Y"
    end: str = "\r\n"

    def money(self, amount: Decimal) -> str:
        """1.234,56, with the minus behind."""
        text = f"{abs(amount):,.2f}".replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        return text + ("-" if amount < 0 else "")

    def day(self, day: date | None) -> str:
        """A date as the user's master record says; none is blank."""
        return day.strftime(self.dates) if day else ""

    def cell(self, item: Item, role: str) -> str:
        """One cell as text."""
        value = getattr(item, role)
        if isinstance(value, Decimal):
            return self.money(value)
        return self.day(value) if role.endswith("_date") else str(value)

    def join(self, lines: Iterable[str]) -> str:
        """The lines as one text."""
        return "".join(line + self.end for line in lines)


DE: Final = Style(GERMAN)
US: Final = Style(ENGLISH, ".", ",", "%m/%d/%Y")
ES: Final = Style(SPANISH)


def total(items: Iterable[Item]) -> Decimal:
    """The sum in ledger currency."""
    return sum((item.amount_local for item in items), Decimal(0))


def tab_text(
    items: Sequence[Item],
    style: Style,
    roles: Sequence[str] = FLAT,
    *,
    titles: Sequence[str] = (),
    totals: str = "",
    page: int = 10**6,
    delimiter: str = "\t",
) -> str:
    """A flat list as SAP saves it "with tabs": titles, an empty first column that holds the totals' stars, a header on each page."""
    header = delimiter.join(("", *(style.labels[role] for role in roles)))
    lines = [*titles]
    for start in range(0, len(items), page):
        lines += [header, ""] if start == 0 else ["", *titles, header]
        lines += [
            delimiter.join(("", *(style.cell(item, role) for role in roles))) for item in items[start : start + page]
        ]
    for stars in totals.split():
        cells = [style.money(total(items)) if role == "amount_local" else "" for role in roles]
        lines.append(delimiter.join((stars, *cells)))
    return style.join(lines)


def drawn_list(
    items: Sequence[Item],
    style: Style,
    roles: Sequence[str] = IN_BLOCKS,
    *,
    printed: date | None = None,
    key_date: date | None = None,
    page: int = 10**6,
) -> str:
    """An unconverted list: one block per company and customer, drawn with pipes, with the customer's and the grand total."""
    widths = [max(len(style.labels[role]), *(len(style.cell(item, role)) for item in items), 8) for role in roles]
    customer, company, name, city, title, open_at = HEADS[id(style.labels)]
    top = [f"{style.day(printed)}      {title}      1"] if printed else []
    top += [f"{open_at} {style.day(key_date)}"] if key_date else []
    lines = [*top, ""]
    for (company_id, account), group in groupby(items, key=lambda item: (item.company, item.customer)):
        block = list(group)
        head = (customer, account), (company, company_id), (name, block[0].name), (city, block[0].city)
        lines += [f"{label:<14} {value}" for label, value in head] + [""]
        lines += _table(block, style, roles, widths, page=page, top=top)
    lines.append(_drawn(["***", *_sums(style, roles, total(items))], [3, *widths]))
    return style.join(lines)


def _table(
    block: Sequence[Item], style: Style, roles: Sequence[str], widths: Sequence[int], *, page: int, top: Sequence[str]
) -> Iterator[str]:
    rule = "-" * (sum(widths) + len(widths) + 5)
    for start in range(0, len(block), page):
        if start:
            yield from ("", *top)
        yield from (rule, _drawn(["S", *(style.labels[role] for role in roles)], [3, *widths]), rule)
        for item in block[start : start + page]:
            yield _drawn(["@", *(style.cell(item, role) for role in roles)], [3, *widths])
    for stars in ("*", "**"):
        yield from (rule, _drawn([stars, *_sums(style, roles, total(block))], [3, *widths]))
    yield from (rule, "")


def _sums(style: Style, roles: Sequence[str], amount: Decimal) -> list[str]:
    return [style.money(amount) if role == "amount_local" else "" for role in roles]


def _drawn(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "|" + "|".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)) + "|"


def open_by_customer(items: Iterable[Item], day: date) -> dict[tuple[str, str], Decimal]:
    """What SAP shows open per company and customer at the end of a day: items of that day or before, not cleared by then."""
    is_open: Callable[[Item], bool] = lambda item: (  # noqa: E731  # one rule, named for what it says
        (item.posting_date or item.doc_date) <= day
        and (not item.clearing_no or item.clearing_date is None or item.clearing_date > day)
    )
    sums: dict[tuple[str, str], Decimal] = {}
    for item in filter(is_open, items):
        key = (item.company, item.customer)
        sums[key] = sums.get(key, Decimal(0)) + item.amount_local
    return {key: amount for key, amount in sums.items() if amount}
