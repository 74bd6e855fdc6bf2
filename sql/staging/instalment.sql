-- One row per instalment told in its own row or as an entry, as last told; due_date_first is what the first telling said.
with told as (
  select * from lake.instalment where is_current
),
first_told as (
  select company_id, doc_id, seq, coalesce(due_date_original, due_date) as due_date from lake.instalment where is_first and not is_current
)
select
  told.* exclude (is_current, is_first),
  case when told.is_first then coalesce(told.due_date_original, told.due_date) else first_told.due_date end as due_date_first
from told
left join first_told
  on told.company_id = first_told.company_id and told.doc_id = first_told.doc_id and told.seq = first_told.seq
union all by name
select * from entries.instalment
