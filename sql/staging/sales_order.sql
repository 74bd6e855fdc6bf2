-- One row per sales order, as last told, with the batches of its first and last telling.
with told as (
  select * from lake.sales_order where is_current
),
first_told as (
  select company_id, order_id, batch_id from lake.sales_order where is_first
)
select
  told.* exclude (is_current, is_first, extract_as_of, source_mode),
  first_told.batch_id as first_batch,
  told.batch_id as last_batch
from told
inner join first_told on told.company_id = first_told.company_id and told.order_id = first_told.order_id
