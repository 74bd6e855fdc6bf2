-- One row per company that clears: the clearings of its latest window of business days (a setting says how many, those near New Year left out) beside those
-- before. mean and variance: of the windows before; season: the fewest in a window around this time of last year, NULL without one; tail: how
-- likely so few are by chance.
with setting as (
  select * from params.completeness
),
today as (
  select company_id, telling_days from params.business_day where day = getvariable('as_of') - 1
),
clearing as (
  select activity.company_id, activity.day, activity.events, calendar.telling_days
  from marts.activity_day as activity
  inner join params.business_day as calendar on activity.company_id = calendar.company_id and activity.day = calendar.day and not calendar.is_year_end
  where activity.series = 'clearing'
),
life as (
  select clearing.company_id, min(clearing.telling_days) as first_telling_days, max(today.telling_days) as last_telling_days
  from clearing
  inner join today on clearing.company_id = today.company_id
  group by clearing.company_id
),
windows as (
  select
    life.company_id, calendar.day, calendar.telling_days,
    ((life.last_telling_days - calendar.telling_days) // setting.window_days)::bigint as windows_ago
  from life
  cross join setting
  inner join params.business_day as calendar
    on life.company_id = calendar.company_id and calendar.telling_days > life.last_telling_days - ((life.last_telling_days - life.first_telling_days + 1) // setting.window_days) * setting.window_days
    and calendar.telling_days <= life.last_telling_days
    and calendar.day < getvariable('as_of')
),
counted as (
  select
    windows.company_id, windows.windows_ago, min(windows.day) as from_date, max(windows.day) as to_date,
    coalesce(sum(clearing.events), 0)::bigint as events
  from windows
  left join clearing on windows.company_id = clearing.company_id and windows.day = clearing.day
  group by windows.company_id, windows.windows_ago
),
told as (
  select
    company_id,
    max(case when windows_ago = 0 then from_date end) as from_date,
    max(case when windows_ago = 0 then events end) as observed,
    count(case when windows_ago > 0 then 1 end)::bigint as windows_before,
    avg(case when windows_ago > 0 then events end) as mean,
    var_samp(case when windows_ago > 0 then events end) as variance,
    min(case when windows_ago > 0 and from_date <= getvariable('as_of') - 358 and to_date >= getvariable('as_of') - 386 then events end) as season
  from counted
  group by company_id
)
select *, case when observed < mean then count_tail(observed, mean, variance) else 1 end::double as tail
from told
where from_date is not null
