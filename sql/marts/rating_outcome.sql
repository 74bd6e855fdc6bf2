-- One row per customer and re-rating whose year has run out by the as-of date, of those that were not bad then: is_bad, whether within twelve months an amount of its debt that counts (settings)
-- was over 90 days late at a month end, something was written off, or it became insolvent or closed. amount_local: what it owed at the re-rating.
with snapshot as (
  select behaviour.period_end, behaviour.company_id, behaviour.customer_id, behaviour.open_local, (behaviour.period_end + to_months(12))::date as until_day
  from marts.payment_behaviour as behaviour
  cross join params.rating as setting
  left join marts.hard_event as event
    on behaviour.period_end = event.period_end and behaviour.company_id = event.company_id and behaviour.customer_id = event.customer_id
    and event.event in ('overdue_90', 'insolvency', 'closure')
  where event.event is null and behaviour.period_end = last_day(behaviour.period_end) and month(behaviour.period_end) % setting.rerating_months = 0
    and (behaviour.period_end + to_months(12))::date <= getvariable('as_of')
),
bad as (
  select company_id, customer_id, period_end as day from marts.hard_event where event = 'overdue_90'
  union
  select company_id, customer_id, (period_end - days_since)::date from marts.hard_event where event in ('insolvency', 'closure')
  union
  select company_id, customer_id, (due_date + days_late)::date from marts.behaviour_piece where cause = 2 and known_until is null
)
select
  snapshot.period_end as review_date, snapshot.company_id, snapshot.customer_id, snapshot.open_local as amount_local, count(bad.day)::bigint > 0 as is_bad
from snapshot
left join bad
  on snapshot.company_id = bad.company_id and snapshot.customer_id = bad.customer_id and bad.day > snapshot.period_end and bad.day <= snapshot.until_day
group by snapshot.period_end, snapshot.company_id, snapshot.customer_id, snapshot.open_local
