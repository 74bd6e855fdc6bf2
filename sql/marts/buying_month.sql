-- One row per customer and calendar month with orders (of companies that tell none: with invoices), of the months that statistical detectors look at up to the test day, in which the last one may
-- have only begun: orders of which something is left, amount_local before tax less what was taken back, ledger currency; the largest order by amount (largest_local), its day, and the last one.
-- sized_orders: orders worth anything, with the sum of the natural logarithms of their amounts, and of the squares of these. history_from: the company's first day of what is told.
with piece as (
  select * from marts.order_piece
  union all
  select * from marts.invoice_piece
),
ordered as (
  select company_id, customer_id, item_id, day, sum(qty) as qty, sum(amount_local) as amount_local, case when sum(amount_local) > 0 then ln(sum(amount_local)::double) end as log_amount
  from piece
  group by company_id, customer_id, item_id, day
),
began as (
  select company_id, min(day) as history_from from piece group by company_id
)
select
  ordered.company_id, ordered.customer_id, date_trunc('month', ordered.day)::date as month_start,
  sum(case when ordered.qty > 0 then 1 else 0 end)::bigint as orders, sum(ordered.amount_local)::decimal(18, 4) as amount_local,
  count(ordered.log_amount)::bigint as sized_orders, coalesce(sum(ordered.log_amount), 0) as log_sum, coalesce(sum(ordered.log_amount * ordered.log_amount), 0) as log_square_sum,
  max(ordered.amount_local)::decimal(18, 4) as largest_local,
  max_by(ordered.item_id, row(ordered.amount_local, ordered.item_id)) as largest_id, max_by(ordered.day, row(ordered.amount_local, ordered.item_id)) as largest_day,
  max_by(ordered.item_id, row(ordered.day, ordered.item_id)) as last_id, max(ordered.day) as last_day, began.history_from
from ordered
inner join began on ordered.company_id = began.company_id
group by ordered.company_id, ordered.customer_id, date_trunc('month', ordered.day)::date, began.history_from
