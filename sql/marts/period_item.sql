-- One row per period end and instalment, unallocated credit note or unapplied receipt then open. open_doc in document, open_local in ledger currency at the
-- booking rate, both signed. days_overdue: negative before the due date, 0 on it, NULL without one. The one place where an item gets its bucket.
with debt as (
  select
    document.period_end, document.company_id, coalesce(document.customer_id, '(unidentified)') as customer_id, 'document' as item_kind, document.doc_id as item_id, document.doc_id, balance.seq,
    document.kind, document.doc_no, document.doc_date, instalment.due_date, instalment.due_date_original, document.currency,
    instalment.amount_doc, instalment.amount_local, balance.rest_doc, document.dispute_flag, document.batch_id, instalment.line_no
  from marts.instalment_balance as balance
  inner join marts.document_standing as document
    on balance.period_end = document.period_end and balance.company_id = document.company_id and balance.doc_id = document.doc_id
  inner join core.instalment as instalment
    on balance.company_id = instalment.company_id and balance.doc_id = instalment.doc_id and balance.seq = instalment.seq
  where balance.rest_doc <> 0
),
item as (
  select * from debt
  union all
  select
    credit.period_end, credit.company_id, coalesce(credit.customer_id, '(unidentified)'), credit.item_kind, credit.item_id,
    case when credit.item_kind = 'document' then credit.item_id end, 1,
    credit.kind, credit.doc_no, credit.doc_date, instalment.due_date, instalment.due_date_original, credit.currency,
    credit.amount_doc, credit.amount_local, credit.rest_doc, credit.dispute_flag, credit.batch_id, credit.line_no
  from marts.credit_balance as credit
  left join core.instalment as instalment
    on credit.item_kind = 'document' and credit.company_id = instalment.company_id and credit.item_id = instalment.doc_id and instalment.seq = 1
  where credit.rest_doc <> 0
),
aged as (
  select
    *,
    (item_kind = 'payment' or amount_doc < 0) as is_unapplied,
    date_diff('day', due_date, period_end)::integer as days_overdue
  from item
)
select
  aged.period_end, aged.company_id, aged.customer_id, aged.item_kind, aged.item_id, aged.doc_id, aged.seq, aged.kind, aged.doc_no, aged.doc_date,
  aged.due_date, aged.due_date_original, aged.currency,
  aged.rest_doc as open_doc,
  prorate(aged.rest_doc, aged.amount_local, aged.amount_doc) as open_local,
  aged.days_overdue,
  case when aged.is_unapplied then 'unapplied' when aged.due_date is null then 'no_due_date' else bucket.bucket end as bucket,
  coalesce(aged.dispute_flag, false) as disputed,
  aged.batch_id, aged.line_no
from aged
left join params.bucket as bucket
  on aged.days_overdue >= coalesce(bucket.lower_days, aged.days_overdue)
  and aged.days_overdue <= coalesce(bucket.upper_days, aged.days_overdue)
  and bucket.is_aged
