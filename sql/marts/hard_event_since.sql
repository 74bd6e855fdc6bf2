-- One row per customer and hard event known at the as-of date (marts.hard_event): since, the day it happened last, or, of what lasts until today, the first of the period ends
-- without a gap at which it was so; is_older: it was so at the first one told already.
with now as (
  select company_id, customer_id, event, days_since
  from marts.hard_event
  where period_end = getvariable('as_of')
),
free as (
  select now.company_id, now.customer_id, now.event, max(period.period_end) as free_on
  from now
  inner join marts.period as period on now.company_id = period.company_id and period.is_told
  left join marts.hard_event as told
    on now.company_id = told.company_id and now.customer_id = told.customer_id and now.event = told.event and period.period_end = told.period_end and told.days_since = 0
  where told.period_end is null
  group by now.company_id, now.customer_id, now.event
)
select
  getvariable('as_of') as as_of, now.company_id, now.customer_id, now.event,
  (case when now.days_since > 0 then getvariable('as_of') - now.days_since else min(lasting.period_end) end)::date as since,
  now.days_since = 0 and free.free_on is null as is_older
from now
left join free on now.company_id = free.company_id and now.customer_id = free.customer_id and now.event = free.event
left join marts.hard_event as lasting
  on now.company_id = lasting.company_id and now.customer_id = lasting.customer_id and now.event = lasting.event and lasting.days_since = 0
  and (free.free_on is null or lasting.period_end > free.free_on)
group by now.company_id, now.customer_id, now.event, now.days_since, free.free_on
