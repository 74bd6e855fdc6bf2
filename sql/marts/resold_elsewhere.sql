-- One row per customer and period in which it resold goods in regions that neither a contract valid at its end nor the customer's territory names, where either does:
-- elsewhere_share of the units resold in regions it told, place: the region most of them went to, own_place: where they should. told_on: the day by which the period was reported.
with area as (
  select customer.company_id, customer.customer_id, customer.region, territory.region_codes, territory.name as territory
  from core.customer as customer
  left join core.territory as territory on customer.company_id = territory.company_id and customer.territory_id = territory.territory_id
),
resold as (
  select
    company_id, customer_id, coalesce(period_start, date_trunc('month', period_end)::date) as period_start, period_end, sold_region as region, sum(sold_qty) as qty,
    max(coalesce(report_date, period_end)) as told_on
  from core.sell_through
  where sold_qty > 0 and sold_region is not null and period_end <= getvariable('as_of')
  group by company_id, customer_id, coalesce(period_start, date_trunc('month', period_end)::date), period_end, sold_region
),
agreed as (
  select
    resold.company_id, resold.customer_id, resold.period_end, resold.region, bool_or(list_contains(contract.sales_region_codes, resold.region)) as is_agreed,
    min(array_to_string(contract.sales_region_codes, ', ')) as regions
  from resold
  inner join core.contract as contract
    on resold.company_id = contract.company_id and resold.customer_id = contract.customer_id and len(contract.sales_region_codes) > 0
    and coalesce(contract.valid_from, resold.period_end) <= resold.period_end and coalesce(contract.valid_to, resold.period_end) >= resold.period_end
  group by resold.company_id, resold.customer_id, resold.period_end, resold.region
),
judged as (
  select
    resold.*, coalesce(agreed.regions, area.territory, array_to_string(area.region_codes, ', ')) as own_place,
    resold.region is distinct from area.region and not coalesce(agreed.is_agreed, list_contains(area.region_codes, resold.region)) as is_elsewhere
  from resold
  inner join area on resold.company_id = area.company_id and resold.customer_id = area.customer_id
  left join agreed
    on resold.company_id = agreed.company_id and resold.customer_id = agreed.customer_id and resold.period_end = agreed.period_end and resold.region = agreed.region
  where agreed.is_agreed is not null or len(area.region_codes) > 0
)
select
  company_id, customer_id, period_start, period_end, max(told_on) as told_on, (sum(case when is_elsewhere then qty else 0 end)::double / sum(qty)) as elsewhere_share,
  max_by(region, row(qty, region)) filter (where is_elsewhere) as place, max(own_place) as own_place
from judged
group by company_id, customer_id, period_start, period_end
having bool_or(is_elsewhere)
