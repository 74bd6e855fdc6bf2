-- One row per company and day its open items are told for: the as-of date, and the month ends before it back to its first posting, as many as a setting
-- says. A company without history, or without any posting, is told for the as-of date alone. turnover_after and payments_after: the month ends after which
-- the sales and the payments begin that its measures of speed look at, as many months as settings say, the running one with them.
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
told as (
  select company_id, getvariable('as_of') as period_end, true as is_as_of
  from core.company
  union all
  select posted.company_id, month_end.period_end, false
  from posted
  inner join month_end on month_end.period_end >= posted.first_day
  left join core.company_basis as basis on posted.company_id = basis.company_id
  where coalesce(basis.basis, 'replay') = 'replay' and basis.only_as_of is null
)
select
  told.company_id, told.period_end, told.is_as_of,
  last_day((date_trunc('month', told.period_end) - to_months(setting.turnover_months))::date) as turnover_after,
  last_day((date_trunc('month', told.period_end) - to_months(setting.payment_months))::date) as payments_after
from told
cross join params.aging as setting
