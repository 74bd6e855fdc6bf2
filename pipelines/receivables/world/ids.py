"""How the files name things: one rule per kind of row, used by every table that refers to it."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from receivables.world.draws import NONE, Ints
from receivables.world.ledger import Ledger
from receivables.world.records import Series
from receivables.world.text import Text, only, padded, words


def customer_ids(rows: Ints) -> Text:
    """Name customers; `NONE` is nobody."""
    return only(padded("C", rows + 1, 5), rows != NONE)


def contract_ids(rows: Ints) -> Text:
    """Name each customer's contract."""
    return only(padded("K", rows + 1, 5), rows != NONE)


def document_ids(ledger: Ledger, rows: Ints) -> Text:
    """Name documents: the series and a number."""
    documents = ledger.documents
    prefix = words([f"{series.name}-" for series in Series], documents.series[rows])
    ids = pc.binary_join_element_wise(prefix, padded("", documents.serial[rows], 7), "")
    return only(ids, rows != NONE)


def payment_ids(rows: Ints) -> Text:
    """Name receipts."""
    return only(padded("RC-", rows + 1, 7), rows != NONE)


def allocation_ids(rows: Ints) -> Text:
    """Name allocations."""
    return padded("A-", rows + 1, 8)


def order_ids(rows: Ints) -> Text:
    """Name orders by their place in `sales.orders`."""
    return only(padded("PV-", rows + 1, 7), rows != NONE)


def delivery_ids(rows: Ints) -> Text:
    """Name deliveries; each order is delivered in one, at the same place."""
    return only(padded("AL-", rows + 1, 7), rows != NONE)


def product_ids(rows: Ints) -> Text:
    """Name products."""
    return only(padded("P", rows + 1, 4), rows != NONE)


def contact_ids(rows: Ints) -> Text:
    """Name contact persons by their place in the list of all."""
    return only(padded("PC-", rows + 1, 6), rows != NONE)


def collector_ids(rows: Ints) -> Text:
    """Name the people who collect."""
    return only(padded("COB-", rows + 1, 2), rows != NONE)


def every(size: int) -> Ints:
    """Number rows."""
    return np.arange(size, dtype=np.int64)
