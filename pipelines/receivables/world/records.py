"""The tables of the sample world as columns of equal length, and how rows are joined and chosen."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from receivables.world.draws import Flags, Ints

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CURRENCIES: Final = ("EUR", "USD", "GBP")
LEDGER_CURRENCY: Final = 0


class Kind(IntEnum):
    """What a document is."""

    INVOICE = 0
    CREDIT_NOTE = 1
    REFUND = 2


class Series(IntEnum):
    """Number range of a document; its name is the prefix of the number."""

    FV = 0
    AN = 1
    AB = 2
    DV = 3


class State(IntEnum):
    """State of a document or a receipt."""

    DRAFT = 0
    POSTED = 1
    CANCELLED = 2
    REVERSED = 3


class PayKind(IntEnum):
    """How money came in."""

    RECEIPT = 0
    PREPAYMENT = 1
    DIRECT_DEBIT = 2
    CARD = 3


class AllocKind(IntEnum):
    """What an allocation does."""

    PAYMENT = 0
    CREDIT_NOTE = 1
    WRITE_OFF = 2
    FX_DIFFERENCE = 3


class DueSource(IntEnum):
    """Where a due date comes from."""

    TERMS = 0
    FILE = 1
    MISSING = 2


class Tag(IntEnum):
    """What is particular about a payment of an instalment."""

    FULL = 0
    PART = 1
    REST = 2
    SHORT = 3
    DISCOUNT = 4
    PREPAID = 5
    CROSS = 6
    REPAID = 7
    REFUND = 8


@dataclass(frozen=True)
class Documents:
    """One element per document; amounts in cents with the document's sign, `ref` and the two links are row numbers."""

    series: Ints
    serial: Ints
    customer: Ints
    kind: Ints
    state: Ints
    doc_day: Ints
    post_day: Ints
    terms: Ints
    currency: Ints
    rate_ppm: Ints
    amount: Ints
    local: Ints
    cancel_day: Ints
    ref: Ints
    reverses: Ints
    reversed_by: Ints
    disputed: Flags

    def __len__(self) -> int:
        """Count the documents."""
        return len(self.serial)


@dataclass(frozen=True)
class Instalments:
    """One element per instalment; `doc` is a row number of the documents, amounts in cents."""

    doc: Ints
    seq: Ints
    of: Ints
    due_day: Ints
    due_original: Ints
    due_source: Ints
    amount: Ints
    local: Ints
    disc_day: Ints
    disc_amount: Ints

    def __len__(self) -> int:
        """Count the instalments."""
        return len(self.doc)


@dataclass(frozen=True)
class Legs:
    """One element per instalment × receipt: `cash` cents drawn in `currency`, `cleared` cents incl. the discount."""

    inst: Ints
    pay_day: Ints
    alloc_day: Ints
    cash: Ints
    cleared: Ints
    discount: Ints
    currency: Ints
    tag: Ints
    receipt: Ints
    void_day: Ints


@dataclass(frozen=True)
class Receipts:
    """One element per receipt, amounts in cents; customer `NONE` is unidentified money."""

    customer: Ints
    pay_day: Ints
    currency: Ints
    kind: Ints
    amount: Ints
    reversal_day: Ints

    def __len__(self) -> int:
        """Count the receipts."""
        return len(self.customer)


@dataclass(frozen=True)
class Allocations:
    """One element per use of a receipt (`payment`), a credit note (`credit`, a document row) or nothing (write-off)."""

    kind: Ints
    payment: Ints
    credit: Ints
    inst: Ints
    drawn: Ints
    cleared: Ints
    discount: Ints
    day: Ints
    void_day: Ints
    tag: Ints

    def __len__(self) -> int:
        """Count the allocations."""
        return len(self.kind)


Columns = TypeVar("Columns", bound="DataclassInstance")
"""A table: a frozen dataclass of columns of one length."""


def stack(first: Columns, *others: Columns) -> Columns:
    """Put tables of one kind below each other."""
    pieces = (first, *others)
    return type(first)(**{f.name: np.concatenate([getattr(piece, f.name) for piece in pieces]) for f in fields(first)})


def take(table: Columns, rows: Ints | Flags) -> Columns:
    """Keep the given rows, in the given order."""
    return type(table)(**{f.name: getattr(table, f.name)[rows] for f in fields(table)})


def labels(codes: type[IntEnum]) -> list[str]:
    """Write the members of an enumeration as files spell them."""
    return [member.name.lower() for member in codes]
