-- One row per customer, product and month in which we sold it the product at prices far below what others paid for it (the z of marts.price_score, a setting) and something is at
-- stake. A price its contract agrees, that it paid before, or that others pay for no more of it, is not odd. day: of the first such order, item_id; word: the product; measured:
-- the mean price, usual: the median; amount_local: what is missing to it, ledger currency. One subject for a customer's month.
with far as (
  select odd.*
  from marts.price_score as odd
  cross join params.anomaly_ledger as setting
  where odd.z < -setting.odd_price_z
),
-- others pay as little for no more of it, or the customer did before: a price by quantity, or its own
explained as (
  select far.company_id, far.order_id, far.order_line_no
  from far
  cross join params.anomaly_ledger as setting
  inner join marts.kept_order_line as other
    on far.company_id = other.company_id and far.product_id = other.product_id and far.currency is not distinct from other.currency and far.unit = coalesce(other.uom, '')
    and other.order_date <= far.order_date and other.order_date > (far.order_date - to_months(12))::date
    and other.unit_price > 0 and other.unit_price <= far.unit_price * (1 + setting.contract_price_share)
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
