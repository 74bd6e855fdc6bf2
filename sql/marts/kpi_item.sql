-- One row per company, metric and period end: what open items tell. Money in ledger currency, signed; shares are fractions of what is owed (credits and
-- receipts left aside) and go by the due date, whichever date the buckets go by; hhi_index is the sum of squared shares of the customers who owe, 1 where one owes all.
with item as (
  select open_item.*, open_item.bucket = 'unapplied' as is_unapplied, is_overdue(open_item.bucket, open_item.days_overdue) as is_overdue
  from marts.period_item as open_item
  inner join marts.period as told on open_item.company_id = told.company_id and open_item.period_end = told.period_end and told.is_told
),
amounts as (
  select
    period_end, company_id,
    sum(open_local)::decimal(18, 4) as receivables_total,
    sum(case when is_unapplied then 0 else open_local end)::decimal(18, 4) as owed,
    sum(case when not is_unapplied and days_overdue <= 0 then open_local else 0 end)::decimal(18, 4) as not_due_total,
    sum(case when is_overdue then open_local else 0 end)::decimal(18, 4) as overdue_total,
    sum(case when is_overdue and days_overdue > 90 then open_local else 0 end)::decimal(18, 4) as overdue_90_total,
    sum(case when is_unapplied then open_local else 0 end)::decimal(18, 4) as unapplied_total,
    sum(case when not is_unapplied and days_overdue is null then open_local else 0 end)::decimal(18, 4) as no_due_date_total,
    count(*)::bigint as open_items_count,
    count(distinct customer_id)::bigint as customers_open_count,
    count(distinct case when is_overdue then customer_id end)::bigint as customers_overdue_count
  from item
  group by period_end, company_id
),
largest as (
  select
    period_end, company_id, sum(open_local)::decimal(18, 4) as owed,
    row_number() over (partition by period_end, company_id order by sum(open_local) desc, customer_id)::bigint as place
  from item
  where not is_unapplied
  group by period_end, company_id, customer_id
),
share as (
  select
    period_end, company_id,
    owed::double / (sum(owed) over (partition by period_end, company_id))::double as part
  from largest
  where owed > 0
),
concentration as (
  select period_end, company_id, sum((part * part)::decimal(20, 16))::decimal(18, 8) as hhi_index
  from share
  group by period_end, company_id
),
figure as (
  select company.company_id, company.local_currency, told.period_end, amounts.* exclude (period_end, company_id), coalesce(top.owed, 0)::decimal(18, 4) as top10_owed, concentration.hhi_index
  from core.company as company
  inner join marts.period as told on company.company_id = told.company_id and told.is_told
  left join amounts on told.company_id = amounts.company_id and told.period_end = amounts.period_end
  left join (select period_end, company_id, sum(owed) as owed from largest where place <= 10 group by period_end, company_id) as top
    on told.company_id = top.company_id and told.period_end = top.period_end
  left join concentration on told.company_id = concentration.company_id and told.period_end = concentration.period_end
),
metric as (
  select unnest(['receivables_total', 'not_due_total', 'overdue_total', 'overdue_90_total', 'unapplied_total', 'no_due_date_total',
    'overdue_share', 'overdue_90_share', 'unapplied_share', 'top10_share', 'hhi_index', 'customers_open_count', 'customers_overdue_count', 'open_items_count']) as metric
)
select
  figure.company_id, metric.metric, figure.period_end,
  coalesce(case metric.metric
    when 'receivables_total' then receivables_total when 'not_due_total' then not_due_total when 'overdue_total' then overdue_total
    when 'overdue_90_total' then overdue_90_total when 'unapplied_total' then unapplied_total when 'no_due_date_total' then no_due_date_total
    when 'overdue_share' then (overdue_total::double / nullif(owed, 0))::decimal(18, 8)
    when 'overdue_90_share' then (overdue_90_total::double / nullif(owed, 0))::decimal(18, 8)
    when 'unapplied_share' then ((-unapplied_total)::double / nullif(owed, 0))::decimal(18, 8)
    when 'hhi_index' then hhi_index
    when 'top10_share' then (top10_owed::double / nullif(owed, 0))::decimal(18, 8)
    when 'customers_open_count' then customers_open_count when 'customers_overdue_count' then customers_overdue_count
    when 'open_items_count' then open_items_count
  end, 0)::decimal(26, 8) as value,
  case when metric.metric like '%_total' then local_currency when metric.metric like '%_share' then 'share' when metric.metric like '%_index' then 'index' else 'count' end as unit
from figure
cross join metric
