-- One row per line of a sales order, as last told. first_batch and first_line are where it was told first: lines of one day stand in the
-- order in which they were told. qty and net_amount: negative takes goods back.
with told as (
  select * from lake.order_line where is_current
),
first_told as (
  select company_id, order_id, order_line_no, batch_id, line_no from lake.order_line where is_first
)
select
  told.* exclude (is_current, is_first, extract_as_of, source_mode),
  first_told.batch_id as first_batch,
  first_told.line_no as first_line,
  told.batch_id as last_batch
from told
inner join first_told
  on told.company_id = first_told.company_id and told.order_id = first_told.order_id and told.order_line_no = first_told.order_line_no
