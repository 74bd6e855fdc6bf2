-- One row per sales order and product group, of companies that tell orders, of the months that statistical detectors look at (params.anomaly_buying) up to the test day: what was ordered
-- less what was cancelled or taken back by then; orders that came to nothing are left out. A return that names its sale, or whose sale was found, lowers the order of the sale, any other its own. qty: units left of any product;
-- amount_local: before tax, ledger currency; another currency at the average booking rate of all the company's documents in it, so that rates make no season. product_group '': not told.
with span as (
  select test.test_day, (date_trunc('month', test.test_day) - to_months(setting.history_months + setting.window_months - 1))::date as first_day
  from marts.test_day as test
  cross join params.anomaly_buying as setting
),
returned as (
  select back.company_id, back.returns_order_id as order_id, back.returns_line_no as order_line_no, sum(back.qty) as qty, sum(coalesce(back.net_amount, 0)) as net_amount
  from core.order_line as back
  inner join span on back.order_date <= span.test_day
  where back.qty < 0 and back.returns_line_no is not null and not coalesce(back.cancelled, false)
  group by back.company_id, back.returns_order_id, back.returns_line_no
),
line as (
  select
    line.company_id, line.customer_id, line.order_id, line.order_date as day, coalesce(line.product_group, product.product_group, '') as product_group, line.currency,
    (line.qty + coalesce(returned.qty, 0))::decimal(18, 4) as qty, (coalesce(line.net_amount, 0) + coalesce(returned.net_amount, 0))::decimal(18, 4) as net_amount
  from core.order_line as line
  inner join span on line.order_date between span.first_day and span.test_day
  left join core.product as product on line.company_id = product.company_id and line.product_id = product.product_id
  left join returned on line.company_id = returned.company_id and line.order_id = returned.order_id and line.order_line_no = returned.order_line_no
  left join marts.order_given_up as given_up on line.company_id = given_up.company_id and line.order_id = given_up.order_id
  where line.customer_id is not null and not coalesce(line.cancelled, false) and given_up.order_id is null
    and (line.qty > 0 or (line.qty < 0 and line.returns_line_no is null and coalesce(line.unit_price, 1) <> 0))
)
select
  line.company_id, line.customer_id, line.order_id as item_id, line.day, line.product_group, sum(line.qty)::decimal(18, 4) as qty,
  sum(
    case when rate.sum_doc is not null then prorate(line.net_amount, rate.sum_local, rate.sum_doc) when line.currency = company.local_currency then line.net_amount else 0 end
  )::decimal(18, 4) as amount_local
from line
inner join core.company as company on line.company_id = company.company_id
left join marts.average_rate as rate on line.company_id = rate.company_id and line.currency = rate.currency
group by line.company_id, line.customer_id, line.order_id, line.day, line.product_group
