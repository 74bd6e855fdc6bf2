-- One row per line of an order. order_line_no: as told where that tells the lines of the order apart, else their place in the file.
-- qty: negative takes goods back; net_amount: qty times unit_price, same sign, in the currency of the line.
with numbered as (
  select
    *,
    try_cast(line as integer) as told_no,
    row_number() over (partition by company_id, order_no order by line_no)::bigint as place
  from landing.entry
),
orders as (
  select company_id, order_no, count(*)::bigint = count(distinct told_no)::bigint as has_numbers
  from numbered
  group by company_id, order_no
)
select
  numbered.company_id, numbered.company_id || ':' || numbered.order_no as order_id,
  case when orders.has_numbers then numbered.told_no else numbered.place::integer end as order_line_no,
  numbered.company_id || ':' || numbered.product as product_id, numbered.product_name, numbered.product_group,
  numbered.qty::decimal(18, 4) as qty, numbered.uom, numbered.unit_price::decimal(18, 6) as unit_price,
  (numbered.qty::decimal(18, 4) * numbered.unit_price::decimal(18, 6))::decimal(18, 4) as net_amount, numbered.currency,
  numbered.ship_region as ship_to_region,
  case when length(numbered.country) = 2 then upper(numbered.country) end as ship_to_country,
  numbered.company_id || ':' || numbered.cancels as returns_order_id,
  case when numbered.cancels is not null then 'source' end as return_link,
  numbered.line_no
from numbered
inner join orders on numbered.company_id = orders.company_id and numbered.order_no = orders.order_no
