-- One row per sales order whose goods stand (marts.kept_order_line) and of which it can be said where they should go: is_elsewhere, whether some of them went to a region that
-- neither a contract valid that day nor the customer's territory names, where either does; else to another country than the customer's own (is_abroad), which is where most of its
-- orders go when nobody tells it. place: where to, of what went elsewhere; own_place: where it should go.
with shipped as (
  select company_id, customer_id, order_id, order_date, ship_to_region as region, ship_to_country as country, sum(kept_amount) as amount
  from marts.kept_order_line
  where ship_to_region is not null or ship_to_country is not null
  group by company_id, customer_id, order_id, order_date, ship_to_region, ship_to_country
),
usual as (
  select company_id, customer_id, country
  from shipped
  where country is not null
  group by company_id, customer_id, country
  qualify row_number() over (partition by company_id, customer_id order by count(*) desc, min(order_date), min(order_id)) = 1
),
area as (
  select
    customer.company_id, customer.customer_id, customer.region, coalesce(customer.country, usual.country) as country, territory.region_codes, territory.name as territory
  from (select distinct company_id, customer_id from shipped) as buyer
  left join usual on buyer.company_id = usual.company_id and buyer.customer_id = usual.customer_id
  inner join core.customer as customer on buyer.company_id = customer.company_id and buyer.customer_id = customer.customer_id
  left join core.territory as territory on customer.company_id = territory.company_id and customer.territory_id = territory.territory_id
),
agreed as (
  select
    shipped.company_id, shipped.order_id, shipped.region, bool_or(list_contains(contract.sales_region_codes, shipped.region)) as is_agreed,
    min(array_to_string(contract.sales_region_codes, ', ')) as regions
  from shipped
  inner join core.contract as contract
    on shipped.company_id = contract.company_id and shipped.customer_id = contract.customer_id and len(contract.sales_region_codes) > 0
    and coalesce(contract.valid_from, shipped.order_date) <= shipped.order_date and coalesce(contract.valid_to, shipped.order_date) >= shipped.order_date
  where shipped.region is not null
  group by shipped.company_id, shipped.order_id, shipped.region
),
judged as (
  select
    shipped.*, area.region as own_region, area.country as own_country, coalesce(agreed.regions, area.territory, array_to_string(area.region_codes, ', ')) as own_area,
    case
      when shipped.region is not null and (agreed.is_agreed is not null or coalesce(len(area.region_codes) > 0, false))
        then shipped.region is distinct from area.region and not coalesce(agreed.is_agreed, list_contains(area.region_codes, shipped.region))
    end as is_other_region,
    shipped.country <> area.country as is_other_country
  from shipped
  inner join area on shipped.company_id = area.company_id and shipped.customer_id = area.customer_id
  left join agreed on shipped.company_id = agreed.company_id and shipped.order_id = agreed.order_id and shipped.region = agreed.region
)
select
  company_id, customer_id, order_id, order_date, bool_or(coalesce(is_other_region, is_other_country)) as is_elsewhere,
  bool_or(is_other_region is null and is_other_country) as is_abroad,
  max(case when coalesce(is_other_region, is_other_country) then case when is_other_region is null then country else region end end) as place,
  max(case when is_other_region is null then own_country else own_area end) as own_place
from judged
where coalesce(is_other_region, is_other_country) is not null
group by company_id, customer_id, order_id, order_date
