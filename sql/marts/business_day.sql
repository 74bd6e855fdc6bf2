-- One row per day of the history that completeness looks at: business_days counts the business days up to it, that day with them. A business day is one
-- from Monday to Friday that lies further from New Year than a setting says, when silence tells nothing.
with setting as (
  select *, (date_trunc('month', getvariable('as_of')) - to_months(history_months))::date as first_day from params.completeness
),
series as (
  select unnest(generate_series(0::bigint, date_diff('day', first_day, getvariable('as_of'))::bigint)) as place, first_day, year_end_days
  from setting
),
calendar as (
  select (first_day + place::integer)::date as day, year_end_days from series
),
judged as (
  select
    day,
    isodow(day) <= 5
    and date_diff('day', date_trunc('year', day)::date, day) >= year_end_days
    and date_diff('day', day, (date_trunc('year', day) + to_years(1))::date) > year_end_days as is_business_day
  from calendar
)
select
  day, is_business_day,
  sum(is_business_day::integer) over (order by day rows between unbounded preceding and current row)::bigint as business_days
from judged
