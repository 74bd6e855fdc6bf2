-- One row per line of marts.kept_order_line whose price stands beside enough others of its product in that month (settings) of which one at least may be odd: z, its distance from their median,
-- usual_price, by a robust scale: 1.4826 times the median absolute deviation, where that is 0 1.2533 times the mean one, and at least a share of the median (a setting).
with priced as (
  select
    company_id, customer_id, product_id, product_name, order_id, order_line_no, order_date, currency, coalesce(uom, '') as unit, unit_price, kept_qty, kept_local, kept_amount,
    date_trunc('month', order_date)::date as month_start
  from marts.kept_order_line
  where unit_price > 0
),
middle as (
  select company_id, product_id, currency, unit, month_start, median(unit_price) as price, min(unit_price) as lowest_price, count(*)::bigint as prices
  from priced
  group by company_id, product_id, currency, unit, month_start
),
-- the deviations are asked for only where the lowest price may be odd at all
suspect as (
  select middle.*
  from middle
  cross join params.anomaly_ledger as setting
  where middle.prices >= setting.odd_price_peers_min and middle.lowest_price < middle.price * (1 - setting.odd_price_z * setting.odd_price_floor_share)
),
spread as (
  select
    priced.company_id, priced.product_id, priced.currency, priced.unit, priced.month_start, middle.price,
    median(abs(priced.unit_price - middle.price)) as deviation, avg(abs(priced.unit_price - middle.price)) as mean_deviation
  from priced
  inner join suspect as middle
    on priced.company_id = middle.company_id and priced.product_id = middle.product_id and priced.currency is not distinct from middle.currency and priced.unit = middle.unit
    and priced.month_start = middle.month_start
  group by priced.company_id, priced.product_id, priced.currency, priced.unit, priced.month_start, middle.price
)
select
  priced.*, spread.price as usual_price,
  (priced.unit_price - spread.price)::double / greatest(
    case when spread.deviation > 0 then 1.4826 * spread.deviation::double else 1.2533 * spread.mean_deviation::double end, setting.odd_price_floor_share * spread.price::double
  ) as z
from priced
cross join params.anomaly_ledger as setting
inner join spread
  on priced.company_id = spread.company_id and priced.product_id = spread.product_id and priced.currency is not distinct from spread.currency and priced.unit = spread.unit
  and priced.month_start = spread.month_start
