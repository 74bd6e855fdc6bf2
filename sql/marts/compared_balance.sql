-- One row per company and earlier day that what is owed now is held against: last_published (the date an earlier run published last), day, week (the day and the week before the as-of date),
-- month (the month end before it). Balances of that day and of the as-of date (now_*), as known now, and what was published for that day, in ledger currency: open_local (credits and unapplied
-- receipts taken off), overdue_local, over_90_local.
with balance as (
  select
    company_id, period_end, sum(open_local)::decimal(18, 4) as open_local,
    sum(case when is_overdue(bucket, days_overdue) then open_local else 0 end)::decimal(18, 4) as overdue_local,
    sum(case when is_overdue(bucket, days_overdue) and days_overdue > 90 then open_local else 0 end)::decimal(18, 4) as over_90_local
  from marts.period_item
  group by company_id, period_end
),
published as (
  select company_id, max(as_of) as as_of from lake.published where as_of < getvariable('as_of')
  group by company_id
),
day as (
  select published.company_id, 'last_published' as comparison, published.as_of as day
  from published
  inner join marts.period as period on published.company_id = period.company_id and published.as_of = period.period_end and period.is_published
  union all
  select company_id, case when period_end = getvariable('as_of') - 1 then 'day' else 'week' end, period_end from marts.period where is_compared
  union all
  select company_id, 'month', max(period_end) from marts.period where is_told and not is_as_of
  group by company_id
)
select
  getvariable('as_of') as as_of, day.company_id, day.comparison, day.day,
  coalesce(was.open_local, 0)::decimal(18, 4) as open_local, coalesce(was.overdue_local, 0)::decimal(18, 4) as overdue_local, coalesce(was.over_90_local, 0)::decimal(18, 4) as over_90_local,
  coalesce(now.open_local, 0)::decimal(18, 4) as now_open_local, coalesce(now.overdue_local, 0)::decimal(18, 4) as now_overdue_local,
  coalesce(now.over_90_local, 0)::decimal(18, 4) as now_over_90_local,
  run.open_local as published_local
from day
left join balance as was on day.company_id = was.company_id and day.day = was.period_end
left join balance as now on day.company_id = now.company_id and now.period_end = getvariable('as_of')
left join lake.published as run on day.comparison = 'last_published' and day.company_id = run.company_id and day.day = run.as_of
