"""Write the sample ledger in the product's own format: one CSV file per table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from receivables.world import dealings, files, ids, sales_tables
from receivables.world.customers import TERMS
from receivables.world.draws import NONE, Flags, Ints, as_date, at, convert
from receivables.world.ids import document_ids, every, payment_ids
from receivables.world.ledger import Ledger
from receivables.world.names import COMPANY_NAMES, GROUPS, salespeople, territories
from receivables.world.plants import PlantKind
from receivables.world.records import (
    CURRENCIES,
    AllocKind,
    Documents,
    DueSource,
    Kind,
    PayKind,
    Receipts,
    State,
    labels,
    take,
)
from receivables.world.tables import Announce, Later, Slices, Table, empty, silence, sliced, write_table
from receivables.world.telling import Telling, prompt
from receivables.world.text import Text, days, decimals, numbers, only, quoted, strings, words
from receivables.world.valuation import Values, named_instalments

OTHER_PAYER: Final = "Gestora de Cobros"
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


def tables(ledger: Ledger, values: Values, telling: Telling | None = None) -> dict[str, Slices]:
    """Name every table of the world in the order it is written, each to be made when it is needed.

    Without `telling` all is told on the day it happens, and so in order.
    """
    named = named_instalments(ledger, values.effective if telling is None else None)
    telling = telling or prompt(ledger)
    return {
        **{name: partial(_once, make, ledger) for name, make in MASTER_DATA.items()},
        **{name: make(ledger) for name, make in files.TABLES.items()},
        **{name: make(ledger) for name, make in sales_tables.TABLES.items()},
        "document": sliced(len(ledger.documents), partial(_document, ledger, telling)),
        "instalment": sliced(len(ledger.instalments), partial(_instalment, ledger, telling)),
        "payment": sliced(len(ledger.receipts), partial(_payment, ledger, telling)),
        "allocation": _allocations(ledger, values, telling, named),
        **dealings.tables(ledger, values),
    }


def _once(make: Callable[[Ledger], Table], ledger: Ledger) -> Iterator[Table]:
    yield make(ledger)


def write(ledger: Ledger, values: Values, out: Path, announce: Announce = silence) -> list[Path]:
    """Write every table as a full extract of the as-of date."""
    spec = ledger.spec
    paths = []
    written = tables(ledger, values)
    for table, slices in written.items():
        announce(table, len(written))
        path = out / f"{table}__{spec.company_id}__full__{as_date(spec.as_of_day)}.csv"
        write_table(path, slices, spec.as_of_day)
        paths.append(path)
    return paths


def customer_ids(ledger: Ledger) -> list[str]:
    """List the customers' ids as the files spell them."""
    spelled: list[str] = ids.customer_ids(every(ledger.spec.customers)).to_pylist()
    return spelled


def _always(ledger: Ledger, columns: dict[str, Text]) -> Table:
    """Make a table that is told from the first day on."""
    size = len(next(iter(columns.values())))
    return Table(columns, np.full(size, ledger.spec.start_day, dtype=np.int64))


def _company(ledger: Ledger) -> Table:
    spec = ledger.spec
    return _always(
        ledger,
        {
            "company_id": strings([spec.company_id]),
            "name": strings([COMPANY_NAMES[spec.home]]),
            "local_currency": strings([CURRENCIES[0]]),
            "country": strings([spec.home]),
            "timezone": strings([TIMEZONES[spec.home]]),
        },
    )


def _customer(ledger: Ledger) -> Table:
    spec, customers = ledger.spec, ledger.customers
    address, moved = files.addresses(ledger)
    columns = {
        "customer_id": ids.customer_ids(every(spec.customers)),
        "name": strings(customers.name),
        "customer_group": words(list(GROUPS), customers.group),
        "country": strings(customers.country),
        "region": strings(customers.region),
        "city": strings(customers.city),
        "address": address,
        "territory_id": words([t.territory_id for t in territories(spec.home)], customers.territory),
        "salesperson": words(salespeople(spec.only_codepage), customers.salesperson),
        "collector_id": files.collectors(ledger),
        "credit_account_id": files.credit_account(ledger),
        "currency": words(list(CURRENCIES), customers.currency),
        "terms_id": words([terms.terms_id for terms in TERMS], customers.terms),
        "language": strings(customers.language),
        "since_date": days(customers.since_day),
    }
    return Table(columns, np.maximum(customers.since_day, spec.start_day), {"address": moved})


def _payment_terms(ledger: Ledger) -> Table:
    discount = [terms.disc_days != NONE for terms in TERMS]
    return _always(
        ledger,
        {
            "terms_id": strings(terms.terms_id for terms in TERMS),
            "description": strings(terms.description for terms in TERMS),
            "baseline": strings("month_end" if terms.from_month_end else "document" for terms in TERMS),
            "net_days": strings(str(terms.days[-1]) for terms in TERMS),
            "disc1_days": strings(str(t.disc_days) if has else "" for t, has in zip(TERMS, discount, strict=True)),
            "disc1_pct": strings(str(t.disc_pct) if has else "" for t, has in zip(TERMS, discount, strict=True)),
        },
    )


def _payment_terms_instalment(ledger: Ledger) -> Table:
    parts = [(terms, seq) for terms in TERMS for seq in range(len(terms.shares)) if len(terms.shares) > 1]
    return _always(
        ledger,
        {
            "terms_id": strings(terms.terms_id for terms, _ in parts),
            "seq": strings(str(seq + 1) for _, seq in parts),
            "pct": strings(str(terms.shares[seq]) for terms, seq in parts),
            "net_days": strings(str(terms.days[seq]) for terms, seq in parts),
        },
    )


def _fx_rate(ledger: Ledger) -> Table:
    rates = ledger.rates
    day = np.tile(rates.quoted_days(), len(CURRENCIES) - 1)
    currency = np.repeat(np.arange(1, len(CURRENCIES), dtype=np.int64), len(day) // (len(CURRENCIES) - 1))
    columns = {
        "from_currency": words(list(CURRENCIES), currency),
        "to_currency": words(list(CURRENCIES), 0 * currency),
        "rate_date": days(day),
        "rate_type": words(["M"], 0 * currency),
        "rate": decimals(rates.at(currency, day), 6),
    }
    return Table(columns, day)


MASTER_DATA: Final[dict[str, Callable[[Ledger], Table]]] = {
    "company": _company,
    "customer": _customer,
    "payment_terms": _payment_terms,
    "payment_terms_instalment": _payment_terms_instalment,
    "fx_rate": _fx_rate,
}


def _document(ledger: Ledger, telling: Telling, rows: Ints) -> Table:
    documents, customers = take(ledger.documents, rows), ledger.customers
    number = document_ids(ledger, rows)
    said = np.where((documents.serial % 9 == 0) & (documents.kind == Kind.INVOICE), documents.serial // 9, NONE)
    texts = quoted(words(list(DOCUMENT_TEXTS), np.where(said == NONE, NONE, said % len(DOCUMENT_TEXTS))))
    people = salespeople(ledger.spec.only_codepage)
    state, wrong = telling.state[rows], telling.amount[rows]
    cents = telling.amount_before[rows]
    order = order_of_documents(ledger)[rows]
    tax = np.where(order == NONE, NONE, convert(at(ledger.sales.tax, order), documents.rate_ppm))
    columns = {
        "doc_id": number,
        "doc_no": number,
        "fiscal_year": numbers(documents.post_day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970),
        "customer_id": ids.customer_ids(documents.customer),
        "kind": words(labels(Kind), documents.kind),
        "state": words(labels(State), documents.state),
        "doc_date": days(documents.doc_day),
        "posting_date": days(documents.post_day),
        "terms_id": words([terms.terms_id for terms in TERMS], documents.terms),
        "currency": words(list(CURRENCIES), documents.currency),
        "fx_rate": decimals(documents.rate_ppm, 6),
        "amount_doc": decimals(documents.amount, 2),
        "amount_local": decimals(documents.local, 2),
        "tax_local": only(decimals(tax, 2), tax != NONE),
        "cancelled_date": days(documents.cancel_day),
        "ref_doc_id": document_ids(ledger, documents.ref),
        "reverses_doc_id": document_ids(ledger, documents.reverses),
        "reversed_by_doc_id": document_ids(ledger, documents.reversed_by),
        "order_no": ids.order_ids(order),
        "contract_id": ids.contract_ids(_contract(ledger, documents)),
        "salesperson": words(people, customers.salesperson[documents.customer]),
        "dispute_flag": words(["false", "true"], documents.disputed.astype(np.int64)),
        "text": texts,
    }
    posted = words(labels(State), np.full(len(rows), State.POSTED, dtype=np.int64))
    later = {
        "state": Later(state, posted),
        "cancelled_date": Later(state, empty(len(rows))),
        "reversed_by_doc_id": Later(state, empty(len(rows))),
        "dispute_flag": Later(telling.disputed[rows], words(["false"], 0 * rows)),
        "amount_doc": Later(wrong, decimals(cents, 2)),
        "amount_local": Later(wrong, decimals(convert(cents, documents.rate_ppm), 2)),
    }
    return Table(columns, telling.document[rows], later)


def _contract(ledger: Ledger, documents: Documents) -> Ints:
    """Find the contract each document was made under; `NONE` where there was none, or none any more."""
    lost = ledger.plants.marked(PlantKind.NO_WRITTEN_TERM, documents.customer, documents.doc_day, ledger.spec.customers)
    return np.where(files.has_contract(ledger)[documents.customer] & ~lost, documents.customer, NONE)


def order_of_documents(ledger: Ledger) -> Ints:
    """Find the order each document invoices; a copy repeats the order of its original, other documents have none."""
    orders, copies = ledger.sales.orders.row, ledger.copies.of
    order = np.full(len(ledger.documents), NONE, dtype=np.int64)
    order[orders] = every(len(orders))
    rows = np.flatnonzero(copies != NONE)
    order[rows] = order[copies[rows]]
    return order


def _instalment(ledger: Ledger, telling: Telling, rows: Ints) -> Table:
    inst = take(ledger.instalments, rows)
    wrong, cents = telling.amount[inst.doc], telling.amount_before[inst.doc]
    told, before = telling.due[rows], telling.due_before[rows]
    columns = {
        "doc_id": document_ids(ledger, inst.doc),
        "seq": numbers(inst.seq),
        "due_date": days(inst.due_day),
        "due_date_original": days(inst.due_original),
        "due_date_source": words(labels(DueSource), inst.due_source),
        "amount_doc": decimals(inst.amount, 2),
        "amount_local": decimals(inst.local, 2),
        "disc1_date": days(inst.disc_day),
        "disc1_amount_doc": only(decimals(inst.disc_amount, 2), inst.disc_day != NONE),
    }
    later = {
        "due_date": Later(told, days(before)),
        # a date typed wrong is wrong in both; one put off leaves the original as it was
        "due_date_original": Later(np.where(before != inst.due_original, told, NONE), days(before)),
        "amount_doc": Later(wrong, decimals(cents, 2)),
        "amount_local": Later(wrong, decimals(convert(cents, ledger.documents.rate_ppm[inst.doc]), 2)),
    }
    return Table(columns, telling.document[inst.doc], later)


def _payment(ledger: Ledger, telling: Telling, rows: Ints) -> Table:
    receipts, rates = take(ledger.receipts, rows), ledger.rates
    returned = receipts.reversal_day != NONE
    rate = rates.at(receipts.currency, receipts.pay_day)
    columns = {
        "payment_id": payment_ids(rows),
        "customer_id": ids.customer_ids(receipts.customer),
        "kind": words(labels(PayKind), receipts.kind),
        "state": words(labels(State), np.where(returned, State.REVERSED, State.POSTED).astype(np.int64)),
        "pay_date": days(receipts.pay_day),
        "currency": words(list(CURRENCIES), receipts.currency),
        "fx_rate": decimals(rate, 6),
        "amount_doc": decimals(receipts.amount, 2),
        "amount_local": decimals(convert(receipts.amount, rate), 2),
        "method": words(list(METHODS), receipts.kind),
        "payer_name": _payers(ledger, receipts),
        "payer_account_hash": files.paying_accounts(
            ledger, np.where(_by_another(ledger, receipts), NONE, receipts.customer), receipts.pay_day
        ),
        "reversal_date": days(receipts.reversal_day),
        "reversal_reason": words(list(REVERSAL_REASONS), np.where(returned, receipts.kind, NONE)),
    }
    told = telling.reversal[rows]
    later = {
        "state": Later(told, words(labels(State), np.full(len(rows), State.POSTED, dtype=np.int64))),
        "reversal_date": Later(told, empty(len(rows))),
        "reversal_reason": Later(told, empty(len(rows))),
    }
    return Table(columns, telling.receipt[rows], later)


def _by_another(ledger: Ledger, receipts: Receipts) -> Flags:
    """Mark what another firm pays: from the day on which a customer's payer was planted to change."""
    return ledger.plants.marked(PlantKind.PAYER_CHANGED, receipts.customer, receipts.pay_day, ledger.spec.customers)


def _payers(ledger: Ledger, receipts: Receipts) -> Text:
    """Name who paid: the customer, or another firm."""
    customers = ledger.customers
    size = len(customers.name)
    another = _by_another(ledger, receipts)
    names = [*customers.name, *(f"{OTHER_PAYER} {person}" for person in salespeople(ledger.spec.only_codepage))]
    code = np.where(another, size + receipts.customer % (len(names) - size), receipts.customer)
    return words(strings(names).to_pylist(), code)


def _allocations(ledger: Ledger, values: Values, telling: Telling, named: Flags) -> Slices:
    """Write the allocations, and below them one row of kind fx_difference for each that has a difference."""
    size = len(ledger.allocations)
    rows = np.concatenate([every(size), np.flatnonzero(values.fx)])

    def make(places: Ints) -> Table:
        these = rows[places]
        told = Table(_allocation(ledger, values, places, these), telling.allocation[these])
        told.columns["to_seq"] = only(told.columns["to_seq"], named[these])
        return replace(told, later={"voided_date": Later(telling.void[these], empty(len(these)))})

    return sliced(len(rows), make)


def _allocation(ledger: Ledger, values: Values, places: Ints, rows: Ints) -> dict[str, Text]:
    inst, alloc = ledger.instalments, take(ledger.allocations, rows)
    is_fx = places >= len(ledger.allocations)
    sourced = ~is_fx & (alloc.kind != AllocKind.WRITE_OFF)
    by_cash = sourced & (alloc.payment != NONE)
    payment = np.where(by_cash, alloc.payment, NONE)
    credit = np.where(sourced & ~by_cash, alloc.credit, NONE)
    paid_in = np.where(by_cash, ledger.receipts.currency[payment], ledger.documents.currency[credit])
    cleared = np.where(sourced, values.money[rows] + values.discount[rows], values.carrying[rows])
    return {
        "allocation_id": ids.allocation_ids(places),
        "kind": words(labels(AllocKind), np.where(is_fx, AllocKind.FX_DIFFERENCE, alloc.kind).astype(np.int64)),
        "from_payment_id": payment_ids(payment),
        "from_doc_id": document_ids(ledger, credit),
        "from_currency": only(words(list(CURRENCIES), paid_in), sourced),
        "amount_from_doc": only(decimals(alloc.drawn, 2), sourced),
        "to_doc_id": document_ids(ledger, inst.doc[alloc.inst]),
        "to_seq": numbers(inst.seq[alloc.inst]),
        "amount_to_doc": decimals(np.where(is_fx, 0, alloc.cleared), 2),
        "amount_local": decimals(np.where(is_fx, values.fx[rows], cleared), 4),
        "alloc_date": days(alloc.day),
        "discount_local": only(decimals(values.discount[rows], 4), sourced & (alloc.discount > 0)),
        "origin": words(["source"], 0 * rows),
        "voided_date": days(alloc.void_day),
    }
