-- One row per customer and day on which receipts of it paid instalments of debts, of companies whose ledger is replayed, up to the as-of date: amount_local, what they paid, ledger currency; days_late: from
-- the original due dates to that day, weighted by amount (negative: early); instalments: how many; the one most was paid of, its document and due date. Receipts and
-- allocations taken back by then never were.
with part as (
  select
    document.company_id, document.customer_id, part.effective_from as day, part.doc_id, part.amount_local, part.amount_local::double as weight, instalment.due_date_original as due_date, part.seq,
    date_diff('day', instalment.due_date_original, part.effective_from) as days_late
  from marts.payment_part as part
  inner join core.document as document on part.company_id = document.company_id and part.doc_id = document.doc_id
  inner join core.company_basis as basis on part.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null
  inner join core.instalment as instalment on part.company_id = instalment.company_id and part.doc_id = instalment.doc_id and part.seq = instalment.seq
  where document.customer_id is not null and is_debt(document.kind, document.amount_doc) and instalment.due_date_original is not null and part.amount_local > 0
    and counts_on(getvariable('as_of'), part.effective_from, part.effective_until)
)
select
  company_id, customer_id, day, sum(amount_local)::decimal(18, 4) as amount_local, count(*)::bigint as instalments,
  (sum(weight * days_late)::double / sum(weight)) as days_late,
  max_by(doc_id, row(amount_local, doc_id, seq)) as largest_id, max_by(due_date, row(amount_local, doc_id, seq)) as largest_due
from part
group by company_id, customer_id, day
