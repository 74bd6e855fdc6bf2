"""A large ledger made by rule in DuckDB and written as a lake: invoices, instalments, credit notes, receipts and what they settle.

Of N invoices every fortieth number is a credit note, every tenth of the rest has three instalments, every twentieth is in another currency, one
in a hundred has no due date. There are 1.2 N receipts: one in five invoices is paid in two parts, one in a hundred is never paid, one in twenty
takes a discount, five receipts in a thousand settle nothing and three are sent back. Customers, N/500 unless told, lie in 8 territories and have one
of 12 salespersons. Streams are independent: hashes of hashes.

`python big_ledger.py FOLDER INVOICES CUSTOMERS` writes one in a process of its own, since what a bench holds in memory counts as its children's.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Final

from receivables.engine import connect
from receivables.state import Batch

AS_OF: Final = date(2026, 10, 31)
COMPANY: Final = "ES01"
TABLES: Final = ("company", "customer", "document", "instalment", "payment", "allocation")


# stream(i, k): a whole number from 0 to 999,999, one independent stream per k
_STREAM: Final = "create macro stream(i, k) as ((hash(xor(hash(i::bigint), hash(hash(k::bigint)))) % 1000000)::integer)"

# amounts in hundredths, so that all arithmetic is of whole numbers
_INVOICE: Final = """
create table invoice as
select
  i,
  'ES01:I' || i as doc_id,
  'ES01:C' || (customers * (stream(i, 1)::double / 1e6) * (stream(i, 1)::double / 1e6))::bigint as customer_id,
  date '2021-11-01' + (stream(i, 2) * 1826::bigint // 1000000)::integer as doc_date,
  case when stream(i, 3) < 10000 then null else [0, 30, 30, 60, 60, 90][1 + stream(i, 4) % 6] end as terms,
  case when stream(i, 5) < 50000 then 'USD' else 'EUR' end as currency,
  case when i % 40 = 39 then -1 else 1 end * (1000 + stream(i, 6) + 40 * (stream(i, 7) // 1000) * (stream(i, 8) // 10000))::bigint as cents,
  i % 40 <> 39 and stream(i, 9) < 100000 as has_instalments
from range(?::bigint) as number(i), (select ?::bigint as customers)
"""

# a credit note takes up to a tenth off the invoice before it; half of them
_CREDITED: Final = """
create table credited as
select credit.i, credit.doc_id, invoice.doc_id as to_doc_id, least(-credit.cents, invoice.cents // 10) as cents,
  greatest(credit.doc_date, invoice.doc_date) + 10 as alloc_date, invoice.i as to_i
from invoice as credit
inner join invoice on credit.i = invoice.i + 1 and credit.currency = invoice.currency
where credit.cents < 0 and invoice.cents > 0 and stream(credit.i, 10) < 500000
"""

_RECEIPT: Final = """
create table receipt as
with part as (
  select i as p, i, case when i % 5 = 0 then 1 else 0 end as part from range(?::bigint) as number(i)
  union all
  select ?::bigint + i // 5, i, 2 from range(?::bigint) as number(i) where i % 5 = 0
),
due as (
  select
    part.p, part.part, invoice.i, invoice.doc_id, invoice.customer_id, invoice.currency, invoice.doc_date,
    invoice.cents - coalesce(credited.cents, 0) as owed,
    greatest(
      invoice.doc_date,
      invoice.doc_date + coalesce(invoice.terms, 30) + (stream(part.p, 11) // 20000) - 5
      + case when stream(part.p, 12) < 100000 then stream(part.p, 13) // 4000 else 0 end
    ) as pay_date
  from part
  inner join invoice on part.i = invoice.i
  left join credited on credited.to_i = invoice.i
)
select
  p, doc_id, customer_id, currency, pay_date,
  case when part = 0 then owed when part = 1 then owed // 2 else owed - owed // 2 end as cents,
  owed > 0 and stream(i, 14) >= 10000 as is_paying,
  part = 0 and stream(p, 15) < 50000 as has_discount,
  stream(p, 16) < 5000 as is_unapplied,
  stream(p, 17) < 3000 as is_sent_back
from due
"""


def _money(cents: str) -> str:
    return f"(({cents})::decimal(18, 0) * 0.01::decimal(3, 2))::decimal(18, 4)"


def _local(cents: str) -> str:
    """Ledger currency at 0.92, four decimals: exact."""
    return f"(({cents})::decimal(18, 0) * case when currency = 'USD' then 0.0092::decimal(5, 4) else 0.01::decimal(5, 4) end)::decimal(18, 4)"


_POSTED: Final = {"document": "doc_date", "payment": "pay_date", "allocation": "alloc_date"}


def _marks(table: str) -> str:
    """What landing adds to the rows of a first load: postings count as recorded on their own day."""
    day, source = (_POSTED[table], "assumed_posting") if table in _POSTED else ("null", "batch")
    return f"row_number() over ()::bigint as line_no, least({day}::timestamp, timestamp '2026-10-31 20:00:00') as recorded_at, '{source}' as recorded_source"


def _selects(customers: int) -> dict[str, str]:
    return {
        "company": "select 'ES01' as company_id, 'Company' as name, 'EUR' as local_currency",
        "customer": f"""select 'ES01' as company_id, 'ES01:C' || i as customer_id, 'Customer ' || i as name, 'ES01:T' || stream(i, 18) % 8 as territory_id,
          'S' || stream(i, 19) % 12 as salesperson from range({customers + 1}) as number(i)""",
        "document": f"""select 'ES01' as company_id, doc_id, 'canonical' as source_system, 'I' || i as source_key, 'I' || i as doc_no, customer_id,
          case when cents < 0 then 'credit_note' else 'invoice' end as kind, 'posted' as state, doc_date,
          case when not has_instalments then doc_date + terms end as due_date, currency,
          {_money("cents")} as amount_doc, {_local("cents")} as amount_local from invoice""",
        "instalment": f"""select 'ES01' as company_id, doc_id, seq::integer as seq, doc_date + 30 * seq::integer as due_date, 'file' as due_date_source,
          {_money("case when seq = 3 then cents - 2 * (cents // 3) else cents // 3 end")} as amount_doc,
          {_local("case when seq = 3 then cents - 2 * (cents // 3) else cents // 3 end")} as amount_local
          from invoice, range(1, 4) as place(seq) where has_instalments""",
        "payment": f"""select 'ES01' as company_id, 'ES01:P' || p as payment_id, 'canonical' as source_system, 'P' || p as source_key, customer_id,
          'receipt' as kind, case when is_sent_back then 'reversed' else 'posted' end as state, pay_date, currency,
          {_money("abs(cents) - case when has_discount and is_paying then abs(cents) // 50 else 0 end")} as amount_doc,
          {_local("abs(cents) - case when has_discount and is_paying then abs(cents) // 50 else 0 end")} as amount_local,
          case when is_sent_back then pay_date + 5 when not is_paying then pay_date + 3 end as reversal_date from receipt""",
        "allocation": f"""select 'ES01' as company_id, 'ES01:A' || p as allocation_id, 'payment' as kind, 'ES01:P' || p as from_payment_id, null::varchar as from_doc_id,
          doc_id as to_doc_id, {_money("cents")} as amount_to_doc, {_money("cents - case when has_discount then cents // 50 else 0 end")} as amount_from_doc,
          {_local("cents")} as amount_local, case when has_discount then {_local("cents // 50")} end as discount_local,
          pay_date + 1 as alloc_date, 'source' as origin from receipt where is_paying and not is_unapplied
          union all
          select 'ES01', 'ES01:K' || i, 'credit_note', null, doc_id, to_doc_id, {_money("cents")}, {_money("cents")},
          {_local("cents")}, null, alloc_date, 'source' from (select credited.*, invoice.currency from credited inner join invoice on credited.i = invoice.i)""",
    }


def usual_customers(invoices: int) -> int:
    """How many customers a ledger of so many invoices has unless told."""
    return max(invoices // 500, 1)


def write_apart(folder: Path, invoices: int, customers: int | None = None) -> None:
    """As `write`, in a process of its own; customers as usual unless told."""
    asked = (folder, invoices, usual_customers(invoices) if customers is None else customers)
    subprocess.run([sys.executable, __file__, *map(str, asked)], check=True)


def write(folder: Path, invoices: int, customers: int) -> None:
    """Write the lake of so many invoices of so many customers into a new folder: one Parquet file per table."""
    folder.mkdir()
    con = connect(folder / "made.duckdb")
    con.execute(_STREAM)
    con.execute(_INVOICE, [invoices, customers])
    con.execute(_CREDITED)
    con.execute(_RECEIPT, [invoices, invoices, invoices])
    for batch_id, (table, select) in enumerate(_selects(customers).items(), start=1):
        (folder / table).mkdir()
        con.execute(
            f"copy (select *, {batch_id}::bigint as batch_id, {_marks(table)} from ({select})) to '{folder / table}/{batch_id}.parquet' (format parquet, compression zstd, compression_level 1)"
        )
    con.close()
    (folder / "made.duckdb").unlink()


def batches() -> list[Batch]:
    """The batches of the lake that `write` writes."""
    return [
        Batch(batch_id, "canonical", "canonical", "1", COMPANY, table, f"{table}.csv", f"{batch_id:064}", "utf-8", AS_OF, "full",
              0, 0, 0, 0, 0, 0, 0, 0, None, None, "ok", datetime(2026, 10, 31, 20), batch_id)
        for batch_id, table in enumerate(TABLES, start=1)
    ]  # fmt: skip


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
