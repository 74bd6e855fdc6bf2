-- One row per sales order of marts.kept_order_line of some worth, with what its customer ordered before: usual_local, the median of its last twenty orders before (what a frame
-- may look back is no setting), and earlier_orders, how many there were of these; days_silent: days since the order before, NULL for the first; longest_silence: the longest time
-- without an order before that one. is_large: several times the usual (settings), where enough orders say what is usual. amount_local: before tax, ledger currency, positive.
with ordered as (
  select company_id, customer_id, order_id, order_date, sum(kept_local)::decimal(18, 4) as amount_local
  from marts.kept_order_line
  group by company_id, customer_id, order_id, order_date
  having sum(kept_local) > 0
),
spaced as (
  select
    *, order_date - lag(order_date) over in_turn as days_silent, (median(amount_local) over before_it)::decimal(18, 4) as usual_local,
    count(*) over before_it::bigint as earlier_orders
  from ordered
  window
    in_turn as (partition by company_id, customer_id order by order_date, order_id),
    before_it as (partition by company_id, customer_id order by order_date, order_id rows between 20 preceding and 1 preceding)
)
select
  spaced.company_id, spaced.customer_id, spaced.order_id, spaced.order_date, spaced.amount_local, spaced.usual_local, spaced.earlier_orders,
  spaced.days_silent::integer as days_silent,
  (max(spaced.days_silent) over (
    partition by spaced.company_id, spaced.customer_id order by spaced.order_date, spaced.order_id rows between unbounded preceding and 1 preceding
  ))::integer as longest_silence,
  spaced.earlier_orders >= setting.usual_orders_min and spaced.amount_local > setting.large_order_factor * spaced.usual_local::decimal(28, 4) as is_large
from spaced
cross join params.anomaly_ledger as setting
