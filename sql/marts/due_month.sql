-- One row per company and month, from some years back (a setting) to some months ahead: due_local, what of all invoices known falls due in it by the original due
-- date; cash_local, what came of invoices in it by the as-of date; open_local, what of them was open at its end or the as-of date (NULL ahead). usual_cash_local:
-- the average cash of the same calendar month in the years before, as far as they are told whole (NULL: in none). Ledger currency, positive.
with told as (
  select company_id, min(counts_from) as first_day from marts.payment_tranche group by company_id
),
month as (
  select
    told.company_id, told.first_day,
    last_day((date_trunc('month', getvariable('as_of')) + to_months(ago.months::integer))::date) as period_end
  from told
  cross join (
    select unnest(generate_series((-12 * usual_years - 12)::bigint, months::bigint)) as months from params.forecast
  ) as ago
),
moved as (
  select company_id, last_day(due_date_original) as period_end, amount_local as due_local, 0 as cash_local, 0 as open_local
  from marts.payment_tranche
  union all
  select company_id, last_day(exit_date), 0, case when cause = 1 then amount_local else 0 end, -amount_local
  from marts.payment_tranche
  where cause > 0
  union all
  select company_id, last_day(least(counts_from, exit_date)), 0, 0, amount_local
  from marts.payment_tranche
),
summed as (
  select
    company_id, period_end, sum(due_local)::decimal(18, 4) as due_local, sum(cash_local)::decimal(18, 4) as cash_local,
    sum(sum(open_local)) over (partition by company_id order by period_end rows between unbounded preceding and current row)::decimal(18, 4) as open_local
  from moved
  group by company_id, period_end
),
placed as (
  select
    month.company_id, month.period_end, month.first_day,
    coalesce(summed.due_local, 0)::decimal(18, 4) as due_local, coalesce(summed.cash_local, 0)::decimal(18, 4) as cash_local,
    last_value(summed.open_local ignore nulls) over (
      partition by month.company_id order by month.period_end rows between unbounded preceding and current row
    ) as open_local
  from month
  left join summed on month.company_id = summed.company_id and month.period_end = summed.period_end
)
select
  getvariable('as_of') as as_of, placed.company_id, placed.period_end, placed.due_local, placed.cash_local,
  case when date_trunc('month', placed.period_end) <= getvariable('as_of') then coalesce(placed.open_local, 0) end::decimal(18, 4) as open_local,
  avg(past.cash_local)::decimal(18, 4) as usual_cash_local
from placed
cross join params.forecast as setting
left join placed as past
  on placed.company_id = past.company_id and month(placed.period_end) = month(past.period_end)
  and past.period_end < placed.period_end and past.period_end <= getvariable('as_of')
  and past.period_end > (placed.period_end - to_months(12 * setting.usual_years + 1))::date
  and date_trunc('month', past.period_end) >= past.first_day
where placed.period_end > (getvariable('as_of') - to_months(12 * setting.usual_years))::date
  and placed.period_end >= placed.first_day
group by placed.company_id, placed.period_end, placed.due_local, placed.cash_local, placed.open_local, placed.first_day
