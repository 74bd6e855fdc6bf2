-- One row per invoice of the file. Amounts signed: a credit note is negative.
select
  company_id, company_id || ':' || row_key as doc_id, row_key as source_key, source_system, doc_no,
  company_id || ':' || customer as customer_id, kind, doc_type as source_type, 'posted' as state,
  doc_date, posting_date, due_date, baseline_date, currency, amount as amount_doc, amount_local,
  settled_date as cleared_date, text, line_no
from landing.entry
