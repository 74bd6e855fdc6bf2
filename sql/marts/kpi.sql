-- One row per company, metric and period end (the as-of date, and month ends before it). Money in ledger currency, signed; value NULL where it cannot be
-- told, with the reason in note. Units: a currency code, share (fraction of 1), index, percent, days, count. marks: what marts.completeness found missing
-- in what the value is made from (JSON list of its reason codes); NULL where nothing.
with figure as (
  select 'balance' as family, company_id, metric, period_end, value, unit, null::varchar as note from marts.kpi_item
  union all
  select 'turnover', company_id, metric, period_end, value, unit, note from marts.kpi_turnover
  union all
  select 'payment', company_id, metric, period_end, value, unit, note from marts.kpi_payment
  union all
  select 'balance', company_id, metric, period_end, value, unit, note from marts.kpi_practice
  union all
  select 'balance', company_id, metric, period_end, value, unit, note from marts.kpi_closing
),
missing as (
  select distinct period.company_id, period.period_end, family.family, 'EXTRACT_' || upper(hit.test) as code
  from marts.period as period
  cross join (select unnest(['balance', 'turnover', 'payment']) as family) as family
  inner join marts.completeness as hit
    on period.company_id = hit.company_id and not hit.is_complete and hit.figures like '%"' || family.family || '"%'
    and (
      (family.family <> 'payment' and period.period_end between hit.from_date and hit.affected_until)
      or (family.family = 'turnover' and period.turnover_after < hit.to_date and period.period_end >= hit.from_date)
      or (family.family = 'payment' and period.payments_after < hit.to_date and period.period_end >= hit.from_date)
    )
),
mark as (
  select company_id, period_end, family, '["' || string_agg(code, '", "' order by code) || '"]' as marks
  from missing
  group by company_id, period_end, family
)
select
  getvariable('as_of') as as_of, figure.company_id, figure.metric, figure.period_end, figure.value, figure.unit, figure.note, mark.marks
from figure
left join mark on figure.company_id = mark.company_id and figure.period_end = mark.period_end and figure.family = mark.family
