-- One row per sales order far larger than its customer's usual one, where some of them, most of what it ordered in these days, brought its invoices near the limit of its credit
-- account from well below it (settings): on the first day on which that was so, other_day. measured: what was then open of the limit, a share of 1; usual: the median of the
-- customer's orders before these days; amount_local: the order; both before tax, ledger currency. One subject for what a customer's orders show in a row.
with ordered as (
  select ordered.*, coalesce(customer.credit_account_id, customer.customer_id) as account_id
  from marts.customer_order as ordered
  inner join core.customer as customer on ordered.company_id = customer.company_id and ordered.customer_id = customer.customer_id
),
near as (
  select balance.*, (balance.open_amount::double / balance.limit_amount) as share
  from marts.account_balance as balance
  cross join params.anomaly_ledger as setting
  where balance.open_amount > setting.limit_used_share * balance.limit_amount::decimal(28, 4)
),
-- large beside what was usual before these days, or the first large ones would make the next look usual
within as (
  select
    near.company_id, near.account_id, near.limit_currency, near.day, near.share, near.limit_amount, ordered.customer_id, ordered.order_id, ordered.order_date, ordered.amount_local,
    first_value(ordered.usual_local) over in_turn as usual_local, first_value(ordered.earlier_orders) over in_turn as earlier_orders
  from near
  cross join params.anomaly_ledger as setting
  inner join ordered
    on near.company_id = ordered.company_id and near.account_id = ordered.account_id and ordered.order_date >= near.day - setting.limit_days and ordered.order_date <= near.day
  window in_turn as (
    partition by near.company_id, near.account_id, near.limit_currency, near.day, ordered.customer_id order by ordered.order_date, ordered.order_id
  )
),
sized as (
  select
    within.*,
    coalesce(within.earlier_orders >= setting.usual_orders_min and within.amount_local > setting.large_order_factor * within.usual_local::decimal(28, 4), false) as is_large
  from within
  cross join params.anomaly_ledger as setting
),
stretch as (
  select
    sized.company_id, sized.account_id, sized.limit_currency, sized.day, sized.share, sized.limit_amount, sized.customer_id,
    min(case when sized.is_large then sized.order_date end) as large_from
  from sized
  cross join params.anomaly_ledger as setting
  group by sized.company_id, sized.account_id, sized.limit_currency, sized.day, sized.share, sized.limit_amount, sized.customer_id, setting.limit_orders_min
  having (count(*) filter (where sized.is_large)) >= setting.limit_orders_min and 2 * (count(*) filter (where sized.is_large)) >= count(*)
),
fresh as (
  select stretch.*
  from stretch
  cross join params.anomaly_ledger as setting
  left join marts.account_balance as before
    on stretch.company_id = before.company_id and stretch.account_id = before.account_id and stretch.limit_currency = before.limit_currency
    and before.day >= stretch.large_from - setting.limit_before_days and before.day < stretch.large_from
    and before.open_amount > setting.limit_used_share * stretch.limit_amount::decimal(28, 4)
  where before.day is null
),
shown as (
  select
    sized.company_id, sized.customer_id, sized.order_id, sized.order_date, sized.amount_local, min_by(sized.usual_local, fresh.day) as usual_local, min(fresh.day) as seen_on,
    min_by(fresh.share, fresh.day) as share
  from fresh
  inner join sized
    on fresh.company_id = sized.company_id and fresh.account_id = sized.account_id and fresh.limit_currency = sized.limit_currency and fresh.day = sized.day
    and fresh.customer_id = sized.customer_id and sized.is_large
  group by sized.company_id, sized.customer_id, sized.order_id, sized.order_date, sized.amount_local
),
story as (
  select shown.*, case when shown.seen_on - lag(shown.seen_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from shown
  cross join params.anomaly_ledger as setting
  window in_turn as (partition by shown.company_id, shown.customer_id order by shown.seen_on, shown.order_date, shown.order_id)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by seen_on, order_date, order_id rows unbounded preceding) as episode from story
)
select
  company_id, customer_id, first_value(order_id) over (partition by company_id, customer_id, episode order by seen_on, order_date, order_id) as subject, 'up_to_limit' as code,
  null::varchar as severity, seen_on, seen_on as until, order_id as item_id, null::varchar as other_id, order_date as day, seen_on as other_day, share::decimal(18, 4) as measured,
  usual_local as usual, amount_local, null::varchar as word, null::varchar as other_word
from told_in
