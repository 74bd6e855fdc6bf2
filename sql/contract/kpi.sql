-- One row per company: what the published key figures lack of the aging, and of each other; ledger currency, signed.
with figure as (
  select
    kpi.company_id,
    sum(kpi.value) filter (where kpi.metric = 'receivables_total') as total,
    sum(kpi.value) filter (where kpi.metric in ('not_due_total', 'overdue_total', 'no_due_date_total', 'unapplied_total')) as parts
  from marts.kpi as kpi
  where kpi.period_end = kpi.as_of
  group by kpi.company_id
),
aged as (
  select company_id, sum(open_local) as open_local from marts.aging group by company_id
)
select
  figure.company_id, null::varchar as currency,
  (figure.total - coalesce(aged.open_local, 0))::decimal(18, 4) as total_difference,
  (figure.total - figure.parts)::decimal(18, 4) as parts_difference
from figure
left join aged on figure.company_id = aged.company_id
order by figure.company_id
