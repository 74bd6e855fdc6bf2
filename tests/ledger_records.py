"""The columns of the canonical tables that decide what is open, as records: what the replay oracle reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar


@dataclass(frozen=True)
class Document:
    company_id: str
    doc_id: str
    customer_id: str
    kind: str
    state: str
    doc_date: date
    posting_date: date | None
    due_date: date | None
    cancelled_date: date | None
    reverses_doc_id: str | None
    reversed_by_doc_id: str | None
    currency: str
    amount_doc: Decimal
    amount_local: Decimal

    @property
    def starts(self) -> date:
        return self.posting_date or self.doc_date


@dataclass(frozen=True)
class Instalment:
    doc_id: str
    seq: int
    due_date: date | None
    amount_doc: Decimal
    amount_local: Decimal | None = None


@dataclass(frozen=True)
class Payment:
    company_id: str
    payment_id: str
    customer_id: str | None
    state: str
    pay_date: date
    reversal_date: date | None
    currency: str
    amount_doc: Decimal
    amount_local: Decimal


@dataclass(frozen=True)
class Allocation:
    allocation_id: str
    kind: str
    from_payment_id: str | None
    from_doc_id: str | None
    from_seq: int | None
    amount_from_doc: Decimal | None
    to_doc_id: str | None
    to_payment_id: str | None
    to_seq: int | None
    amount_to_doc: Decimal
    amount_local: Decimal
    discount_local: Decimal | None
    alloc_date: date
    voided_date: date | None


Record = TypeVar("Record", Document, Instalment, Payment, Allocation)


def records(kind: type[Record], rows: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Keep the columns a record knows; a column a row does not have is NULL."""
    names = [column.name for column in fields(kind)]
    values: list[dict[str, Any]] = [{name: row.get(name) for name in names} for row in rows]
    return [kind(**value) for value in values]
