-- One row per delivery not invoiced, or open instalment due or delivered and not due, at the as-of date (list as in marts.period_delivery): what was delivered,
-- to whom, on which day, with the total of its order where known (contract_total, before tax, in contract_currency), its value (value_local, before tax), what is open
-- (open_local, ledger currency) and the day the money is due (due_date; NULL until it is invoiced). goods: the product of which most was delivered.
with listed as (
  select * from marts.period_delivery where period_end = getvariable('as_of')
),
product as (
  select company_id, product_id, max(name) as name from core.product group by company_id, product_id
),
brought as (
  select line.company_id, line.delivery_id, line.product_id, coalesce(max(product.name), line.product_id) as name, sum(line.qty) as qty
  from core.delivery_line as line
  inner join (select distinct company_id, delivery_id from listed) as wanted on line.company_id = wanted.company_id and line.delivery_id = wanted.delivery_id
  left join product on line.company_id = product.company_id and line.product_id = product.product_id
  group by line.company_id, line.delivery_id, line.product_id
),
goods as (
  select company_id, delivery_id, count(*)::bigint as goods_count, max_by(name, (coalesce(qty, 0), product_id)) as goods
  from brought
  group by company_id, delivery_id
),
ordered as (
  select line.company_id, line.order_id, sum(line.net_amount)::decimal(18, 4) as contract_total, min(line.currency) as contract_currency
  from core.order_line as line
  inner join (select distinct company_id, order_id from listed) as wanted on line.company_id = wanted.company_id and line.order_id = wanted.order_id
  where not coalesce(line.cancelled, false)
  group by line.company_id, line.order_id
  having count(distinct line.currency) = 1
)
select
  listed.period_end as as_of, listed.* exclude (period_end), goods.goods, coalesce(goods.goods_count, 0)::bigint as goods_count,
  ordered.contract_total, ordered.contract_currency
from listed
left join goods on listed.company_id = goods.company_id and listed.delivery_id = goods.delivery_id
left join ordered on listed.company_id = ordered.company_id and listed.order_id = ordered.order_id
