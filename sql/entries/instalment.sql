-- One row per entry of a document that raises what the customer owes: each is an instalment with its own due date. Amounts signed like the document's.
select
  company_id, company_id || ':' || row_key as doc_id, seq, due_date, null::date as due_date_original,
  case when due_date is null then 'missing' else 'file' end as due_date_source, amount_doc, amount_local,
  open_doc as reported_open_doc, coalesce(open_local, prorate(open_doc, amount_local, amount_doc)) as reported_open_local,
  coalesce(clearing_date, settled_date) as settled_date, null::date as disc1_date, null::decimal(18, 4) as disc1_amount_doc,
  batch_id, line_no, recorded_at, recorded_source, extract_as_of, source_mode, missing_since, due_date_first
from entries.posted
where entity = 'document' and side > 0
union all
select
  company_id, company_id || ':' || row_key, 1, posted_on, null, 'file', amount_doc, amount_local, null, null, posted_on, null, null,
  batch_id, line_no, recorded_at, recorded_source, extract_as_of, source_mode, missing_since, posted_on
from entries.outside
where side > 0
