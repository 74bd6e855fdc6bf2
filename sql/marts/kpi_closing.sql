-- One row per company and metric at the as-of date: what open items are worth at closing rates, and what is disputed. In ledger currency, and with _group in the
-- reporting currency where a setting names one, so that companies can be added. value NULL where a rate is missing, with the pairs in note.
with item as (
  select
    company_id, sum(disputed_local) as disputed_total, sum(open_local_closing) as closing_total, sum(revaluation_local) as revaluation_total,
    sum(open_group) as receivables_group_total,
    sum(case when is_overdue(bucket, days_overdue) then open_group else 0 end) as overdue_group_total,
    bool_and(open_local_closing is not null) as is_valued, bool_and(open_group is not null) as is_grouped
  from marts.open_item
  group by company_id
),
missing as (
  select company_id, 'rate_missing ' || string_agg(from_currency || '/' || to_currency, ' ' order by from_currency, to_currency) as note
  from marts.closing_rate
  where rate is null
  group by company_id
),
metric as (
  select unnest(['disputed_total', 'closing_total', 'revaluation_total', 'receivables_group_total', 'overdue_group_total']) as metric
)
select
  company.company_id, metric.metric, getvariable('as_of') as period_end,
  case
    when item.company_id is null then 0
    when metric.metric = 'disputed_total' then disputed_total
    when metric.metric = 'closing_total' and is_valued then closing_total
    when metric.metric = 'revaluation_total' and is_valued then revaluation_total
    when metric.metric = 'receivables_group_total' and is_grouped then receivables_group_total
    when metric.metric = 'overdue_group_total' and is_grouped then overdue_group_total
  end::decimal(26, 8) as value,
  case when metric.metric like '%_group_total' then setting.reporting_currency else company.local_currency end as unit,
  case
    when metric.metric in ('closing_total', 'revaluation_total') and not is_valued or metric.metric like '%_group_total' and not is_grouped then missing.note
  end as note
from core.company as company
cross join params.ledger as setting
cross join metric
left join item on company.company_id = item.company_id
left join missing on company.company_id = missing.company_id
where metric.metric not like '%_group_total' or setting.reporting_currency is not null
