-- One row per order of the file, under the customer and on the day of its first line. An order that only takes goods back says so in its
-- status where the export has none of its own.
with ranked as (
  select *, row_number() over (partition by company_id, order_no order by line_no)::bigint as place
  from landing.entry
)
select
  company_id, company_id || ':' || order_no as order_id, source_system, order_no as source_key,
  company_id || ':' || customer as customer_id, order_date, requested_date, currency,
  coalesce(status, case when is_cancellation then 'cancellation' end) as status, line_no
from ranked
where place = 1
