"""One ledger told twice: as a lake that we read, and as rows of Tryton's tables; and the aged balance of ours in Tryton's columns.

`simplified` takes from the ledger of `big_ledger` what Tryton's aged balance cannot tell, or tells by other rules: all is in one currency, every invoice has one due
date, a credit note belongs to the customer whose invoice it reduces and is no older than it, and what is settled is settled on the day of the receipt or credit note.

In Tryton every invoice, credit note, receipt and returned receipt is a posted move. The receivable line of a receipt has the due date of the invoice it pays as its maturity, so
that a part payment lowers that invoice in its column; Tryton itself would leave the maturity empty, and show the payment beside it in the column of its own day. A
credit note that is used in part has two lines, as by a payment term. What was paid in full by anything at any time is reconciled on the last of its days, as is a receipt with its return.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from big_ledger import COMPANY, TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from receivables.engine import Connection

TERMS: Final = (30, 60, 90)
"""Days: Tryton's own."""

COLUMNS: Final = ("term0", "term1", "term2", "term3", "balance")
"""Tryton's: now, then from each term on. What is not due yet is in the balance alone."""

BALANCE: Final = f"""
with item as (
  -- as Tryton: by maturity, and by the day of the move where there is none; what is unapplied has none
  select customer_id, open_doc, coalesce(case when bucket <> 'unapplied' then days_overdue end, days_since_document) as days
  from marts.open_item
)
select
  customer_id,
  coalesce(sum(open_doc) filter (days >= 0 and days < {TERMS[0]}), 0)::decimal(18, 2) as term0,
  coalesce(sum(open_doc) filter (days >= {TERMS[0]} and days < {TERMS[1]}), 0)::decimal(18, 2) as term1,
  coalesce(sum(open_doc) filter (days >= {TERMS[1]} and days < {TERMS[2]}), 0)::decimal(18, 2) as term2,
  coalesce(sum(open_doc) filter (days >= {TERMS[2]}), 0)::decimal(18, 2) as term3,
  sum(open_doc)::decimal(18, 2) as balance
from item
group by customer_id
order by customer_id
"""
"""Ours by party in Tryton's columns, of the open items of a day."""

_RECORDED: Final = "least({day}::timestamp, timestamp '2026-10-31 20:00:00') as recorded_at"

# a credit note that is used, with the invoice it reduces
_USE: Final = """
create temp table credit_use as
select
  credit.doc_id, invoice.doc_id as to_doc_id, invoice.customer_id, allocation.amount_to_doc as amount,
  greatest(credit.doc_date, invoice.doc_date) as doc_date
from told_allocation as allocation
inner join told_document as credit on allocation.from_doc_id = credit.doc_id
inner join told_document as invoice on allocation.to_doc_id = invoice.doc_id
"""

_SIMPLIFIED: Final = {
    "document": f"""
        select told.* replace (
          coalesce(credit_use.customer_id, told.customer_id) as customer_id, coalesce(credit_use.doc_date, told.doc_date) as doc_date,
          case when told.amount_doc > 0 then coalesce(told.due_date, told.doc_date + 30) end as due_date,
          'EUR' as currency, told.amount_doc as amount_local, {_RECORDED.format(day="coalesce(credit_use.doc_date, told.doc_date)")}
        )
        from told_document as told left join credit_use on told.doc_id = credit_use.doc_id""",
    "instalment": "select * from told_instalment where false",
    "payment": "select told.* replace ('EUR' as currency, told.amount_doc as amount_local) from told_payment as told",
    "allocation": f"""
        select told.* replace (
          coalesce(payment.pay_date, credit_use.doc_date) as alloc_date, told.amount_to_doc as amount_local,
          nullif(told.amount_to_doc - told.amount_from_doc, 0)::decimal(18, 4) as discount_local, {_RECORDED.format(day="coalesce(payment.pay_date, credit_use.doc_date)")}
        )
        from told_allocation as told
        left join told_payment as payment on told.from_payment_id = payment.payment_id
        left join credit_use on told.from_doc_id = credit_use.doc_id""",
}


def simplified(con: Connection, lake: Path, folder: Path) -> None:
    """Write a lake of `big_ledger` anew, simplified, into a new folder; the connection keeps it as tables told_*."""
    folder.mkdir()
    for table in TABLES:
        con.execute(f"create temp table told_{table} as select * from read_parquet('{lake / table}/*.parquet')")
    con.execute(_USE)
    for table, select in _SIMPLIFIED.items():
        con.execute(f"create temp table simple as {select}")
        con.execute(f"drop table told_{table}; alter table simple rename to told_{table}")
    for batch_id, table in enumerate(TABLES, start=1):
        (folder / table).mkdir()
        con.execute(f"copy told_{table} to '{folder / table}/{batch_id}.parquet' (format parquet, compression zstd)")


# what stands in the receivables, by move: settles is the invoice that it is, pays or reduces
_RECEIVABLE: Final = """
create temp table receivable as
with receipt as (
  select
    payment.payment_id, payment.customer_id, payment.pay_date, payment.reversal_date, payment.amount_doc as cash,
    coalesce(allocation.amount_to_doc, payment.amount_doc) as amount, allocation.to_doc_id, invoice.due_date
  from told_payment as payment
  left join told_allocation as allocation on payment.payment_id = allocation.from_payment_id
  left join told_document as invoice on allocation.to_doc_id = invoice.doc_id
),
part as (
  select 'doc' as kind, doc_id as move_key, customer_id, doc_date as day, amount_doc as amount, amount_doc as other, due_date, 'doc ' || doc_id as settles
  from told_document where amount_doc > 0
  union all
  select 'doc', use.doc_id, use.customer_id, use.doc_date, -use.amount, -use.amount, invoice.due_date, 'doc ' || use.to_doc_id
  from credit_use as use inner join told_document as invoice on use.to_doc_id = invoice.doc_id
  union all
  select 'doc', credit.doc_id, credit.customer_id, credit.doc_date, credit.amount_doc + coalesce(use.amount, 0), credit.amount_doc + coalesce(use.amount, 0), null, null
  from told_document as credit left join credit_use as use on credit.doc_id = use.doc_id
  where credit.amount_doc + coalesce(use.amount, 0) < 0
  union all
  select
    'paid', payment_id, customer_id, pay_date, -amount, -cash, due_date,
    case when reversal_date is not null then 'back ' || payment_id when to_doc_id is not null then 'doc ' || to_doc_id end
  from receipt
  union all
  select 'back', payment_id, customer_id, reversal_date, amount, cash, due_date, 'back ' || payment_id from receipt where reversal_date is not null
)
select *, dense_rank() over (order by day, kind, move_key) as move from part
"""

_SETTLED: Final = """
create temp table settled as
select settles, max(day) as day, row_number() over (order by settles) as reconciliation
from receivable where settles is not null group by settles having sum(amount) = 0 and count(*) > 1
"""

_ROWS: Final = {
    "party_party": """
        select {party} + substr(customer_id, length('{company_id}:C') + 1)::integer as id, true as active, customer_id as code, name
        from told_customer where company_id = '{company_id}' order by 1""",
    "account_move_reconciliation": "select reconciliation as id, reconciliation::varchar as number, {company} as company, day as date from settled order by 1",
    "account_move": """
        select
          receivable.move as id, receivable.move::varchar as number, {company} as company, case when kind = 'doc' then {sales} else {cash} end as journal, period.id as period,
          day as date, day as post_date, 'posted' as state
        from (select distinct move, kind, day from receivable) as receivable
        inner join period on receivable.day between period.start_date and period.end_date order by 1""",
    "account_move_line": """
        with line as (
          select move, 1 as place, {receivable} as account, {party} + substr(customer_id, length('{company_id}:C') + 1)::integer as party, amount, due_date, settles
          from receivable
          union all
          select move, 2, case when kind = 'doc' then {revenue} else {bank} end, null, -other, null, null from receivable
          union all
          select move, 3, {discount}, null, other - amount, null, null from receivable where other <> amount
        )
        select
          row_number() over (order by line.move, line.place, line.due_date nulls last) as id, line.move, line.account, line.party,
          case when line.amount > 0 then line.amount else 0 end::decimal(18, 2) as debit, case when line.amount < 0 then -line.amount else 0 end::decimal(18, 2) as credit,
          line.due_date as maturity_date, settled.reconciliation, 'valid' as state
        from line left join settled on line.settles = settled.settles order by 1""",
}


def tryton_rows(con: Connection, ids: Mapping[str, Any]) -> dict[str, str]:
    """A query per table of Tryton, in the order they are filled, after `simplified` on the same connection.

    ids: what was made in Tryton before: its company, accounts, journals, the last party, and the periods as (id, first day, last day).
    """
    con.execute(_RECEIVABLE)
    con.execute(_SETTLED)
    con.execute("create temp table period (id integer, start_date date, end_date date)")
    con.executemany("insert into period values (?, ?, ?)", ids["periods"])
    known = {name: number for name, number in ids.items() if name != "periods"}
    # parties follow those that are there, customer 0 first
    return {
        table: select.format(company_id=COMPANY, **known | {"party": ids["party"] + 1})
        for table, select in _ROWS.items()
    }
