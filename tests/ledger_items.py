"""Which documents and payments count, and from when to when: the first half of the replay oracle."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from ledger_records import Document, Payment

FOREVER: Final = date.max
NEVER: Final = date.min
UNIDENTIFIED: Final = "(unidentified)"


@dataclass(frozen=True)
class Item:
    """A document or payment as a side of the account: it counts from `starts` until the day before `ends`.

    `owed` is positive where it raises what the customer owes, negative where it lowers it: a payment's amount turned.
    """

    kind: str
    id: str
    company_id: str
    customer_id: str
    currency: str
    owed: Decimal
    owed_local: Decimal
    starts: date
    ends: date

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.id

    @property
    def side(self) -> int:
        return (self.owed > 0) - (self.owed < 0)

    def counts_on(self, day: date) -> bool:
        return self.starts <= day < self.ends


def reversing_ids(documents: Sequence[Document]) -> set[str]:
    """Documents that take another back: they say so, or the other names them. None of them ever counts."""
    say_so = {document.doc_id for document in documents if document.reverses_doc_id}
    return say_so | {document.reversed_by_doc_id for document in documents if document.reversed_by_doc_id}


def reversal_dates(documents: Sequence[Document]) -> dict[str, date]:
    """When each reversed document was taken back, by a document that was really posted; the first day counts."""
    pairs: list[tuple[str | None, str | None]] = [(document.reverses_doc_id, document.doc_id) for document in documents]
    pairs += [(document.doc_id, document.reversed_by_doc_id) for document in documents]
    posted = {document.doc_id: document for document in documents if document.state in {"posted", "reversed"}}
    dates: dict[str, date] = {}
    for reversed_id, reversing_id in pairs:
        if reversed_id and reversing_id in posted:
            dates[reversed_id] = min(posted[reversing_id].starts, dates.get(reversed_id, FOREVER))
    return dates


def document_end(document: Document, reversed_on: date | None) -> date:
    """First day the document no longer counts: the earliest told; cancelled or reversed without any, it never counted."""
    if document.state == "posted":
        return reversed_on or FOREVER
    told = [day for day in (document.cancelled_date, reversed_on) if day]
    return min(told, default=NEVER)


def payment_end(payment: Payment) -> date:
    """First day the payment no longer counts; its reversal date speaks louder than its state."""
    if payment.reversal_date:
        return payment.reversal_date
    return FOREVER if payment.state == "posted" else NEVER


def document_items(documents: Sequence[Document]) -> Iterator[Item]:
    """Every document that is an item at some time."""
    reversing = reversing_ids(documents)
    reversed_on = reversal_dates(documents)
    for d in documents:
        if d.state == "draft" or d.kind == "fx_revaluation" or d.doc_id in reversing:
            continue
        life = (d.starts, document_end(d, reversed_on.get(d.doc_id)))
        owner = (d.company_id, d.customer_id, d.currency)
        yield Item("document", d.doc_id, *owner, d.amount_doc, d.amount_local, *life)


def payment_items(payments: Sequence[Payment]) -> Iterator[Item]:
    """Every payment that is an item at some time; money in lowers what is owed."""
    for p in payments:
        if p.state == "draft":
            continue
        life = (p.pay_date, payment_end(p))
        owner = (p.company_id, p.customer_id or UNIDENTIFIED, p.currency)
        yield Item("payment", p.payment_id, *owner, -p.amount_doc, -p.amount_local, *life)
