"""Small ledgers of what users of other systems complain about (tests/README.md), one company each, built by the models at once."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from factories import Row, allocation, company, customer, document, instalment, lake_rows, lake_tables, payment
from intake_files import SINGLE
from receivables.engine import connect, run_models
from receivables.settings import Settings
from replay_oracle import replay

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

AS_OF: Final = date(2026, 6, 30)
JANUARY: Final = date(2026, 1, 31)
D: Final = Decimal


def paid(number: str, amount: Any, source: str, target: str, day: date, **more: Any) -> Row:
    """An allocation of a receipt to an invoice."""
    return allocation(number, amount, from_payment_id=source, to_doc_id=target, alloc_date=day, **more)


LEDGERS: Final[dict[str, list[Row]]] = {
    "DRAFT": [
        document("draft", 100, state="draft"),
        document("cancelled", 50, state="cancelled"),
        payment("receipt", 150, pay_date=date(2026, 2, 1)),
        paid("1", 100, "receipt", "draft", date(2026, 2, 1)),
        paid("2", 50, "receipt", "cancelled", date(2026, 2, 1)),
    ],
    "EARLY": [
        document("invoice", 100, doc_date=date(2026, 2, 10), due_date=date(2026, 3, 10)),
        payment("receipt", 100, pay_date=date(2026, 1, 20)),
        paid("1", 100, "receipt", "invoice", date(2026, 1, 20)),
    ],
    "PARTS": [
        document("invoice", 1000, due_date=date(2026, 3, 1)),
        document("credit", -200),
        *(payment(f"receipt{n}", 100, pay_date=date(2026, 4 + n, 1)) for n in range(3)),
        *(paid(f"{n}", 100, f"receipt{n}", "invoice", date(2026, 4 + n, 1)) for n in range(3)),
        allocation("4", 150, kind="credit_note", from_doc_id="credit", to_doc_id="invoice"),
        allocation("5", 50, kind="credit_note", from_doc_id="credit", to_doc_id="invoice"),
    ],
    "INSTALMENTS": [
        document("invoice", 4100, due_date=None),
        *(instalment("invoice", n, 1025, due_date=date(2026, 2 * n, 1)) for n in range(1, 5)),
        payment("receipt", 1500, pay_date=date(2026, 3, 1)),
        paid("1", 1500, "receipt", "invoice", date(2026, 3, 1)),
    ],
    "CREDITS": [
        document("credit", -80),
        document("used", -50),
        document("invoice", 30),
        allocation("1", 30, kind="credit_note", from_doc_id="used", to_doc_id="invoice"),
    ],
    "CURRENCY": [
        document("invoice", 100, currency="USD", rate="0.90"),
        payment("receipt", 100, currency="USD", rate="0.92", pay_date=date(2026, 2, 1)),
        paid("1", 100, "receipt", "invoice", date(2026, 2, 1), amount_local=D(90)),
    ],
    "DATES": [
        document("undated", 10, doc_date=date(2020, 1, 1), due_date=None),
        document("old_not_due", 20, doc_date=date(2020, 1, 1), due_date=date(2026, 7, 15)),
        document("due_today", 30, doc_date=date(2026, 6, 1), due_date=AS_OF),
        document("overdue", 40, doc_date=date(2026, 6, 1), due_date=date(2026, 6, 29)),
        document("tomorrow", 50, doc_date=date(2026, 7, 1), due_date=date(2026, 7, 1)),
    ],
    "DISCOUNT": [
        document("taken", 100, due_date=date(2026, 3, 1)),
        document("missed", 100, due_date=date(2026, 3, 1)),
        document("offered", 100, due_date=date(2026, 3, 1)),
        *(instalment(name, 1, 100, due_date=date(2026, 3, 1), disc1_date=date(2026, 2, 1), disc1_amount_doc=D(2)) for name in ("taken", "missed", "offered")),
        payment("in_time", 98, pay_date=date(2026, 2, 1)),
        payment("late", 98, pay_date=date(2026, 5, 1)),
        paid("1", 100, "in_time", "taken", date(2026, 2, 1), amount_from_doc=D(98), discount_local=D(2)),
        paid("2", 98, "late", "missed", date(2026, 5, 1)),
    ],
    "CHOICE": [
        document("older", 100, due_date=date(2026, 2, 1)),
        document("newer", 100, due_date=date(2026, 5, 1)),
        payment("chosen", 100, pay_date=date(2026, 6, 1)),
        payment("on_account", 70, pay_date=date(2026, 6, 2)),
        paid("1", 100, "chosen", "newer", date(2026, 6, 1)),
    ],
}  # fmt: skip
"""Rows by company; ids of allocations, like all others, are the company's own."""


def tables() -> dict[str, list[Row]]:
    """All ledgers in one set of canonical tables."""
    made: dict[str, list[Row]] = {name: [] for name in ("company", "customer", "document", "instalment", "payment", "allocation")}  # fmt: skip
    kinds = {"allocation_id": "allocation", "payment_id": "payment", "seq": "instalment", "doc_id": "document"}
    for name, rows in LEDGERS.items():
        made["company"].append(company(name))
        made["customer"].append(customer() | {"company_id": name})
        for row in rows:
            made[next(table for key, table in kinds.items() if key in row)].append(row | {"company_id": name})
    return made


@pytest.fixture(scope="module")
def built() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(connect(settings=SINGLE)) as con:
        lake_tables(con, tables(), AS_OF)
        run_models(con, Settings(), AS_OF)
        yield con


def opened(con: duckdb.DuckDBPyConnection, company_id: str, day: date = AS_OF) -> list[tuple[Any, ...]]:
    """Item, instalment, open amounts and bucket of what a company has open on a day."""
    rows = con.execute(
        "select item_id, seq, open_doc, open_local, bucket from marts.period_item where company_id = ? and period_end = ? order by item_id, seq",
        [company_id, day],
    ).fetchall()
    return [(item_id.removeprefix(f"{company_id}:"), *rest) for item_id, *rest in rows]


def control(con: duckdb.DuckDBPyConnection, company_id: str, *parts: str) -> tuple[Any, ...] | None:
    """Parts of the proof of a company that has one currency."""
    row: tuple[Any, ...] | None = con.execute(
        f"select {', '.join(parts)} from marts.aging_control where company_id = ?", [company_id]
    ).fetchone()
    return row


def test_every_ledger_ties_and_is_what_the_replay_says(built: duckdb.DuckDBPyConnection) -> None:
    columns = "company_id, item_id, seq, bucket, open_doc, open_local"
    got = set(built.execute(f"select {columns} from marts.open_item").fetchall())
    rows = replay(lake_rows(tables(), AS_OF), AS_OF).items
    assert got == {(i.company_id, i.item_id, i.seq, i.bucket, i.open_doc, i.open_local) for i in rows}
    tied = built.execute("select company_id, difference, difference_local from marts.aging_control").fetchall()
    assert sorted(tied) == [(name, 0, 0) for name in sorted(LEDGERS)]


def test_what_is_settled_with_a_draft_or_a_cancelled_document_is_unapplied(built: duckdb.DuckDBPyConnection) -> None:
    assert opened(built, "DRAFT") == [("receipt", 1, -150, -150, "unapplied")]


def test_money_that_came_before_its_invoice_is_unapplied_until_then(built: duckdb.DuckDBPyConnection) -> None:
    assert opened(built, "EARLY", JANUARY) == [("receipt", 1, -100, -100, "unapplied")]
    assert opened(built, "EARLY", date(2026, 2, 28)) == []
    assert control(built, "EARLY", "documents", "receipts", "open_total") == (100, 100, 0)


def test_an_invoice_with_many_part_payments_is_one_row_that_ages_from_its_own_due_date(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert opened(built, "PARTS") == [("invoice", 1, 500, 500, "d91_180")]
    assert opened(built, "PARTS", date(2026, 4, 30)) == [("invoice", 1, 700, 700, "d31_60")]
    assert control(built, "PARTS", "documents", "receipts") == (800, 300)


def test_a_payment_on_instalments_takes_no_more_than_it_has_and_the_oldest_first(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert opened(built, "INSTALMENTS") == [
        ("invoice", 2, 550, 550, "d61_90"),
        ("invoice", 3, 1025, 1025, "d1_30"),
        ("invoice", 4, 1025, 1025, "not_due"),
    ]
    parts = built.execute(
        "select seq, amount_local, days_late from marts.payment_part where company_id = 'INSTALMENTS' order by seq"
    ).fetchall()
    assert parts == [(1, 1025, 28), (2, 475, -31)]


def test_a_credit_note_nobody_used_is_open_and_not_paid(built: duckdb.DuckDBPyConnection) -> None:
    assert opened(built, "CREDITS") == [
        ("credit", 1, -80, -80, "unapplied"),
        ("used", 1, -20, -20, "unapplied"),
    ]


def test_nothing_is_left_in_ledger_currency_of_what_is_paid_in_full(built: duckdb.DuckDBPyConnection) -> None:
    assert opened(built, "CURRENCY", JANUARY) == [("invoice", 1, 100, 90, "not_due")]
    assert opened(built, "CURRENCY") == []
    assert control(built, "CURRENCY", "fx_difference_local", "open_total_local", "ledger_total_local") == (-2, 0, 0)


def test_age_counts_from_the_due_date_and_what_has_none_is_not_aged(built: duckdb.DuckDBPyConnection) -> None:
    assert [(item, bucket) for item, *_, bucket in opened(built, "DATES")] == [
        ("due_today", "not_due"),
        ("old_not_due", "not_due"),
        ("overdue", "d1_30"),
        ("undated", "no_due_date"),
    ]


def test_a_discount_is_no_instalment_it_closes_when_taken_and_stays_owed_when_not(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert opened(built, "DISCOUNT") == [
        ("missed", 1, 2, 2, "d91_180"),
        ("offered", 1, 100, 100, "d91_180"),
    ]
    assert control(built, "DISCOUNT", "discounts") == (2,)


def test_money_pays_what_it_was_allocated_to_and_waits_where_nobody_allocated_it(
    built: duckdb.DuckDBPyConnection,
) -> None:
    assert opened(built, "CHOICE") == [
        ("older", 1, 100, 100, "d91_180"),
        ("on_account", 1, -70, -70, "unapplied"),
    ]
