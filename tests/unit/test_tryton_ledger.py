"""The ledger that the bench lays into Tryton's tables, held against double entry and Tryton's own rules without Tryton; and our open items in its columns."""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import pytest

from big_ledger import AS_OF, write_apart
from receivables.engine import connect
from tryton_ledger import BALANCE, simplified, tryton_rows

if TYPE_CHECKING:
    from pathlib import Path

    from receivables.engine import Connection

IDS: Final = {
    "company": 1, "party": 1, "receivable": 1, "revenue": 2, "bank": 3, "discount": 4, "sales": 1, "cash": 3,
    "periods": [
        (year * 12 + month, date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))
        for year in range(2021, 2029) for month in range(1, 13)
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("days", "column"),
    [(-1, None), (0, 0), (29, 0), (30, 1), (59, 1), (60, 2), (89, 2), (90, 3), (400, 3)],
)
@pytest.mark.parametrize("is_applied", [True, False])
def test_what_is_not_due_is_in_the_balance_alone_and_a_term_begins_on_its_day(
    days: int, column: int | None, is_applied: bool
) -> None:
    con = connect()
    con.execute(
        "create schema marts; create table marts.open_item (customer_id varchar, open_doc decimal(18, 4), bucket varchar, days_overdue integer, days_since_document integer)"
    )
    # what is unapplied ages from its own day, whatever due date it tells
    item = ("d1_30", days, 999) if is_applied else ("unapplied", 999, days)
    con.execute("insert into marts.open_item values ('C', 5, ?, ?, ?)", item)
    sums = [Decimal(5) if place == column else Decimal(0) for place in range(4)]
    assert con.execute(BALANCE).fetchall() == [("C", *sums, Decimal(5))]


@pytest.fixture(scope="module")
def tryton(tmp_path_factory: pytest.TempPathFactory) -> Connection:
    """Tryton's tables of a small ledger."""
    folder: Path = tmp_path_factory.mktemp("tryton")
    write_apart(folder / "told", 1000, 20)
    con = connect()
    simplified(con, folder / "told", folder / "lake")
    for table, query in tryton_rows(con, IDS).items():
        con.execute(f"create table {table} as {query}")
    return con


def test_every_move_is_in_balance(tryton: Connection) -> None:
    moves = tryton.execute("select count(*), count(distinct period) from account_move").fetchone()
    assert moves is not None
    assert moves[0] > 2000
    assert moves[1] > 60
    off = "select move from account_move_line group by move having sum(debit) <> sum(credit) or count(*) < 2"
    assert tryton.execute(off).fetchall() == []


def test_what_is_reconciled_is_of_one_party_sums_to_nothing_and_is_so_from_its_last_day(tryton: Connection) -> None:
    off = """
        select reconciliation.id from account_move_line as line
        inner join account_move as move on line.move = move.id
        inner join account_move_reconciliation as reconciliation on line.reconciliation = reconciliation.id
        group by reconciliation.id, reconciliation.date
        having sum(debit) <> sum(credit) or count(distinct party) <> 1 or max(move.date) <> reconciliation.date or count(distinct account) <> 1"""
    assert tryton.execute(off).fetchall() == []


def test_what_is_open_there_is_what_invoices_receipts_and_credit_notes_leave_open(tryton: Connection) -> None:
    for day in (AS_OF, AS_OF - timedelta(days=400)):
        open_lines = f"""
            select sum(debit - credit) from account_move_line as line
            inner join account_move as move on line.move = move.id
            left join account_move_reconciliation as reconciliation on line.reconciliation = reconciliation.id
            where account = 1 and move.date <= date '{day}' and (reconciliation.id is null or reconciliation.date > date '{day}')"""
        # what is allocated is taken from an invoice and what pays it alike; a discount is given up
        told = f"""
            select
              (select sum(amount_doc) from told_document where doc_date <= date '{day}')
              - (select sum(amount_doc) from told_payment where pay_date <= date '{day}' and not coalesce(reversal_date <= date '{day}', false))
              - (select coalesce(sum(discount_local), 0) from told_allocation as allocation
                 inner join told_payment as payment on allocation.from_payment_id = payment.payment_id
                 where alloc_date <= date '{day}' and not coalesce(reversal_date <= date '{day}', false))"""
        assert tryton.execute(open_lines).fetchall() == tryton.execute(told).fetchall()
