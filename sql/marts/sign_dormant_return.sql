-- One row per return of a customer that had long ordered nothing, longer than it ever did (settings), whose first orders are large: on the day on which enough of them together
-- were several times the usual order in the mean. item_id: the first of them, ordered on day; other_day: the order before; measured: days without one; usual: the median of the
-- orders before; amount_local: the orders of the first days (a setting); both before tax, ledger currency.
with back as (
  select ordered.company_id, ordered.customer_id, ordered.order_id, ordered.order_date, ordered.days_silent, ordered.usual_local
  from marts.customer_order as ordered
  cross join params.anomaly_ledger as setting
  where ordered.days_silent >= setting.dormant_days and ordered.earlier_orders >= setting.usual_orders_min
    and ordered.days_silent >= setting.dormant_silence_factor * coalesce(ordered.longest_silence, 0)::decimal(18, 4)
),
since as (
  select
    back.*, ordered.order_date as since_date, ordered.amount_local,
    sum(ordered.amount_local) over running as running_local, count(*) over running::bigint as running_orders,
    sum(ordered.amount_local) over (partition by back.company_id, back.customer_id, back.order_id) as amount_in_all
  from back
  cross join params.anomaly_ledger as setting
  inner join marts.customer_order as ordered
    on back.company_id = ordered.company_id and back.customer_id = ordered.customer_id and ordered.order_date >= back.order_date
    and ordered.order_date <= back.order_date + setting.dormant_back_days
  window running as (
    partition by back.company_id, back.customer_id, back.order_id order by ordered.order_date, ordered.order_id rows between unbounded preceding and current row
  )
),
large as (
  select since.company_id, since.customer_id, since.order_id, min(since.since_date) as seen_on
  from since
  cross join params.anomaly_ledger as setting
  where since.running_orders >= setting.dormant_orders_min
    and since.running_local >= setting.dormant_order_factor * since.running_orders * since.usual_local::decimal(18, 4)
  group by since.company_id, since.customer_id, since.order_id
)
select
  large.company_id, large.customer_id, large.order_id as subject, 'dormant_return' as code, null::varchar as severity, large.seen_on, large.seen_on as until,
  large.order_id as item_id,
  null::varchar as other_id, since.order_date as day, since.order_date - since.days_silent as other_day, since.days_silent::decimal(18, 4) as measured, since.usual_local as usual,
  max(since.amount_in_all)::decimal(18, 4) as amount_local, null::varchar as word, null::varchar as other_word
from large
inner join since on large.company_id = since.company_id and large.order_id = since.order_id
group by large.company_id, large.customer_id, large.order_id, large.seen_on, since.order_date, since.days_silent, since.usual_local
