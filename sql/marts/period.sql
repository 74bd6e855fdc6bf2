-- One row per company and day its open items are made for. is_told: figures are published for it, which are those of the as-of date and of the month ends
-- before it back to its first posting, as many as a setting says. is_published: an earlier run published it, and what it published is held against what is
-- known now. is_compared: what is owed today is held against it, the day and the week before the as-of date. is_asserted: another record states a balance of it (marts.assertion); of such days that are made for nothing else the latest, as many as a setting
-- says. A company without history, or without any posting, is told for the as-of date alone. turnover_after and payments_after: the month ends after
-- which the sales and the payments begin that its measures of speed look at, as many months as settings say, the running one with them.
with posted as (
  select company_id, min(counts_from) as first_day
  from (
    select company_id, counts_from from core.document
    union all
    select company_id, counts_from from core.payment
  ) as posting
  group by company_id
),
ago as (
  select unnest(generate_series(1::bigint, setting.month_ends::bigint)) as months from params.aging as setting
),
month_end as (
  select last_day((getvariable('as_of') - to_months(months::integer))::date) as period_end from ago
),
past as (
  select posted.company_id, month_end.period_end, true as is_told, false as is_published
  from posted
  inner join month_end on month_end.period_end >= posted.first_day
  union all
  select company_id, as_of, false, true
  from lake.published
  where as_of < getvariable('as_of')
),
compared as (
  select posted.company_id, (getvariable('as_of') - ago.days)::date as period_end
  from posted
  cross join (select unnest([1, 7]) as days) as ago
  where (getvariable('as_of') - ago.days)::date >= posted.first_day
),
stated as (
  select stated.company_id, stated.as_of as period_end, other.period_end is null as is_further
  from (select distinct company_id, as_of from marts.assertion) as stated
  inner join posted on stated.company_id = posted.company_id and stated.as_of >= posted.first_day
  left join (select distinct company_id, period_end from past) as other on stated.company_id = other.company_id and stated.as_of = other.period_end
  where stated.as_of < getvariable('as_of')
),
ranked as (
  select *, row_number() over (partition by company_id, is_further order by period_end desc, company_id)::bigint as place from stated
),
day as (
  select *, false as is_asserted, false as is_compared from past
  union all
  select company_id, period_end, false, false, false, true from compared
  union all
  select ranked.company_id, ranked.period_end, false, false, true, false
  from ranked
  cross join params.aging as setting
  where not ranked.is_further or ranked.place <= setting.asserted_days
),
made as (
  select company_id, getvariable('as_of') as period_end, true as is_as_of, true as is_told, false as is_published, false as is_asserted, false as is_compared
  from core.company
  union all
  select day.company_id, day.period_end, false, bool_or(day.is_told), bool_or(day.is_published), bool_or(day.is_asserted), bool_or(day.is_compared)
  from day
  left join core.company_basis as basis on day.company_id = basis.company_id
  where coalesce(basis.basis, 'replay') = 'replay' and basis.only_as_of is null
  group by day.company_id, day.period_end
)
select
  made.company_id, made.period_end, made.is_as_of, made.is_told, made.is_published, made.is_asserted, made.is_compared,
  last_day((date_trunc('month', made.period_end) - to_months(setting.turnover_months))::date) as turnover_after,
  last_day((date_trunc('month', made.period_end) - to_months(setting.payment_months))::date) as payments_after
from made
cross join params.aging as setting
