-- One row per receipt (or money paid out, negative), as last told or as entries make it, with the batches of its first and last telling.
-- customer_id is NULL where nobody is identified.
with told as (
  select * from lake.payment where is_current
),
first_told as (
  select company_id, payment_id, batch_id from lake.payment where is_first and not is_current
)
select
  told.* exclude (is_current, is_first),
  case when told.is_first then told.batch_id else first_told.batch_id end as first_batch,
  told.batch_id as last_batch
from told
left join first_told on told.company_id = first_told.company_id and told.payment_id = first_told.payment_id
union all by name
select * from entries.payment
