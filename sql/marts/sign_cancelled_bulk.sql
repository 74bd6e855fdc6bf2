-- One row per sales order far beyond what its customer, or anybody, orders (settings) of which (nearly) all was taken back within days: on the day it was. Nothing else counts
-- such an order. measured: its value before tax in its currency, word; usual: the median of the orders that stand, the customer's own where it has some, else of all. other_id:
-- the order that took it back.
with ordered as (
  select company_id, customer_id, order_id, order_date, currency, sum(coalesce(net_amount, qty * unit_price)) as amount
  from core.order_line
  where qty > 0 and customer_id is not null and order_date <= getvariable('as_of') and not coalesce(cancelled, false)
  group by company_id, customer_id, order_id, order_date, currency
),
kept as (
  select company_id, customer_id, order_id, currency, sum(kept_amount) as amount
  from marts.kept_order_line
  group by company_id, customer_id, order_id, currency
  having sum(kept_amount) > 0
),
usual as (
  select company_id, currency, median(amount) as amount from kept group by company_id, currency
),
own as (
  select company_id, customer_id, currency, median(amount) as amount, count(*)::bigint as orders from kept group by company_id, customer_id, currency
),
taken as (
  select
    back.company_id, back.returns_order_id as order_id, sum(-coalesce(back.net_amount, back.qty * back.unit_price)) as amount, max(back.order_date) as taken_on,
    max_by(back.order_id, row(back.order_date, back.order_id)) as other_id
  from core.order_line as back
  cross join params.anomaly_ledger as setting
  inner join ordered on back.company_id = ordered.company_id and back.returns_order_id = ordered.order_id
  where back.qty < 0 and not coalesce(back.cancelled, false) and back.order_date between ordered.order_date and ordered.order_date + setting.taken_back_days
    and back.order_date <= getvariable('as_of')
  group by back.company_id, back.returns_order_id
),
bulk as (
  select
    ordered.*, taken.taken_on, taken.other_id,
    case when own.orders >= setting.usual_orders_min then greatest(own.amount, usual.amount) else usual.amount end as usual_amount
  from ordered
  cross join params.anomaly_ledger as setting
  inner join taken on ordered.company_id = taken.company_id and ordered.order_id = taken.order_id and taken.amount >= setting.credited_share * ordered.amount::decimal(28, 4)
  inner join usual on ordered.company_id = usual.company_id and ordered.currency is not distinct from usual.currency
  left join own on ordered.company_id = own.company_id and ordered.customer_id = own.customer_id and ordered.currency is not distinct from own.currency
)
select
  bulk.company_id, bulk.customer_id, bulk.order_id as subject, 'cancelled_bulk' as code, null::varchar as severity, bulk.taken_on as seen_on, bulk.taken_on as until,
  bulk.order_id as item_id, bulk.other_id, bulk.order_date as day, bulk.taken_on as other_day, bulk.amount::decimal(18, 4) as measured, bulk.usual_amount::decimal(18, 4) as usual,
  null::decimal(18, 4) as amount_local, coalesce(bulk.currency, '') as word, null::varchar as other_word
from bulk
cross join params.anomaly_ledger as setting
where bulk.amount >= setting.bulk_factor * bulk.usual_amount::decimal(18, 4)
