-- One row per line of a document that raises what the customer owes: each line is an instalment with its own due date.
select
  company_id, company_id || ':' || row_key as doc_id, seq, due_date, due_date as due_date_original,
  case when due_date is null then 'missing' else 'file' end as due_date_source,
  amount as amount_doc, amount_local, clearing_date as settled_date, line_no
from landing.posting
where entity = 'document' and amount > 0
