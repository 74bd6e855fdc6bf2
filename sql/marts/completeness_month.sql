-- One row per company, series of postings and run of whole months without any between months with: how many were posted in the months beside it (before,
-- after), and the fewest in the same months of other years (season, NULL where no other year is told).
with posted as (
  select company_id, series, date_trunc('month', day)::date as month_start, sum(events)::bigint as events
  from marts.activity_day
  where series in ('clearing', 'receipt', 'document')
  group by company_id, series, date_trunc('month', day)::date
),
paced as (
  select
    company_id, series, month_start, events,
    lag(month_start) over (partition by company_id, series order by month_start) as month_before,
    lag(events) over (partition by company_id, series order by month_start) as events_before,
    min(month_start) over (partition by company_id, series) as first_month
  from posted
),
gap as (
  select
    company_id, series, first_month, (month_before + to_months(1))::date as from_date, (month_start - 1)::date as to_date,
    events_before, events as events_after
  from paced
  where month_start > month_before + to_months(1)
),
year_off as (
  select unnest([-24, -12, 12, 24]) as months
),
other_year as (
  select
    gap.company_id, gap.series, gap.from_date, min(coalesce(posted.events, 0)) as season
  from gap
  cross join year_off
  left join posted
    on gap.company_id = posted.company_id and gap.series = posted.series
    and posted.month_start = (gap.from_date + to_months(year_off.months))::date
  where (gap.from_date + to_months(year_off.months))::date >= gap.first_month
    and (gap.from_date + to_months(year_off.months))::date < date_trunc('month', getvariable('as_of'))
  group by gap.company_id, gap.series, gap.from_date
)
select
  gap.company_id, gap.series, gap.from_date, gap.to_date, gap.events_before, gap.events_after, other_year.season
from gap
left join other_year on gap.company_id = other_year.company_id and gap.series = other_year.series and gap.from_date = other_year.from_date
