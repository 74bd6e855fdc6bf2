"""The sample ledger as lines of an SAP line-item list: invoices, credits, payments, and what cleared them.

A list knows whole lines only: a line is open or cleared, and lines cleared together share a clearing document and date
and add up to nothing. A receipt's ledger amount is therefore what it clears; the exchange difference is not the
customer's. A part payment stays open beside its invoice until the rest is paid.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.draws import NONE, Ints, at, sum_by
from receivables.world.ledger import Ledger
from receivables.world.records import AllocKind, Series, State, Tag
from receivables.world.text import Text, joined, numbers, padded, words
from receivables.world.valuation import receipt_local

RV, DZ, DG, AB = range(4)
TYPES: Final = ("RV", "DZ", "DG", "AB")
RANGES: Final = (9_000_000_000, 1_400_000_000, 1_600_000_000, 1_000_000_000)
"""First number of each document type, less one."""


@dataclass(frozen=True)
class Lines:
    """One element per line; amounts in cents with the ledger's sign, clearing `NONE` where the line is open."""

    customer: Ints
    kind: Ints
    number: Ints
    doc_day: Ints
    due_day: Ints
    currency: Ints
    amount: Ints
    local: Ints
    clear_number: Ints
    clear_day: Ints
    text: Text


@dataclass(frozen=True)
class _Clearing:
    """What cleared each instalment and each allocation's share of its ledger amount in cents; `NONE`: still open."""

    number: Ints
    day: Ints
    share: Ints
    rv_number: Ints


def lines(ledger: Ledger) -> Lines:
    """List every line of the ledger, sorted by customer, date and number."""
    clearing = _clearing(ledger)
    pieces = (
        _invoices(ledger, clearing),
        _reversals(ledger, clearing),
        _credits(ledger, clearing),
        _payments(ledger, clearing),
        _write_offs(ledger, clearing),
    )
    columns = {f.name: [getattr(piece, f.name) for piece in pieces] for f in fields(Lines)}
    text = pa.concat_arrays(columns.pop("text"))
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    order = np.lexsort((whole["due_day"], whole["number"], whole["doc_day"], whole["customer"]))
    return Lines(**{name: column[order] for name, column in whole.items()}, text=text.take(pa.array(order)))


def _clearing(ledger: Ledger) -> _Clearing:
    """Find the last allocation of every instalment paid in full: its receipt or write-off is the clearing document."""
    inst, alloc, docs = ledger.instalments, ledger.allocations, ledger.documents
    size = len(inst)
    whole = sum_by(alloc.inst, alloc.cleared, size) == inst.amount
    last = np.full(size, NONE, dtype=np.int64)
    np.maximum.at(last, alloc.inst, np.arange(len(alloc), dtype=np.int64))
    final = np.where(whole, last, NONE)
    by_cash = alloc.kind == AllocKind.PAYMENT
    own = np.where(by_cash, RANGES[DZ] + 1 + alloc.payment, RANGES[AB] + np.cumsum(alloc.kind == AllocKind.WRITE_OFF))
    rv_number = _rv_numbers(ledger)
    reversal = docs.reversed_by[inst.doc]
    number = np.where(final == NONE, at(rv_number, reversal), at(own, final))
    day = np.where(final == NONE, at(docs.doc_day, reversal), at(alloc.day, final))
    return _Clearing(number, day, _shares(ledger, final), rv_number)


def _rv_numbers(ledger: Ledger) -> Ints:
    """Number invoices and reversals together, in the order of their dates."""
    docs = ledger.documents
    rows = np.flatnonzero((docs.series == Series.FV) | (docs.series == Series.AN))
    number = np.full(len(docs), NONE, dtype=np.int64)
    number[rows[np.argsort(docs.doc_day[rows], kind="stable")]] = RANGES[RV] + 1 + np.arange(len(rows), dtype=np.int64)
    return number


def _shares(ledger: Ledger, final: Ints) -> Ints:
    """Share each instalment's ledger cents out to its allocations; the clearing one takes what is left."""
    inst, alloc = ledger.instalments, ledger.allocations
    whole, local = inst.amount[alloc.inst], inst.local[alloc.inst]
    share = (2 * alloc.cleared * local + whole) // (2 * whole)
    is_final = final[alloc.inst] == np.arange(len(alloc))
    others = sum_by(alloc.inst, np.where(is_final, 0, share), len(inst))
    return np.where(is_final, local - others[alloc.inst], share)


def _constant(value: int, like: Ints) -> Ints:
    return np.full(len(like), value, dtype=np.int64)


def _invoices(ledger: Ledger, clearing: _Clearing) -> Lines:
    inst, docs = ledger.instalments, ledger.documents
    doc = inst.doc
    said = np.select(
        [docs.state[doc] == State.REVERSED, inst.of == 1], [0, 1 + doc % 2], default=inst.of * 3 + inst.seq
    )
    rates = [f"Rate {seq}/{of}" for of in (2, 3) for seq in (1, 2, 3)]
    vocabulary = ["storniert", "Rechnung", "Warenlieferung", "", "", "", "", *rates]
    return Lines(
        customer=docs.customer[doc],
        kind=_constant(RV, doc),
        number=clearing.rv_number[doc],
        doc_day=docs.doc_day[doc],
        due_day=inst.due_day,
        currency=docs.currency[doc],
        amount=inst.amount,
        local=inst.local,
        clear_number=clearing.number,
        clear_day=clearing.day,
        text=words(vocabulary, said.astype(np.int64)),
    )


def _reversals(ledger: Ledger, clearing: _Clearing) -> Lines:
    docs = ledger.documents
    rows = np.flatnonzero(docs.reverses != NONE)
    return Lines(
        customer=docs.customer[rows],
        kind=_constant(RV, rows),
        number=clearing.rv_number[rows],
        doc_day=docs.doc_day[rows],
        due_day=docs.doc_day[rows],
        currency=docs.currency[rows],
        amount=docs.amount[rows],
        local=docs.local[rows],
        clear_number=clearing.rv_number[rows],
        clear_day=docs.doc_day[rows],
        text=padded("Storno ", clearing.rv_number[docs.reverses[rows]], 10),
    )


def _credits(ledger: Ledger, clearing: _Clearing) -> Lines:
    """List the credit notes; one that was used is cleared with its instalment, once that is paid in full."""
    docs, alloc = ledger.documents, ledger.allocations
    rows = np.flatnonzero(docs.series == Series.AB)
    use = np.full(len(docs), NONE, dtype=np.int64)
    drawn = np.flatnonzero(alloc.credit != NONE)
    use[alloc.credit[drawn]] = drawn
    used = use[rows]
    linked = docs.ref[rows] != NONE
    inst = at(alloc.inst, used)
    return Lines(
        customer=docs.customer[rows],
        kind=_constant(DG, rows),
        number=RANGES[DG] + docs.serial[rows],
        doc_day=docs.doc_day[rows],
        due_day=docs.doc_day[rows],
        currency=docs.currency[rows],
        amount=docs.amount[rows],
        local=np.where(used == NONE, docs.local[rows], -at(clearing.share, used)),
        clear_number=at(clearing.number, inst),
        clear_day=at(clearing.day, inst),
        text=_referring(
            words(["Bonus", "Gutschrift"], linked.astype(np.int64)), at(clearing.rv_number, docs.ref[rows])
        ),
    )


def _referring(said: Text, number: Ints) -> Text:
    """Put the number a line refers to behind its text, where it refers to one."""
    return pc.if_else(pa.array(number != NONE), joined([said, numbers(number)], " "), said)


def _payments(ledger: Ledger, clearing: _Clearing) -> Lines:
    """List the receipts: money on account and part payments of open instalments stay open."""
    receipts, alloc = ledger.receipts, ledger.allocations
    size = len(receipts)
    paid = np.flatnonzero(alloc.kind == AllocKind.PAYMENT)
    use = np.full(size, NONE, dtype=np.int64)
    use[alloc.payment[paid]] = paid
    loose = use == NONE
    part = at(alloc.tag, use) == Tag.PART
    inst = at(alloc.inst, use)
    shares = sum_by(alloc.payment[paid], clearing.share[paid], size)
    invoice = np.where(part, at(clearing.rv_number, at(ledger.instalments.doc, inst)), NONE)
    said = words(["Akontozahlung", "Teilzahlung", "Zahlung"], np.select([loose, part], [0, 1], default=2))
    return Lines(
        customer=receipts.customer,
        kind=_constant(DZ, inst),
        number=RANGES[DZ] + 1 + np.arange(size, dtype=np.int64),
        doc_day=receipts.pay_day,
        due_day=receipts.pay_day,
        currency=receipts.currency,
        amount=-receipts.amount,
        local=-np.where(loose, receipt_local(ledger), shares),
        clear_number=at(clearing.number, inst),
        clear_day=at(clearing.day, inst),
        text=_referring(said, invoice),
    )


def _write_offs(ledger: Ledger, clearing: _Clearing) -> Lines:
    alloc, docs, inst = ledger.allocations, ledger.documents, ledger.instalments
    rows = np.flatnonzero(alloc.kind == AllocKind.WRITE_OFF)
    target = alloc.inst[rows]
    doc = inst.doc[target]
    number = RANGES[AB] + 1 + np.arange(len(rows), dtype=np.int64)
    return Lines(
        customer=docs.customer[doc],
        kind=_constant(AB, rows),
        number=number,
        doc_day=alloc.day[rows],
        due_day=alloc.day[rows],
        currency=docs.currency[doc],
        amount=-alloc.cleared[rows],
        local=-clearing.share[rows],
        clear_number=clearing.number[target],
        clear_day=clearing.day[target],
        text=words(["Ausbuchung uneinbringlich"], 0 * rows),
    )
