"""Random small ledgers for property tests: every form of document, payment and allocation, on and around the edges.

Amounts come from a short list so that full, part and over-payments, roundings and rests within tolerance are frequent;
dates from offsets around `AS_OF` that sit on both sides of every edge. Rows are wrong in the ways files are wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle, product
from typing import Any, Final, TypeVar

from hypothesis import strategies as st

from exports import tried
from factories import Row, Tables, allocation, company, customer, document, instalment, money, payment

EXAMPLES: Final = tried(24, quick=4)
"""Ledgers tried; a change of the models deserves a few thousand."""

AS_OF: Final = date(2026, 6, 30)
COMPANIES: Final = ("CN01", "CO02", "ES03", "MX04")
"""Several to a try: building the models takes much longer than one more small ledger in them."""
RATES: Final = {"EUR": Decimal(1), "USD": Decimal("0.90"), "MXN": Decimal("0.05")}
AMOUNTS: Final = ("0.30", "0.50", "33.33", "100", "100.01", "250", "999.99", "1000", "7000", "123456.78")
POSITIVE_KINDS: Final = (
    "invoice",
    "debit_note",
    "finance_charge",
    "refund",
    "opening_balance",
    "adjustment",
    "fx_revaluation",
)
NEGATIVE_KINDS: Final = ("credit_note", "adjustment", "opening_balance", "other")
SOURCED_KINDS: Final = ("payment", "credit_note", "netting", "bill_transfer")
SOURCELESS_KINDS: Final = ("write_off", "waiver", "discount", "tolerance")
UNKNOWN: Final = "unknown"

Draw = Callable[[st.SearchStrategy[Any]], Any]
T = TypeVar("T")


def days_around(*offsets: int) -> list[date]:
    """Days counted from the as-of date."""
    return [AS_OF + timedelta(days=offset) for offset in offsets]


def mostly(value: T, *others: T) -> st.SearchStrategy[T]:
    """The usual value nine times in ten: rows combine, and one odd end is enough to make an allocation void."""
    return st.sampled_from((value,) * (9 * len(others)) + others)


PAST: Final = days_around(-400, -90, -30, -2, -1, 0)
EVENTS: Final = [*PAST, *days_around(1, 20)]
DUE: Final = days_around(-731, -730, -366, -365, -181, -180, -91, -90, -61, -60, -31, -30, -1, 0, 1, 45)
EVENT: Final = st.sampled_from(EVENTS)
MOSTLY_PAST: Final = st.sampled_from([*PAST * 4, *EVENTS])
RARELY_EVENT: Final = st.sampled_from([None] * 9 * len(EVENTS) + EVENTS)
MOSTLY_DUE: Final = st.sampled_from([*DUE, *[None] * 4])
CURRENCY: Final = st.sampled_from(("EUR", "EUR", "EUR", "USD", "MXN"))
STATES: Final = ("posted", "draft", "cancelled", "reversed")
STATE: Final = mostly(*STATES)
SIGN: Final = st.sampled_from((1, 1, 1, -1))
HALF: Final = st.booleans()
SHARE: Final = st.sampled_from((1, 1, 1, 2, 3))
RESTS: Final = [Decimal(rest) for rest in ("0", "0", "0", "0", "0.50", "0.5001", "-0.05", "-0.0501")]
JITTER: Final = mostly(Decimal(0), Decimal("0.01"), Decimal("-0.0001"))


def draw_document(draw: Draw, doc_id: str, customers: list[str]) -> Row:
    """A document of any kind; its value in ledger currency is not always the amount at the rate."""
    currency, state, dated = draw(CURRENCY), draw(STATE), draw(MOSTLY_PAST)
    sign = draw(SIGN)
    amount = sign * Decimal(draw(st.sampled_from(AMOUNTS)))
    return document(
        doc_id,
        amount,
        customer_id=draw(st.sampled_from(customers)),
        kind=draw(st.sampled_from(POSITIVE_KINDS if sign > 0 else NEGATIVE_KINDS)),
        state=state,
        doc_date=dated,
        posting_date=draw(st.sampled_from((None, dated, dated + timedelta(days=2)))),
        due_date=draw(MOSTLY_DUE),
        cancelled_date=draw(st.none() | EVENT) if state in {"cancelled", "reversed"} else None,
        currency=currency,
        amount_local=money(amount * RATES[currency]) + sign * draw(JITTER),
    )


def draw_reversal(draw: Draw, reversed_row: Row) -> Row:
    """The document that takes another back, each pointing at the other, or only one of them."""
    reversing = reversed_row | {
        "doc_id": f"R{reversed_row['doc_id']}",
        "source_key": f"R{reversed_row['doc_id']}",
        "kind": "adjustment",
        "state": draw(mostly("posted", "reversed", "draft", "cancelled")),
        "doc_date": draw(EVENT),
        "posting_date": None,
        "cancelled_date": None,
        "amount_doc": -reversed_row["amount_doc"],
        "amount_local": -reversed_row["amount_local"],
    }
    says_so, is_named = draw(st.sampled_from(((True, True), (True, False), (False, True))))
    reversing["reverses_doc_id"] = reversed_row["doc_id"] if says_so else None
    reversed_row["reversed_by_doc_id"] = reversing["doc_id"] if is_named else None
    reversed_row["state"] = draw(st.sampled_from(("reversed", reversed_row["state"])))
    reversed_row["cancelled_date"] = draw(RARELY_EVENT)
    return reversing


def draw_instalments(draw: Draw, row: Row) -> list[Row]:
    """One to four instalments that mostly sum to the document; at the document's own rate, so that both tell the same."""
    count = draw(st.integers(1, 4))
    rate = RATES[row["currency"]]
    row |= {"due_date": draw(st.sampled_from((None, row["due_date"]))), "amount_local": row["amount_doc"] * rate}
    part = (row["amount_doc"] / count).quantize(Decimal("0.01"))
    last = row["amount_doc"] - part * (count - 1) + draw(mostly(Decimal(0), Decimal("0.01"), Decimal("-0.02")))
    return [
        instalment(row["doc_id"], seq, amount, amount_local=amount * rate, due_date=draw(MOSTLY_DUE))
        for seq, amount in enumerate([part] * (count - 1) + [last], start=1)
    ]


def draw_payment(draw: Draw, payment_id: str, customers: list[str]) -> Row:
    """A receipt, or money paid out; sometimes nobody knows from whom."""
    currency = draw(CURRENCY)
    return payment(
        payment_id,
        draw(SIGN) * Decimal(draw(st.sampled_from(AMOUNTS))),
        customer_id=draw(st.sampled_from([*customers, *customers, None])),
        state=draw(STATE),
        pay_date=draw(MOSTLY_PAST),
        reversal_date=draw(RARELY_EVENT),
        currency=currency,
        rate=RATES[currency],
    )


def side(row: Row) -> bool:
    """Whether the row raises what the customer owes."""
    return bool((row["amount_doc"] > 0) == ("doc_id" in row))


def draw_amount(draw: Draw, target: Row, source: Row) -> Decimal:
    """All of an end, a part, nearly all, or a little more; rests lie on both sides of what tolerance closes."""
    limits = [abs(row["amount_doc"]) for row in (target, source)]
    limit = draw(st.sampled_from((limits[0], limits[0], min(limits), max(limits))))
    rest = draw(st.sampled_from((*RESTS, limit / 1000, limit / 999)))
    return max(money(limit / draw(SHARE) - rest), Decimal("0.01"))


def draw_end(draw: Draw, role: str, row: Row | None) -> Row:
    """The columns that name one end of an allocation; no row means an item nobody has told."""
    if row is not None and "payment_id" in row:
        return {f"{role}_payment_id": row["payment_id"]}
    doc_id = row["doc_id"] if row is not None else UNKNOWN
    return {f"{role}_doc_id": doc_id, f"{role}_seq": draw(st.sampled_from((None, None, None, 1, 2, 9)))}


def draw_discount(draw: Draw, target: Row, amount: Decimal, *, is_foreign: bool) -> Row:
    """How much of the amount the source gives: all of it, less a discount, or as told in the source's own currency."""
    value = money(amount * RATES[target["currency"]])
    discount = draw(st.sampled_from((None, None, Decimal(0), money(value / 50), money(value / 3))))
    told = money(amount * draw(st.sampled_from((Decimal(1), Decimal("0.98"), Decimal("0.9")))))
    told_or_not = st.just(told) if is_foreign else mostly(None, told)
    return {"amount_local": value, "discount_local": discount, "amount_from_doc": draw(told_or_not)}


def draw_allocation(draw: Draw, allocation_id: str, rows: list[Row]) -> Row:
    """An allocation between two sides of the account, or of a write-off or fx difference to one item."""
    target = draw(st.sampled_from(rows))
    is_set_off = draw(mostly(True, False))
    sources = [row for row in rows if (side(row) != side(target)) == is_set_off]
    alike = [row for row in sources if row["currency"] == target["currency"]]
    source = draw(st.sampled_from(alike if alike and draw(HALF) else sources)) if sources else None
    amount = draw_amount(draw, target, source or target)
    more: Row = {
        "company_id": target["company_id"],
        "alloc_date": draw(MOSTLY_PAST),
        "voided_date": draw(RARELY_EVENT),
        "kind": draw(st.sampled_from((*SOURCED_KINDS * 4, *SOURCELESS_KINDS, "fx_difference"))),
    }
    more |= draw_end(draw, "to", draw(mostly(target, None)))
    if more["kind"] == "fx_difference":
        return allocation(allocation_id, 0, **more | {"amount_local": draw(st.sampled_from((money(5), money(-5))))})
    if more["kind"] in SOURCED_KINDS or draw(HALF):
        more |= draw_end(draw, "from", draw(mostly(source, None)))
    is_foreign = source is not None and source["currency"] != target["currency"]
    return allocation(allocation_id, amount, **more | draw_discount(draw, target, amount, is_foreign=is_foreign))


@st.composite
def company_ledgers(draw: Draw, company_id: str) -> Tables:
    """One company's ledger; its ids are those of every other company's."""
    customers = [f"C{n}" for n in range(1, draw(st.integers(1, 4)) + 1)]
    documents = [draw_document(draw, f"D{n}", customers) for n in range(1, draw(st.integers(0, 12)) + 1)]
    payments = [draw_payment(draw, f"P{n}", customers) for n in range(1, draw(st.integers(0, 10)) + 1)]
    instalments = [part for row in documents if draw(HALF) for part in draw_instalments(draw, row)]
    documents += [draw_reversal(draw, row) for row in documents if draw(st.integers(0, 5)) == 5]
    ends = documents + payments
    count = draw(st.integers(0, 20)) if ends else 0
    tables: dict[str, list[Row]] = {
        "company": [company(company_id)],
        "customer": [customer(customer_id) for customer_id in customers],
        "document": documents,
        "instalment": instalments,
        "payment": payments,
        "allocation": [draw_allocation(draw, f"A{n}", ends) for n in range(1, count + 1)],
    }
    return {name: [row | {"company_id": company_id} for row in rows] for name, rows in tables.items()}


class Ledger:
    """A drawn set of tables; hypothesis would show it whole, hundreds of rows long."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def __repr__(self) -> str:
        return f"Ledger({', '.join(f'{len(rows)} {name}' for name, rows in self.tables.items())})"


def ledgers() -> st.SearchStrategy[Ledger]:
    """Ledgers of several companies in one set of tables."""
    return st.tuples(*(company_ledgers(name) for name in COMPANIES)).map(
        lambda parts: Ledger({name: [row for part in parts for row in part[name]] for name in parts[0]})
    )


def every_life() -> Tables:
    """Every combination of what can end a document or a payment, before, on and after `AS_OF`."""
    documents = []
    ends = (None, *days_around(-1, 0, 1))
    partners = ((None, None, 0), *product(STATES, ends[1:], range(1, 4)))
    for n, (state, cancelled_date, partner) in enumerate(product(STATES, ends, partners)):
        partner_state, partner_date, links = partner
        row = document(f"D{n}", n + 1, state=state, cancelled_date=cancelled_date, doc_date=PAST[0])
        documents.append(row)
        if partner_state:
            row["reversed_by_doc_id"] = f"R{n}" if links & 1 else None
            reverses = f"D{n}" if links & 2 else None
            documents.append(
                document(f"R{n}", -n - 1, state=partner_state, doc_date=partner_date, reverses_doc_id=reverses)
            )
    payments = [
        payment(f"P{n}", n + 1, state=state, pay_date=pay_date, reversal_date=reversal_date)
        for n, (state, pay_date, reversal_date) in enumerate(product(STATES, ends[1:], ends))
    ]
    return {"company": [company()], "customer": [customer()], "document": documents, "payment": payments}


def every_rest() -> Tables:
    """Invoices paid up to a rest on either side of what tolerance closes and over-allocation allows, due on every edge."""
    rows: dict[str, list[Row]] = {
        "company": [company()],
        "customer": [customer()],
        "document": [],
        "payment": [],
        "allocation": [],
    }
    due_dates = cycle(DUE)
    for n, amount in enumerate(
        Decimal(amount) for amount in ("0.60", "100", "500", "500.01", "7000", "9876543210987.65")
    ):
        share = money(amount / 1000)
        rests = (
            *map(Decimal, ("-0.0501", "-0.05", "-0.0001", "0.4999", "0.50", "0.5001")),
            share,
            share + Decimal("0.0001"),
        )
        for m, rest in enumerate(rests):
            invoice = document(
                f"D{n}.{m}", amount, due_date=next(due_dates), amount_local=money(amount / 3), currency="COP"
            )
            receipt = payment(f"P{n}.{m}", amount + 1, amount_local=money(amount / 3), currency="COP")
            ends = {"to_doc_id": invoice["doc_id"], "from_payment_id": receipt["payment_id"]}
            rows["document"].append(invoice)
            rows["payment"].append(receipt)
            rows["allocation"].append(
                allocation(f"A{n}.{m}", amount - rest, **ends, kind=("payment", "write_off")[m % 2])
            )
    return rows
