-- One row per company, metric and period end: how fast sales become money. dso_days: what is owed in days of the sales of the months before (a setting says
-- how many, the running one with them); dso_best_days: the same of what is not overdue; add_days: the difference, the days lost to late payment;
-- dso_countback_days: sales counted back from the period end until they make what is owed; cei_percent: of what could be collected in these months,
-- how much was. value NULL where there is nothing to divide by, or where what is told does not reach back so far (note beyond_history, with its days).
with owed as (
  select
    company_id, period_end,
    sum(case when metric = 'receivables_total' then value end) as open_local,
    sum(case when metric in ('not_due_total', 'no_due_date_total') then value end) as current_local
  from marts.kpi_item
  where metric in ('receivables_total', 'not_due_total', 'no_due_date_total')
  group by company_id, period_end
),
sold as (
  select period.company_id, period.period_end, sum(sales.sales_local) as sales_local
  from marts.period as period
  inner join marts.sales_month as sales
    on period.company_id = sales.company_id and sales.month_start > period.turnover_after and sales.month_end <= period.period_end
  where period.is_told
  group by period.company_id, period.period_end
),
measured as (
  select
    period.company_id, period.period_end, date_diff('day', period.turnover_after, period.period_end)::bigint as days,
    owed.open_local::double as open_local, owed.current_local::double as current_local,
    case when sold.sales_local > 0 then sold.sales_local::double end as sales_local,
    before.open_local::double as before_local,
    countback.days as countback_days, countback.history_days
  from marts.period as period
  inner join owed on period.company_id = owed.company_id and period.period_end = owed.period_end
  left join sold on period.company_id = sold.company_id and period.period_end = sold.period_end
  left join owed as before on period.company_id = before.company_id and period.turnover_after = before.period_end
  left join marts.sales_countback as countback on period.company_id = countback.company_id and period.period_end = countback.period_end
),
metric as (
  select unnest(['dso_days', 'dso_best_days', 'add_days', 'dso_countback_days', 'cei_percent']) as metric
)
select
  measured.company_id, metric.metric, measured.period_end,
  case metric.metric
    when 'dso_days' then open_local::double / sales_local * days
    when 'dso_best_days' then current_local::double / sales_local * days
    when 'add_days' then (open_local - current_local)::double / sales_local * days
    when 'dso_countback_days' then countback_days::double
    when 'cei_percent' then
      100 * ((before_local + sales_local - open_local)::double / nullif(before_local + sales_local - current_local, 0))
  end::decimal(26, 8) as value,
  case when metric.metric like '%_percent' then 'percent' else 'days' end as unit,
  case when metric.metric = 'dso_countback_days' and countback_days is null and history_days is not null then 'beyond_history ' || history_days end as note
from measured
cross join metric
