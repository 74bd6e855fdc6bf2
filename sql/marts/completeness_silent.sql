-- One row per company and series of postings or extracts: how long it has been silent (telling_days of params.business_day) beside the longest silence it ever kept
-- (longest_days). days_after: days on which the company (of extracts: another company) went on after the series' last day; active_days: days it was active.
with active as (
  select activity.company_id, activity.series, activity.subject, activity.day, calendar.telling_days
  from marts.activity_day as activity
  inner join params.business_day as calendar on activity.company_id = calendar.company_id and activity.day = calendar.day
),
paced as (
  select
    *,
    telling_days - lag(telling_days) over (partition by company_id, series, subject order by day) - 1 as gap_days
  from active
),
lived as (
  select
    company_id, series, subject, count(*)::bigint as active_days, max(day) as last_day, max(telling_days) as last_telling_days,
    greatest(max(gap_days), 0)::bigint as longest_days
  from paced
  group by company_id, series, subject
),
-- the as-of day itself may have been extracted before its evening
today as (
  select company_id, telling_days from params.business_day where day = getvariable('as_of') - 1
),
going_on as (
  select distinct company_id, day, false as is_extract from active where series in ('clearing', 'receipt', 'document')
  union all
  select distinct company_id, day, true from active where series = 'extract'
)
select
  lived.company_id, lived.series, lived.subject, lived.active_days, lived.last_day, lived.longest_days,
  greatest(max(today.telling_days) - max(lived.last_telling_days), 0)::bigint as silent_days,
  count(distinct going_on.day)::bigint as days_after
from lived
inner join today on lived.company_id = today.company_id
left join going_on
  on going_on.is_extract = (lived.series = 'extract') and (lived.series = 'extract' or lived.company_id = going_on.company_id)
  and going_on.day > lived.last_day
group by lived.company_id, lived.series, lived.subject, lived.active_days, lived.last_day, lived.longest_days
