-- One row per open instalment that is not assessed individually, with what the company's collection curve (recent history, net of dilution, by amount) says at its age.
-- age_days: since the original due date, -1: not yet due; months: the same in months, for the roll rates. p_now: the chance that it still brings cash, as observed to
-- the curve's last age; p_upper: were all that is then open paid; p_waiting: the chance after some days of waiting (a setting; NULL before due), p_beyond: after the
-- best window (a setting). loss_lo: the chance of loss observed, loss_hi: were all that is open at the last age lost; loss_rate: the one used, for which a setting
-- says how much of that counts as lost. Shares of 1. reason: no_due_date, no_curve (all NULL), or beyond_history: older than the curve tells, nothing is observed.
with item as (
  select
    item.company_id, item.customer_id, item.item_id, item.seq, item.bucket, item.due_date_original, item.open_local,
    case when item.days_overdue_original < 0 then -1 else item.days_overdue_original end::integer as age_days,
    at_most(months_after(item.due_date_original, item.as_of), 13)::integer as months
  from marts.open_item as item
  left join marts.individual_assessment as apart on item.company_id = apart.company_id and item.customer_id = apart.customer_id
  where item.bucket <> 'unapplied' and apart.customer_id is null
),
asked as (
  select item.company_id, item.age_days from item where item.age_days is not null
  union
  select item.company_id, item.age_days + setting.waiting_days from item cross join params.provision as setting where item.age_days >= 0
  union
  select item.company_id, setting.window_days + 1 from item cross join params.provision as setting
),
last_told as (
  select company_id, max(age_days) as last_age
  from marts.collection_curve
  where history = '24m' and basis = 'net' and segment_kind = 'company' and weight = 'amount'
  group by company_id
),
point as (
  select
    company_id, age_days, cash, loss, open_share,
    lead(age_days) over (partition by company_id order by age_days) as next_age
  from marts.collection_point
  where history = '24m' and basis = 'net' and segment_kind = 'company' and weight = 'amount'
),
whole as (
  select last_told.company_id, last_told.last_age, point.cash, point.loss, point.open_share
  from last_told
  inner join point on last_told.company_id = point.company_id and last_told.last_age = point.age_days
),
chance as (
  select
    asked.company_id, asked.age_days, asked.age_days > whole.last_age as is_beyond,
    coalesce(grown(whole.cash, coalesce(point.cash, 0))::double / nullif(coalesce(point.open_share, 1), 0), 0) as p,
    coalesce(grown(whole.loss, coalesce(point.loss, 0))::double / nullif(coalesce(point.open_share, 1), 0), 0) as loss,
    -- what nobody has seen end: all of it where nothing is left under observation
    coalesce(whole.open_share::double / nullif(coalesce(point.open_share, 1), 0), 1) as rest
  from asked
  inner join whole on asked.company_id = whole.company_id
  left join point
    on asked.company_id = point.company_id and least(asked.age_days, whole.last_age) >= point.age_days
    and (point.next_age is null or least(asked.age_days, whole.last_age) < point.next_age)
)
select
  getvariable('as_of') as as_of, item.company_id, item.customer_id, item.item_id, item.seq, item.bucket, item.due_date_original, item.age_days, item.months, item.open_local,
  now.p as p_now, at_most(now.p + now.rest, 1) as p_upper, waiting.p as p_waiting, beyond.p as p_beyond,
  now.loss as loss_lo, at_most(now.loss + now.rest, 1) as loss_hi, at_most(now.loss + now.rest * setting.rest_loss_share::double, 1) as loss_rate,
  case when item.age_days is null then 'no_due_date' when now.p is null then 'no_curve' when now.is_beyond then 'beyond_history' end as reason
from item
cross join params.provision as setting
left join chance as now on item.company_id = now.company_id and item.age_days = now.age_days
left join chance as waiting on item.company_id = waiting.company_id and item.age_days >= 0 and item.age_days + setting.waiting_days = waiting.age_days
left join chance as beyond on item.company_id = beyond.company_id and item.age_days is not null and setting.window_days + 1 = beyond.age_days
