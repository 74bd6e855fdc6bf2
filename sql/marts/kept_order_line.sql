-- One row per line of a sales order that stands at the as-of date: what was sold, less what later lines took back of it; no line of it was cancelled, and its goods were neither
-- given up before they left nor sent back whole. kept_qty in uom, kept_amount before tax, both positive, in the order's currency; kept_local: in ledger currency, another one at
-- the average booking rate of all the company's documents in it; NULL where there is none.
with taken as (
  select company_id, returns_order_id as order_id, returns_line_no as order_line_no, -sum(qty) as taken_qty
  from core.order_line
  where qty < 0 and returns_order_id is not null and not coalesce(cancelled, false) and order_date <= getvariable('as_of')
  group by company_id, returns_order_id, returns_line_no
),
kept as (
  select
    line.company_id, line.customer_id, line.order_id, line.order_line_no, line.order_date, line.product_id, line.product_name, line.product_group, line.uom, line.currency,
    line.unit_price,
    line.ship_to_region, line.ship_to_country, (line.qty - coalesce(taken.taken_qty, 0))::decimal(18, 4) as kept_qty,
    coalesce(line.net_amount, round(line.qty * line.unit_price, 4))::decimal(18, 4) as amount, line.qty::decimal(18, 4) as qty
  from core.order_line as line
  left join taken on line.company_id = taken.company_id and line.order_id = taken.order_id and line.order_line_no = taken.order_line_no
  left join marts.order_given_up as given_up on line.company_id = given_up.company_id and line.order_id = given_up.order_id
  where line.qty > 0 and not coalesce(line.cancelled, false) and line.order_date <= getvariable('as_of') and line.customer_id is not null
    and given_up.order_id is null and line.qty > coalesce(taken.taken_qty, 0)
),
valued as (
  select *, case when kept_qty = qty then amount else prorate(kept_qty, amount, qty) end as kept_amount from kept
)
select
  valued.company_id, valued.customer_id, valued.order_id, valued.order_line_no, valued.order_date, valued.product_id, valued.product_name, valued.product_group, valued.uom,
  valued.currency,
  valued.unit_price, valued.ship_to_region, valued.ship_to_country, valued.kept_qty, valued.kept_amount,
  case
    when rate.sum_doc is not null then prorate(valued.kept_amount, rate.sum_local, rate.sum_doc)
    when coalesce(valued.currency = company.local_currency, true) then valued.kept_amount
  end::decimal(18, 4) as kept_local
from valued
left join core.company as company on valued.company_id = company.company_id
left join marts.average_rate as rate on valued.company_id = rate.company_id and valued.currency = rate.currency
