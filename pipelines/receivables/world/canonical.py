"""Write the sample ledger in the product's own format: one CSV file per table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world.customers import TERMS
from receivables.world.draws import NONE, Ints, as_date
from receivables.world.ledger import Ledger
from receivables.world.names import COMPANY_NAMES, GROUPS, salespeople
from receivables.world.records import CURRENCIES, AllocKind, DueSource, Kind, PayKind, Series, State, labels
from receivables.world.text import Text, days, decimals, numbers, only, padded, quoted, words, write_csv
from receivables.world.valuation import Values, named_instalments, receipt_local

TIMEZONES: Final = {"ES": "Europe/Madrid", "DE": "Europe/Berlin"}
METHODS: Final = ("transfer", "transfer", "direct debit", "card")
REVERSAL_REASONS: Final = ("cheque returned unpaid", "cheque returned unpaid", "debit returned", "card charge disputed")
DOCUMENT_TEXTS: Final = (
    "Pedido semanal",
    'Campaña "Otoño", segunda entrega',
    "Entrega parcial; resto en camino",
    "Aceite, conservas y vino",
    "Reposición de tienda",
)


@dataclass(frozen=True)
class _Extract:
    """The ledger with what several of its files need."""

    ledger: Ledger
    values: Values

    def customer_ids(self, rows: Ints) -> Text:
        return only(padded("C", rows + 1, 5), rows != NONE)

    def document_ids(self, rows: Ints) -> Text:
        documents = self.ledger.documents
        prefix = words([f"{series.name}-" for series in Series], documents.series[rows])
        ids = pc.binary_join_element_wise(prefix, padded("", documents.serial[rows], 7), "")
        return only(ids, rows != NONE)

    def payment_ids(self, rows: Ints) -> Text:
        return only(padded("RC-", rows + 1, 7), rows != NONE)


def write(ledger: Ledger, values: Values, out: Path) -> list[Path]:
    """Write every table as a full extract of the as-of date."""
    tables: dict[str, Callable[[_Extract], dict[str, Text]]] = {
        "company": _company,
        "customer": _customer,
        "payment_terms": _payment_terms,
        "payment_terms_instalment": _payment_terms_instalment,
        "fx_rate": _fx_rate,
        "document": _document,
        "instalment": _instalment,
        "payment": _payment,
        "allocation": _allocation,
    }
    extract, spec = _Extract(ledger, values), ledger.spec
    paths = []
    for table, columns in tables.items():
        path = out / f"{table}__{spec.company_id}__full__{as_date(spec.as_of_day)}.csv"
        write_csv(path, columns(extract))
        paths.append(path)
    return paths


def customer_ids(ledger: Ledger) -> list[str]:
    """List the customers' ids as the files spell them."""
    rows = np.arange(len(ledger.customers.name), dtype=np.int64)
    ids: list[str] = padded("C", rows + 1, 5).to_pylist()
    return ids


def _strings(*values: str) -> Text:
    return quoted(pa.array(values, pa.string()))


def _company(extract: _Extract) -> dict[str, Text]:
    spec = extract.ledger.spec
    return {
        "company_id": _strings(spec.company_id),
        "name": _strings(COMPANY_NAMES[spec.home]),
        "local_currency": _strings(CURRENCIES[0]),
        "country": _strings(spec.home),
        "timezone": _strings(TIMEZONES[spec.home]),
    }


def _customer(extract: _Extract) -> dict[str, Text]:
    spec, customers = extract.ledger.spec, extract.ledger.customers
    return {
        "customer_id": extract.customer_ids(np.arange(len(customers.name), dtype=np.int64)),
        "name": _strings(*customers.name),
        "customer_group": words(list(GROUPS), customers.group),
        "country": _strings(*customers.country),
        "city": _strings(*customers.city),
        "salesperson": words(salespeople(spec.only_codepage), customers.salesperson),
        "currency": words(list(CURRENCIES), customers.currency),
        "terms_id": words([terms.terms_id for terms in TERMS], customers.terms),
        "language": _strings(*customers.language),
        "since_date": days(customers.since_day),
    }


def _payment_terms(_: _Extract) -> dict[str, Text]:
    discount = [terms.disc_days != NONE for terms in TERMS]
    return {
        "terms_id": _strings(*(terms.terms_id for terms in TERMS)),
        "description": _strings(*(terms.description for terms in TERMS)),
        "baseline": _strings(*("document" for _ in TERMS)),
        "net_days": _strings(*(str(terms.days[-1]) for terms in TERMS)),
        "disc1_days": _strings(*(str(t.disc_days) if has else "" for t, has in zip(TERMS, discount, strict=True))),
        "disc1_pct": _strings(*(str(t.disc_pct) if has else "" for t, has in zip(TERMS, discount, strict=True))),
    }


def _payment_terms_instalment(_: _Extract) -> dict[str, Text]:
    parts = [(terms, seq) for terms in TERMS for seq in range(len(terms.shares)) if len(terms.shares) > 1]
    return {
        "terms_id": _strings(*(terms.terms_id for terms, _ in parts)),
        "seq": _strings(*(str(seq + 1) for _, seq in parts)),
        "pct": _strings(*(str(terms.shares[seq]) for terms, seq in parts)),
        "net_days": _strings(*(str(terms.days[seq]) for terms, seq in parts)),
    }


def _fx_rate(extract: _Extract) -> dict[str, Text]:
    rates = extract.ledger.rates
    day = np.tile(rates.quoted_days(), len(CURRENCIES) - 1)
    currency = np.repeat(np.arange(1, len(CURRENCIES), dtype=np.int64), len(day) // (len(CURRENCIES) - 1))
    return {
        "from_currency": words(list(CURRENCIES), currency),
        "to_currency": words(list(CURRENCIES), 0 * currency),
        "rate_date": days(day),
        "rate_type": words(["M"], 0 * currency),
        "rate": decimals(rates.at(currency, day), 6),
    }


def _document(extract: _Extract) -> dict[str, Text]:
    documents, customers = extract.ledger.documents, extract.ledger.customers
    rows = np.arange(len(documents), dtype=np.int64)
    number = extract.document_ids(rows)
    said = np.where((documents.serial % 9 == 0) & (documents.kind == Kind.INVOICE), documents.serial // 9, NONE)
    texts = quoted(words(list(DOCUMENT_TEXTS), np.where(said == NONE, NONE, said % len(DOCUMENT_TEXTS))))
    people = salespeople(extract.ledger.spec.only_codepage)
    return {
        "doc_id": number,
        "doc_no": number,
        "fiscal_year": numbers(documents.post_day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970),
        "customer_id": extract.customer_ids(documents.customer),
        "kind": words(labels(Kind), documents.kind),
        "state": words(labels(State), documents.state),
        "doc_date": days(documents.doc_day),
        "posting_date": days(documents.post_day),
        "terms_id": words([terms.terms_id for terms in TERMS], documents.terms),
        "currency": words(list(CURRENCIES), documents.currency),
        "fx_rate": decimals(documents.rate_ppm, 6),
        "amount_doc": decimals(documents.amount, 2),
        "amount_local": decimals(documents.local, 2),
        "cancelled_date": days(documents.cancel_day),
        "ref_doc_id": extract.document_ids(documents.ref),
        "reverses_doc_id": extract.document_ids(documents.reverses),
        "reversed_by_doc_id": extract.document_ids(documents.reversed_by),
        "salesperson": words(people, customers.salesperson[documents.customer]),
        "dispute_flag": words(["false", "true"], documents.disputed.astype(np.int64)),
        "text": texts,
    }


def _instalment(extract: _Extract) -> dict[str, Text]:
    inst = extract.ledger.instalments
    return {
        "doc_id": extract.document_ids(inst.doc),
        "seq": numbers(inst.seq),
        "due_date": days(inst.due_day),
        "due_date_original": days(inst.due_original),
        "due_date_source": words(labels(DueSource), inst.due_source),
        "amount_doc": decimals(inst.amount, 2),
        "amount_local": decimals(inst.local, 2),
        "disc1_date": days(inst.disc_day),
        "disc1_amount_doc": only(decimals(inst.disc_amount, 2), inst.disc_day != NONE),
    }


def _payment(extract: _Extract) -> dict[str, Text]:
    receipts, rates = extract.ledger.receipts, extract.ledger.rates
    rows = np.arange(len(receipts), dtype=np.int64)
    returned = receipts.reversal_day != NONE
    return {
        "payment_id": extract.payment_ids(rows),
        "customer_id": extract.customer_ids(receipts.customer),
        "kind": words(labels(PayKind), receipts.kind),
        "state": words(labels(State), np.where(returned, State.REVERSED, State.POSTED).astype(np.int64)),
        "pay_date": days(receipts.pay_day),
        "currency": words(list(CURRENCIES), receipts.currency),
        "fx_rate": decimals(rates.at(receipts.currency, receipts.pay_day), 6),
        "amount_doc": decimals(receipts.amount, 2),
        "amount_local": decimals(receipt_local(extract.ledger), 2),
        "method": words(list(METHODS), receipts.kind),
        "reversal_date": days(receipts.reversal_day),
        "reversal_reason": words(list(REVERSAL_REASONS), np.where(returned, receipts.kind, NONE)),
    }


def _allocation(extract: _Extract) -> dict[str, Text]:
    """Write the allocations, and below them one row of kind fx_difference for each that has a difference."""
    ledger, values = extract.ledger, extract.values
    inst, alloc = ledger.instalments, ledger.allocations
    moved = np.flatnonzero(values.fx)
    size = len(alloc) + len(moved)
    both = np.concatenate([np.arange(len(alloc), dtype=np.int64), moved])
    is_fx = np.arange(size) >= len(alloc)
    sourced = ~is_fx & (alloc.kind[both] != AllocKind.WRITE_OFF)
    by_cash = sourced & (alloc.payment[both] != NONE)
    payment = np.where(by_cash, alloc.payment[both], NONE)
    credit = np.where(sourced & ~by_cash, alloc.credit[both], NONE)
    paid_in = np.where(by_cash, ledger.receipts.currency[payment], ledger.documents.currency[credit])
    cleared = np.where(sourced, values.money[both] + values.discount[both], values.carrying[both])
    target = inst.doc[alloc.inst[both]]
    return {
        "allocation_id": padded("A-", np.arange(1, size + 1, dtype=np.int64), 8),
        "kind": words(labels(AllocKind), np.where(is_fx, AllocKind.FX_DIFFERENCE, alloc.kind[both]).astype(np.int64)),
        "from_payment_id": extract.payment_ids(payment),
        "from_doc_id": extract.document_ids(credit),
        "from_currency": only(words(list(CURRENCIES), paid_in), sourced),
        "amount_from_doc": only(decimals(alloc.drawn[both], 2), sourced),
        "to_doc_id": extract.document_ids(target),
        "to_seq": only(numbers(inst.seq[alloc.inst[both]]), named_instalments(ledger, values.effective)[both]),
        "amount_to_doc": decimals(np.where(is_fx, 0, alloc.cleared[both]), 2),
        "amount_local": decimals(np.where(is_fx, values.fx[both], cleared), 4),
        "alloc_date": days(alloc.day[both]),
        "discount_local": only(decimals(values.discount[both], 4), sourced & (alloc.discount[both] > 0)),
        "origin": words(["source"], np.zeros(size, dtype=np.int64)),
        "voided_date": days(alloc.void_day[both]),
    }
