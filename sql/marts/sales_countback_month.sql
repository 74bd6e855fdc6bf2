-- One row per company, period end with something owed beyond credits, and month of sales back from it: days are those of the month whose sales are still
-- unpaid when the latest are counted first: all where its sales are used up whole, a part in the first that is not, else 0. sold_until: ledger
-- currency, sales of the month and those after it (a month of more credits than sales counts as none); open_local: what is owed.
with owed as (
  select company_id, period_end, value as open_local
  from marts.kpi_item
  where metric = 'receivables_total' and value > 0
),
ago as (
  select
    owed.*,
    unnest(generate_series(0::bigint, date_diff('month', history.first_month, owed.period_end)::bigint)) as months
  from owed
  inner join (select company_id, min(month_start) as first_month from marts.sales_month group by company_id) as history
    on owed.company_id = history.company_id and history.first_month <= owed.period_end
),
calendar as (
  select
    *,
    (date_trunc('month', period_end) - to_months(months::integer))::date as month_start,
    least(last_day((date_trunc('month', period_end) - to_months(months::integer))::date), period_end) as month_end
  from ago
),
sold as (
  select
    calendar.*,
    date_diff('day', calendar.month_start, calendar.month_end) + 1 as month_days,
    greatest(coalesce(sales.sales_local, 0), 0) as sales_local,
    sum(greatest(coalesce(sales.sales_local, 0), 0)) over (
      partition by calendar.company_id, calendar.period_end order by calendar.month_start desc rows between unbounded preceding and current row
    ) as sold_until
  from calendar
  left join marts.sales_month as sales on calendar.company_id = sales.company_id and calendar.month_start = sales.month_start
)
select
  company_id, period_end, month_start, month_days, sales_local, sold_until, open_local,
  case
    when sold_until <= open_local then month_days
    when sold_until - sales_local < open_local then month_days::double * ((open_local - sold_until + sales_local)::double / sales_local::double)
    else 0
  end::decimal(18, 8) as days
from sold
