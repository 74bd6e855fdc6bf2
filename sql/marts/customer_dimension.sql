-- One row per customer: what its items are summed under. parent_id: the top of its group, itself where it has none; a merged customer is followed to the one
-- that took it over. territory_id, top_territory_id: its own territory and the largest that one lies in. Of a circle the first id is its top.
with recursive step as (
  select 'customer' as kind, company_id, customer_id as id, coalesce(merged_into, parent_customer_id) as next_id
  from core.customer
  where coalesce(merged_into, parent_customer_id) <> customer_id
  union all
  select 'territory', company_id, territory_id, parent_id
  from core.territory
  where parent_id <> territory_id
),
way as (
  select kind, company_id, id, next_id as reached_id from step
  union
  select way.kind, way.company_id, way.id, step.next_id
  from way
  inner join step on way.kind = step.kind and way.company_id = step.company_id and way.reached_id = step.id
),
circle as (
  select kind, company_id, id from way where id = reached_id
),
top as (
  select
    way.kind, way.company_id, way.id,
    coalesce(min(case when step.id is null then way.reached_id end), min(case when circle.id is not null then way.reached_id end)) as top_id
  from way
  left join step on way.kind = step.kind and way.company_id = step.company_id and way.reached_id = step.id
  left join circle on way.kind = circle.kind and way.company_id = circle.company_id and way.reached_id = circle.id
  group by way.kind, way.company_id, way.id
)
select
  customer.company_id, customer.customer_id,
  coalesce(parent.top_id, customer.customer_id) as parent_id,
  customer.territory_id,
  coalesce(territory.top_id, customer.territory_id) as top_territory_id
from core.customer as customer
left join top as parent on parent.kind = 'customer' and customer.company_id = parent.company_id and customer.customer_id = parent.id
left join top as territory on territory.kind = 'territory' and customer.company_id = territory.company_id and customer.territory_id = territory.id
