-- One row per company, metric and period end: how late money came in the months before (a setting says how many, the running one with them), each allocation
-- of money to an invoice weighing what it paid, ledger currency. days_to_pay: from the document; days_beyond_terms: from the due date, negative
-- where early; days_late_after_grace: the same, where days of grace and up to the next business day do not count; days_late_to_date: with what is overdue
-- and open counted at the days it is late already, so that the unpaid are not forgotten; overdue_after_grace_percent: of what is owed, what is open
-- past its grace. note weekends_only: of the company's country no public holidays are known.
with weighed as (
  select
    period.company_id, period.period_end,
    sum(paid.amount_local) as paid_local, sum(paid.amount_local::decimal(28, 4) * paid.days_to_pay) as paid_days,
    sum(case when paid.days_late is not null then paid.amount_local end) as due_local, sum(paid.amount_local::decimal(28, 4) * paid.days_late) as due_days,
    sum(paid.amount_local::decimal(28, 4) * paid.days_late_after_grace) as graced_days
  from marts.period as period
  inner join marts.payment_part as paid
    on period.company_id = paid.company_id and paid.effective_from > period.payments_after
    and counts_on(period.period_end, paid.effective_from, paid.effective_until)
  left join marts.allocation_refused as refused
    on period.period_end = refused.period_end and paid.company_id = refused.company_id and paid.allocation_id = refused.allocation_id
  where refused.allocation_id is null and period.is_told
  group by period.company_id, period.period_end
),
late as (
  select
    item.company_id, item.period_end,
    sum(item.open_local) as owed_local,
    sum(case when is_overdue(item.bucket, item.days_overdue) then item.open_local end) as open_local,
    sum(case when is_overdue(item.bucket, item.days_overdue) then item.open_local::decimal(28, 4) * item.days_overdue end) as open_days,
    sum(case when days_late_after_grace(item.period_end, item.due_date, calendar.grace_until) > 0 then item.open_local else 0 end) as graced_local
  from marts.period_item as item
  left join params.business_day as calendar on item.company_id = calendar.company_id and item.due_date = calendar.day
  where item.bucket <> 'unapplied'
  group by item.company_id, item.period_end
),
metric as (
  select unnest(['days_to_pay', 'days_beyond_terms', 'days_late_after_grace', 'days_late_to_date', 'overdue_after_grace_percent']) as metric
)
select
  period.company_id, metric.metric, period.period_end,
  case metric.metric
    when 'days_to_pay' then paid_days::double / nullif(paid_local, 0)
    when 'days_beyond_terms' then due_days::double / nullif(due_local, 0)
    when 'days_late_after_grace' then graced_days::double / nullif(due_local, 0)
    when 'days_late_to_date' then (coalesce(due_days, 0) + coalesce(open_days, 0))::double / nullif(coalesce(due_local, 0) + coalesce(late.open_local, 0), 0)
    when 'overdue_after_grace_percent' then coalesce(100 * (graced_local::double / nullif(owed_local, 0)), 0)
  end::decimal(26, 8) as value,
  case when metric.metric like '%_percent' then 'percent' else 'days' end as unit,
  case when metric.metric like '%_after_grace%' and not coalesce(calendar.has_holidays, false) then 'weekends_only' end as note
from marts.period as period
left join weighed on period.company_id = weighed.company_id and period.period_end = weighed.period_end
left join late on period.company_id = late.company_id and period.period_end = late.period_end
left join params.calendar as calendar on period.company_id = calendar.company_id
cross join metric
where period.is_told
