-- One row per document of the list: its lines of one sign together. A reversing document names the one it reverses.
select
  company_id, company_id || ':' || row_key as doc_id, row_key as source_key, source_system, min(doc_no) as doc_no,
  company_id || ':' || customer as customer_id, min(kind) as kind, min(doc_type) as source_type, 'posted' as state,
  min(fiscal_year) as fiscal_year, min(doc_date) as doc_date, min(posting_date) as posting_date, currency,
  sum(amount) as amount_doc, sum(amount_local) as amount_local,
  case when count(*)::bigint = count(clearing_date)::bigint then max(clearing_date) end as cleared_date,
  min(company_id || ':' || reverses_key) as reverses_doc_id, min(assignment) as customer_ref, min(text) as text, min(line_no) as line_no
from landing.posting
where entity = 'document'
group by company_id, row_key, source_system, customer, currency
