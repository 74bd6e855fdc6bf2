-- One row per line of a sales order, with the customer and day of its order. qty and net_amount: negative takes goods back.
-- returns_order_id, returns_line_no: the sale a negative line takes back. return_link source: the export names its order; the line is then the
-- one of that product, best of that quantity. derived: the latest earlier sale of the same customer, product, unit and quantity that no
-- earlier line has taken back, as each closing bracket belongs to the last one still open. A sale is so taken back once at most; a negative
-- line without a price takes no sale back (stock lost or corrected), a cancelled one and one whose sale is not found stay without a link.
with ordered as (
  select
    line.* replace (coalesce(line.currency, sales_order.currency) as currency),
    sales_order.customer_id, sales_order.order_date, sales_order.status as order_status,
    abs(line.qty) as size, coalesce(line.uom, '') as unit
  from staging.order_line as line
  left join staging.sales_order as sales_order on line.company_id = sales_order.company_id and line.order_id = sales_order.order_id
),
named as (
  select
    back.company_id, back.order_id, back.order_line_no,
    coalesce(
      max(back.returns_line_no),
      min(case when sale.qty = -back.qty then sale.order_line_no end),
      min(sale.order_line_no)
    ) as sale_line_no,
    max(back.returns_order_id) as sale_order_id
  from ordered as back
  left join ordered as sale
    on back.company_id = sale.company_id and back.returns_order_id = sale.order_id and back.product_id = sale.product_id and sale.qty > 0
  where back.returns_order_id is not null
  group by back.company_id, back.order_id, back.order_line_no
),
taken as (
  select distinct company_id, sale_order_id, sale_line_no from named
),
leveled as (
  select
    line.*,
    sum(case when line.qty > 0 then 1 else -1 end) over (
      partition by line.company_id, line.customer_id, line.product_id, line.unit, line.size
      order by line.order_date, line.first_batch, line.first_line, line.order_id, line.order_line_no rows unbounded preceding
    ) + case when line.qty < 0 then 1 else 0 end as level
  from ordered as line
  left join taken
    on line.company_id = taken.company_id and line.order_id = taken.sale_order_id and line.order_line_no = taken.sale_line_no
  where line.customer_id is not null and line.order_date is not null and line.qty <> 0 and not coalesce(line.cancelled, false)
    and ((line.qty > 0 and taken.sale_order_id is null) or (line.qty < 0 and line.returns_order_id is null and coalesce(line.unit_price, 1) <> 0))
),
paired as (
  select
    company_id, order_id, order_line_no, qty,
    lag(order_id) over one_level as sale_order_id,
    lag(order_line_no) over one_level as sale_line_no
  from leveled
  window one_level as (
    partition by company_id, customer_id, product_id, unit, size, level
    order by order_date, first_batch, first_line, order_id, order_line_no
  )
)
select
  ordered.* exclude (size, unit) replace (
    coalesce(ordered.returns_order_id, paired.sale_order_id) as returns_order_id,
    coalesce(named.sale_line_no, paired.sale_line_no) as returns_line_no,
    case when ordered.returns_order_id is not null then 'source' when paired.sale_order_id is not null then 'derived' end as return_link
  )
from ordered
left join named
  on ordered.company_id = named.company_id and ordered.order_id = named.order_id and ordered.order_line_no = named.order_line_no
left join paired
  on ordered.company_id = paired.company_id and ordered.order_id = paired.order_id and ordered.order_line_no = paired.order_line_no
    and paired.qty < 0
