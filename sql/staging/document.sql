-- One row per document, as last told or as entries make it; due_date_first is the due date of its first telling, first_batch and last_batch the
-- batches of its first and last one. Amounts signed as in the dictionary.
with told as (
  select * from lake.document where is_current
),
first_told as (
  select company_id, doc_id, due_date, batch_id from lake.document where is_first and not is_current
)
select
  told.* exclude (is_current, is_first),
  case when told.is_first then told.due_date else first_told.due_date end as due_date_first,
  case when told.is_first then told.batch_id else first_told.batch_id end as first_batch,
  told.batch_id as last_batch
from told
left join first_told on told.company_id = first_told.company_id and told.doc_id = first_told.doc_id
union all by name
select * from entries.document
