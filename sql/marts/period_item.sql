-- One row per period end and instalment, unallocated credit note or unapplied receipt then open. open_doc in document, open_local in ledger currency at the
-- booking rate, both signed. days_overdue: negative before the due date, 0 on it, NULL without one; days_since_document alike. bucket: by the date a setting
-- names. disputed: the document's flag, or a case then open. The one place where an item gets its bucket.
with case_open as (
  select period.period_end, dispute.company_id, dispute.doc_id, bool_or(dispute.seq is null) as is_whole, list(dispute.seq) as seqs
  from core.dispute as dispute
  inner join marts.period as period
    on dispute.company_id = period.company_id and counts_on(period.period_end, dispute.opened, dispute.closed)
  group by period.period_end, dispute.company_id, dispute.doc_id
),
debt as (
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
    date_diff('day', due_date, period_end)::integer as days_overdue,
    date_diff('day', doc_date, period_end)::integer as days_since_document
  from item
)
select
  aged.period_end, aged.company_id, aged.customer_id, aged.item_kind, aged.item_id, aged.doc_id, aged.seq, aged.kind, aged.doc_no, aged.doc_date,
  aged.due_date, aged.due_date_original, aged.currency,
  aged.rest_doc as open_doc,
  prorate(aged.rest_doc, aged.amount_local, aged.amount_doc) as open_local,
  aged.days_overdue, aged.days_since_document,
  bucket_key(aged.is_unapplied, case when setting.basis = 'document_date' then aged.days_since_document else aged.days_overdue end, bucket.bucket) as bucket,
  coalesce(aged.dispute_flag, false) or coalesce(case_open.is_whole or list_contains(case_open.seqs, aged.seq), false) as disputed,
  aged.batch_id, aged.line_no
from aged
cross join params.aging as setting
left join params.bucket as bucket
  on in_bucket(case when setting.basis = 'document_date' then aged.days_since_document else aged.days_overdue end, bucket.lower_days, bucket.upper_days)
  and bucket.is_aged
left join case_open
  on aged.period_end = case_open.period_end and aged.company_id = case_open.company_id and aged.doc_id = case_open.doc_id
