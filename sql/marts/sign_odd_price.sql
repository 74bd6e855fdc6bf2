-- One row per customer, product and month in which we sold it the product at prices far below what others paid for it: the robust z of the price, against the median of the
-- product's prices of that month, below a limit (settings), and something at stake. Scale of z: 1.4826 times the median absolute deviation, where that is 0 1.2533 times the mean
-- one, at least a share of the median. A price its contract agrees, or that the customer has always paid, is not odd. day: of the first such order, item_id; word: the product;
-- measured: the mean price, usual: the median; amount_local: what is missing to it, ledger currency.
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
),
odd as (
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
),
far as (
  select odd.*
  from odd
  cross join params.anomaly_ledger as setting
  where odd.z < -setting.odd_price_z
),
-- others pay as little for no more of it, or the customer did before: a price by quantity, or its own
explained as (
  select far.company_id, far.order_id, far.order_line_no
  from far
  cross join params.anomaly_ledger as setting
  inner join priced as other
    on far.company_id = other.company_id and far.product_id = other.product_id and far.currency is not distinct from other.currency and far.unit = other.unit
    and other.order_date <= far.order_date and other.order_date > (far.order_date - to_months(12))::date
    and other.unit_price <= far.unit_price * (1 + setting.contract_price_share)
  where (other.customer_id = far.customer_id and other.order_date < far.order_date) or (other.customer_id <> far.customer_id and other.kept_qty <= far.kept_qty)
  union
  select far.company_id, far.order_id, far.order_line_no
  from far
  cross join params.anomaly_ledger as setting
  inner join marts.agreed_price as price
    on far.company_id = price.company_id and far.customer_id = price.customer_id and far.product_id = price.product_id and far.currency = price.currency
    and far.order_date >= price.valid_from and far.order_date <= coalesce(price.valid_to, far.order_date)
    and far.unit_price >= price.unit_price * (1 - setting.contract_price_share)
)
select
  far.company_id, far.customer_id, min(far.customer_id || ' ' || far.month_start::varchar) as subject, 'odd_price' as code, null::varchar as severity,
  least(last_day(far.month_start), getvariable('as_of')) as seen_on, least(last_day(far.month_start), getvariable('as_of')) as until,
  min_by(far.order_id, row(far.order_date, far.order_id)) as item_id, null::varchar as other_id, min(far.order_date) as day, null::date as other_day,
  (sum(far.kept_amount)::double / sum(far.kept_qty))::decimal(18, 4) as measured, max(far.usual_price)::decimal(18, 4) as usual,
  sum(prorate(
    round(far.kept_qty * (far.usual_price - far.unit_price), 4)::decimal(18, 4), coalesce(far.kept_local, far.kept_amount), far.kept_amount
  ))::decimal(18, 4) as amount_local,
  coalesce(max(far.product_name), far.product_id) as word, null::varchar as other_word
from far
cross join params.anomaly_ledger as setting
left join explained on far.company_id = explained.company_id and far.order_id = explained.order_id and far.order_line_no = explained.order_line_no
where explained.order_id is null
group by far.company_id, far.customer_id, far.product_id, far.month_start, setting.odd_price_amount_min
having sum(far.kept_qty * (far.usual_price - far.unit_price)) >= setting.odd_price_amount_min
