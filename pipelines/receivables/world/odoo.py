"""Write the sample ledger as Odoo 13 to 18 exports it: moves, receivable lines, partial reconciliations and partners.

Odoo knows the as-of date only: what was taken back is gone, what has not happened yet is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from receivables.world import ids
from receivables.world.customers import TERMS
from receivables.world.draws import NONE, Flags, Ints, as_date, at, sum_by
from receivables.world.ledger import Ledger
from receivables.world.names import COMPANY_NAMES, salespeople
from receivables.world.odoo_book import LINE_TEXTS, Book, Journal, MoveState, keep
from receivables.world.records import CURRENCIES, LEDGER_CURRENCY, Kind, labels
from receivables.world.tables import SLICE_ROWS, Slices, Table, write_table
from receivables.world.text import Text, days, decimals, joined, numbers, only, padded, quoted, words
from receivables.world.valuation import Values

ACCOUNTS: Final = {"ES": "430000", "DE": "120000"}
OTHER_ACCOUNT: Final = "121000"
DAY_SECONDS: Final = 36_000
CHILD_SHARE: Final = 3
"""One partner in so many has contacts of its own."""

CONTACTS: Final = {
    "es": (("Lucía Peñalver", "Tesorería"), ("Íñigo Sáez", "Compras")),
    "de": (("Jörg Mühlbacher", "Buchhaltung"), ("Änne Groß, Dipl.-Kffr.", "Einkauf")),
    "pl": (("Małgorzata Źdźbło", "Księgowość"), ("Łukasz Świątek", "Zakupy")),
    "zh-CN": (("陈静怡", "财务部"), ("王昊然", "采购部")),
    "en": (('Margaret "Peg" Holroyd', "Accounts payable"), ("Owen Tibbs", "Purchasing")),
}


class MoveType(IntEnum):
    """What Odoo takes a move for."""

    OUT_INVOICE = 0
    OUT_REFUND = 1
    ENTRY = 2


class PayState(IntEnum):
    """How far an invoice is settled; an entry is always `not_paid`."""

    NOT_PAID = 0
    PARTIAL = 1
    IN_PAYMENT = 2
    PAID = 3
    REVERSED = 4


OPEN_TYPES: Final = (MoveType.OUT_INVOICE, MoveType.OUT_REFUND)
TYPES: Final = (
    MoveType.OUT_INVOICE,
    MoveType.OUT_REFUND,
    MoveType.ENTRY,
    MoveType.ENTRY,
    MoveType.ENTRY,
    MoveType.ENTRY,
)
"""By journal."""


def write(ledger: Ledger, values: Values, out: Path) -> list[Path]:
    """Write the four files as they are on the as-of date."""
    book, spec = keep(ledger, values), ledger.spec
    tables: dict[str, Callable[[Book], dict[str, Text]]] = {
        "account_move": _move_columns,
        "account_move_line": _line_columns,
        "account_partial_reconcile": _partial_columns,
        "res_partner": _partner_columns,
    }
    paths = []
    for table, columns in tables.items():
        path = out / f"{table}__{spec.company_id}__{as_date(spec.as_of_day)}.csv"
        write_table(path, _sliced(columns(book)), spec.as_of_day)
        paths.append(path)
    return paths


def _sliced(columns: dict[str, Text]) -> Slices:
    """Hand a file's columns to the writer in pieces; all rows are told, as the others were left out before."""

    def slices() -> Iterator[Table]:
        size = len(next(iter(columns.values())))
        for start in range(0, max(size, 1), SLICE_ROWS):
            piece = {name: column.slice(start, SLICE_ROWS) for name, column in columns.items()}
            yield Table(piece, told=np.zeros(min(SLICE_ROWS, size - start), dtype=np.int64))

    return slices


def customer_ids(ledger: Ledger) -> list[str]:
    """List the references of the partners."""
    refs: list[str] = ids.customer_ids(ids.every(ledger.spec.customers)).to_pylist()
    return refs


def _picked(column: Text, rows: Ints) -> Text:
    """Take values by row; `NONE` stays empty."""
    return column.take(pa.array(rows, mask=rows == NONE))


def _money(cents: Ints) -> Text:
    """Write amounts as Odoo writes its floats: 12.5 and 0.0, a second decimal only where it says something."""
    return pc.if_else(pa.array(cents % 10 == 0), decimals(cents // 10, 1), decimals(cents, 2))


def _external(model: str, rows: Ints) -> Text:
    """Write external ids, which end in some letters of chance; `NONE` stays empty."""
    chance = words([f"{number:02x}" for number in range(256)], rows * 167 % 256)
    return only(joined([padded(f"__export__.{model}_", rows + 1, 1), chance], "_"), rows != NONE)


def _move_ids(book: Book, rows: Ints) -> Text:
    return _external("account_move", at(book.moves.id, rows))


def _line_ids(book: Book, rows: Ints) -> Text:
    return padded("aml_", book.lines.id[rows] + 1, 1)


def _truths(flags: Flags) -> Text:
    return words(["False", "True"], flags.astype(np.int64))


def _repeated(value: str, like: Ints) -> Text:
    return quoted(words([value], 0 * like))


def _move_columns(book: Book) -> dict[str, Text]:
    """Describe every move but the payments, which Odoo lists elsewhere."""
    ledger, moves = book.ledger, book.moves
    rows = np.flatnonzero(moves.shown & (moves.journal != Journal.PBNK1)).astype(np.int64)
    kind = np.array(TYPES, dtype=np.int64)[moves.journal[rows]]
    doc = np.where(np.isin(kind, OPEN_TYPES), rows, NONE)
    dated = np.where(moves.state[rows] == MoveState.DRAFT, NONE, doc)
    customer, due_day, currency = _facts_of_moves(book)
    terms, people = [terms.description for terms in TERMS], salespeople(ledger.spec.only_codepage)
    amounts = _move_amounts(book, rows, kind)
    return {
        "id": _move_ids(book, rows),
        "name": _picked(book.names, rows),
        "move_type": words(labels(MoveType), kind),
        "state": words(labels(MoveState), moves.state[rows]),
        "payment_state": words(labels(PayState), _pay_states(book, rows, kind)),
        "partner_id/id": _external("res_partner", customer[rows]),
        "partner_id/ref": ids.customer_ids(customer[rows]),
        "invoice_date": days(at(ledger.documents.doc_day, dated)),
        "date": days(moves.day[rows]),
        "invoice_date_due": days(at(due_day, dated)),
        "invoice_payment_term_id/name": quoted(words(terms, at(ledger.documents.terms, doc))),
        "currency_id/name": words(list(CURRENCIES), currency[rows]),
        **amounts,
        **_move_references(book, rows, doc),
        "invoice_user_id/name": quoted(
            words(people, at(ledger.customers.salesperson, at(ledger.documents.customer, doc)))
        ),
        "company_id/name": _repeated(COMPANY_NAMES[ledger.spec.home], rows),
    }


def _facts_of_moves(book: Book) -> tuple[Ints, Ints, Ints]:
    """Read customer, last due date and currency of each move off its lines; a difference is in company currency."""
    lines, size = book.lines, len(book.moves)
    customer, currency, due_day = (np.full(size, NONE, dtype=np.int64) for _ in range(3))
    customer[lines.move] = lines.customer
    currency[lines.move] = lines.currency
    np.maximum.at(due_day, lines.move, lines.due_day)
    return customer, due_day, np.where(book.moves.journal == Journal.EXCH, LEDGER_CURRENCY, currency)


def _move_amounts(book: Book, rows: Ints, kind: Ints) -> dict[str, Text]:
    """Add the lines up; of an entry Odoo shows the size and no residual."""
    lines, matching, size = book.lines, book.matching, len(book.moves)
    entry = kind == MoveType.ENTRY

    def total(cents: Ints) -> Ints:
        return sum_by(lines.move, cents, size)[rows]

    local = total(lines.balance)
    amount = np.where(book.moves.journal[rows] == Journal.EXCH, local, total(lines.amount))
    return {
        "amount_total": _money(np.abs(amount)),
        "amount_residual": _money(np.where(entry, 0, np.abs(total(matching.rest)))),
        "amount_total_signed": _money(np.where(entry, np.abs(local), local)),
        "amount_residual_signed": _money(np.where(entry, 0, total(matching.rest_local))),
    }


def _pay_states(book: Book, rows: Ints, kind: Ints) -> Ints:
    """Say how far each move is settled."""
    lines, matching, standing, size = book.lines, book.matching, book.standing, len(book.moves)
    rest = sum_by(lines.move, np.abs(matching.rest), size)[rows]
    used = sum_by(lines.move, ((matching.full != NONE) | (matching.group != NONE)).astype(np.int64), size)[rows]
    undone, unmatched = (
        np.append(flags, np.zeros(size - len(flags), dtype=np.bool_))[rows]
        for flags in (standing.undone, book.unmatched)
    )
    matters = (kind != MoveType.ENTRY) & (book.moves.state[rows] == MoveState.POSTED)
    state = np.select(
        [~matters | (used == 0), rest > 0, undone, unmatched],
        [PayState.NOT_PAID, PayState.PARTIAL, PayState.REVERSED, PayState.IN_PAYMENT],
        default=PayState.PAID,
    )
    return state.astype(np.int64)


def _move_references(book: Book, rows: Ints, doc: Ints) -> dict[str, Text]:
    """Write where documents come from: orders, the documents they correct, and the one they reverse."""
    docs = book.ledger.documents
    serial, invoice = at(docs.serial, doc), at(docs.kind, doc) == Kind.INVOICE
    corrects = np.where(invoice, NONE, at(docs.ref, doc))
    reason = np.where(at(docs.reverses, doc) != NONE, 0, 1)
    correction = joined(
        [
            words(["Reversal of: "], 0 * rows),
            _picked(book.names, corrects),
            words([", entered in error", ", goods returned"], reason),
        ],
        "",
    )
    order = padded("PO-", serial * 7 % 9000 + 1000, 4)
    reference = pc.coalesce(
        only(order, invoice & (serial % 3 == 0)),
        only(correction, corrects != NONE),
        _picked(book.names, _given_for(book, rows)),
    )
    return {
        "invoice_origin": only(padded("S", serial, 5), invoice & (serial % 5 != 0)),
        "ref": quoted(reference),
        "reversed_entry_id/id": _move_ids(book, at(docs.reverses, doc)),
    }


def _given_for(book: Book, rows: Ints) -> Ints:
    """Find the invoice that a discount or write-off belongs to."""
    lines, partials = book.lines, book.partials
    reduced = np.full(len(book.moves), NONE, dtype=np.int64)
    reduced[lines.move[partials.credit]] = lines.move[partials.debit]
    return np.where(book.moves.journal[rows] == Journal.MISC, reduced[rows], NONE)


def _line_columns(book: Book) -> dict[str, Text]:
    """Describe the receivable lines."""
    spec, lines, moves, matching = book.ledger.spec, book.lines, book.moves, book.matching
    rows = np.flatnonzero(moves.shown[lines.move]).astype(np.int64)
    move, balance = lines.move[rows], lines.balance[rows]
    full, group = matching.full[rows], matching.group[rows]
    name = _picked(book.names, move)
    settled = (matching.rest[rows] == 0) & (matching.rest_local[rows] == 0) & (moves.state[move] == MoveState.POSTED)
    return {
        "id": _line_ids(book, rows),
        "move_id/id": _move_ids(book, move),
        "move_name": name,
        "account_id/code": _repeated(ACCOUNTS.get(spec.home, OTHER_ACCOUNT), rows),
        "account_id/account_type": _repeated("asset_receivable", rows),
        "partner_id/ref": ids.customer_ids(lines.customer[rows]),
        "date": days(moves.day[move]),
        "date_maturity": days(lines.due_day[rows]),
        "name": _line_names(book, rows, name),
        "debit": _money(np.maximum(balance, 0)),
        "credit": _money(np.maximum(-balance, 0)),
        "balance": _money(balance),
        "currency_id/name": words(list(CURRENCIES), lines.currency[rows]),
        "amount_currency": _money(lines.amount[rows]),
        "amount_residual": _money(matching.rest_local[rows]),
        "amount_residual_currency": _money(matching.rest[rows]),
        "reconciled": _truths(settled),
        "full_reconcile_id/id": only(numbers(full), full != NONE),
        "matching_number": pc.if_else(
            pa.array(full != NONE), numbers(full), only(padded("P", group, 1), group != NONE)
        ),
        "parent_state": words(labels(MoveState), moves.state[move]),
    }


def _line_names(book: Book, rows: Ints, name: Text) -> Text:
    """Name a line after its move and instalment, or by what it is; a draft's line has no name yet."""
    lines = book.lines
    seq, text = lines.seq[rows], lines.text[rows]
    numbered = joined([name, only(padded(" installment #", seq, 1), seq != NONE)], "")
    posted = book.moves.state[lines.move[rows]] != MoveState.DRAFT
    return pc.coalesce(words(list(LINE_TEXTS), text), only(numbered, posted))


def _partial_columns(book: Book) -> dict[str, Text]:
    """Describe the partial reconciliations, and the entry with the exchange difference of each that has one."""
    lines, partials = book.lines, book.partials
    full = book.matching.full[partials.debit]
    currencies = list(CURRENCIES)
    return {
        "id": numbers(partials.id + 1),
        "debit_move_id/id": _line_ids(book, partials.debit),
        "credit_move_id/id": _line_ids(book, partials.credit),
        "amount": _money(partials.amount),
        "debit_amount_currency": _money(partials.debit_amount),
        "credit_amount_currency": _money(partials.credit_amount),
        "debit_currency_id/name": words(currencies, lines.currency[partials.debit]),
        "credit_currency_id/name": words(currencies, lines.currency[partials.credit]),
        "max_date": days(partials.day),
        "full_reconcile_id/id": only(numbers(full), full != NONE),
        "exchange_move_id/id": _move_ids(book, partials.exchange),
        "create_date": _moments(partials.day),
    }


def _moments(day: Ints) -> Text:
    """Add some time of an office day to each date."""
    second = 8 * 3600 + np.arange(len(day), dtype=np.int64) * 97 % DAY_SECONDS
    clock = [padded("", part, 2) for part in (second // 3600, second // 60 % 60, second % 60)]
    return joined([days(day), joined(clock, ":")], " ")


def _partner_columns(book: Book) -> dict[str, Text]:
    """Describe the customers, each with the contacts it has; a second contact stands on a line of its own below."""
    ledger, size = book.ledger, len(book.ledger.customers.name)
    rows = [(row, child) for row in range(size) for child in range(1 + (row % CHILD_SHARE == 0))]
    sold = ledger.documents.customer[book.standing.shown & (ledger.documents.kind == Kind.INVOICE)]
    rank = np.bincount(sold, minlength=size).tolist()
    refs = customer_ids(ledger)
    records = [
        (_partner(ledger, row, refs[row], rank[row]) if child == 0 else {}) | _contact(ledger, row, refs[row], child)
        for row, child in rows
    ]
    parents = np.array([NONE if child else row for row, child in rows], dtype=np.int64)
    columns = {name: quoted(pa.array([record.get(name) for record in records], pa.string())) for name in records[0]}
    return {"id": _external("res_partner", parents), **columns}


def _partner(ledger: Ledger, row: int, ref: str, rank: int) -> dict[str, str]:
    customers, spec = ledger.customers, ledger.spec
    terms, salesperson = int(customers.terms[row]), int(customers.salesperson[row])
    return {
        "ref": ref,
        "name": customers.name[row],
        "is_company": "True",
        "vat": f"{customers.country[row]}{row + 1:09d}",
        "country_id/code": str(customers.country[row]),
        "city": customers.city[row],
        "zip": "",
        "phone": "",
        "email": f"ap@{ref.lower()}.example",
        "user_id/name": salespeople(spec.only_codepage)[salesperson] if salesperson != NONE else "",
        "property_payment_term_id/name": TERMS[terms].description if terms != NONE else "",
        "credit_limit": "",
        "customer_rank": str(rank),
        "active": "True",
        "create_date": f"{as_date(spec.start_day - 1 - row * 37 % 2000)} 08:00:00",
    }


def _contact(ledger: Ledger, row: int, ref: str, child: int) -> dict[str, str]:
    """Name a contact in the customer's language; two customers in three have none."""
    if row % CHILD_SHARE:
        return {"child_ids/name": "", "child_ids/function": "", "child_ids/email": ""}
    name, function = CONTACTS.get(str(ledger.customers.language[row]), CONTACTS["en"])[child]
    return {
        "child_ids/name": name,
        "child_ids/function": function,
        "child_ids/email": f"contact{child + 1}@{ref.lower()}.example",
    }
