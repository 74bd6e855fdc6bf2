-- One row per customer and re-rating whose year has run out by the as-of date, of those that were not bad then: is_bad, whether it went bad (marts.rating_bad) within the twelve months
-- to until_day, as known now. amount_local: what it owed at the re-rating.
with snapshot as (
  select behaviour.period_end, behaviour.company_id, behaviour.customer_id, behaviour.open_local, (behaviour.period_end + to_months(12))::date as until_day
  from marts.payment_behaviour as behaviour
  cross join params.rating as setting
  left join marts.hard_event as event
    on behaviour.period_end = event.period_end and behaviour.company_id = event.company_id and behaviour.customer_id = event.customer_id
    and event.event in ('overdue_90', 'insolvency', 'closure')
  where event.event is null and behaviour.period_end = last_day(behaviour.period_end) and month(behaviour.period_end) % setting.rerating_months = 0
    and (behaviour.period_end + to_months(12))::date <= getvariable('as_of')
)
select
  snapshot.period_end as review_date, snapshot.company_id, snapshot.customer_id, snapshot.until_day, snapshot.open_local as amount_local, count(bad.day)::bigint > 0 as is_bad
from snapshot
left join marts.rating_bad as bad
  on snapshot.company_id = bad.company_id and snapshot.customer_id = bad.customer_id and bad.day > snapshot.period_end and bad.day <= snapshot.until_day
  and bad.known_until is null
group by snapshot.period_end, snapshot.company_id, snapshot.customer_id, snapshot.until_day, snapshot.open_local
