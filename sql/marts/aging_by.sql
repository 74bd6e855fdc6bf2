-- One row per company, dimension, member, document currency and bucket with open items; the members of every dimension sum to marts.aging. Dimensions:
-- customer, parent (the top of the customer's group), salesperson (the document's, else the customer's), territory (the customer's own), top_territory (the
-- largest that one lies in), company, currency. What has no member stands under (none), money from nobody known under (unidentified). Amounts as in marts.aging.
with item as (
  select
    company_id, customer_id, salesperson, currency, bucket,
    count(*)::bigint as items, sum(open_doc) as open_doc, sum(open_local) as open_local, sum(disputed_doc) as disputed_doc, sum(disputed_local) as disputed_local,
    sum(open_local_closing) as open_local_closing, sum(revaluation_local) as revaluation_local, sum(open_group) as open_group
  from marts.open_item
  group by company_id, customer_id, salesperson, currency, bucket
),
dimension as (
  select unnest(['customer', 'parent', 'salesperson', 'territory', 'top_territory', 'company', 'currency']) as dimension
),
placed as (
  select
    item.*, dimension.dimension,
    coalesce(case dimension.dimension
      when 'customer' then item.customer_id
      when 'parent' then coalesce(place.parent_id, item.customer_id)
      when 'salesperson' then item.salesperson
      when 'territory' then place.territory_id
      when 'top_territory' then place.top_territory_id
      when 'company' then item.company_id
      when 'currency' then item.currency
    end, case when item.customer_id = '(unidentified)' then item.customer_id else '(none)' end) as member
  from item
  left join marts.customer_dimension as place on item.company_id = place.company_id and item.customer_id = place.customer_id
  cross join dimension
),
summed as (
  select
    company_id, dimension, member, currency, bucket,
    sum(items)::bigint as items, sum(open_doc)::decimal(18, 4) as open_doc, sum(open_local)::decimal(18, 4) as open_local,
    sum(disputed_doc)::decimal(18, 4) as disputed_doc, sum(disputed_local)::decimal(18, 4) as disputed_local,
    sum(open_local_closing)::decimal(18, 4) as open_local_closing, sum(revaluation_local)::decimal(18, 4) as revaluation_local,
    sum(open_group)::decimal(18, 4) as open_group
  from placed
  group by company_id, dimension, member, currency, bucket
)
select
  getvariable('as_of') as as_of, summed.company_id, summed.dimension, summed.member,
  coalesce(customer.name, salesperson.name, territory.name, company.name, summed.member) as member_name,
  summed.* exclude (company_id, dimension, member)
from summed
left join core.customer as customer
  on summed.dimension in ('customer', 'parent') and summed.company_id = customer.company_id and summed.member = customer.customer_id
left join core.salesperson as salesperson
  on summed.dimension = 'salesperson' and summed.company_id = salesperson.company_id and summed.company_id || ':' || summed.member = salesperson.salesperson_id
left join core.territory as territory
  on summed.dimension in ('territory', 'top_territory') and summed.company_id = territory.company_id and summed.member = territory.territory_id
left join core.company as company on summed.dimension = 'company' and summed.company_id = company.company_id
