-- One row per company, metric and period end: how late money came in the months before (a setting says how many, the running one with them), each allocation
-- of money to an invoice weighing what it paid, ledger currency. days_to_pay_days: from the document; days_beyond_terms_days: from the due date, negative
-- where early; days_late_to_date_days: the same with what is overdue and open counted at the days it is late already, so that the unpaid are not forgotten.
with span as (
  select
    period.company_id, period.period_end,
    last_day((date_trunc('month', period.period_end) - to_months(setting.payment_months))::date) as begun
  from (
    select company_id, period_end from marts.period where not is_as_of
    union all
    select company_id, getvariable('as_of') from core.company
  ) as period
  cross join params.aging as setting
),
due as (
  select company_id, doc_id, seq, due_date, row_number() over (partition by company_id, doc_id order by due_date nulls last, seq)::bigint as place
  from core.instalment
),
paid as (
  select
    allocation.company_id, allocation.effective_from as day, allocation.effective_until, allocation.amount_local,
    date_diff('day', document.doc_date, allocation.effective_from) as days_to_pay,
    date_diff('day', due.due_date, allocation.effective_from) as days_late
  from core.allocation as allocation
  inner join core.document as document
    on allocation.company_id = document.company_id and allocation.to_doc_id = document.doc_id and document.amount_doc > 0
  left join due
    on document.company_id = due.company_id and document.doc_id = due.doc_id
    and case when allocation.to_seq is null then due.place = 1 else due.seq = allocation.to_seq end
  where allocation.from_payment_id is not null and allocation.effective_from is not null and allocation.amount_local > 0
),
weighed as (
  select
    span.company_id, span.period_end,
    sum(paid.amount_local::double) as paid_local, sum(paid.amount_local::double * paid.days_to_pay) as paid_days,
    sum(case when paid.days_late is not null then paid.amount_local::double end) as due_local, sum(paid.amount_local::double * paid.days_late) as due_days
  from span
  inner join paid
    on span.company_id = paid.company_id and paid.day > span.begun and counts_on(span.period_end, paid.day, paid.effective_until)
  group by span.company_id, span.period_end
),
late as (
  select company_id, period_end, sum(open_local::double) as open_local, sum(open_local::double * days_overdue) as open_days
  from marts.period_item
  where days_overdue > 0 and bucket <> 'unapplied'
  group by company_id, period_end
),
metric as (
  select unnest(['days_to_pay_days', 'days_beyond_terms_days', 'days_late_to_date_days']) as metric
)
select
  span.company_id, metric.metric, span.period_end,
  case metric.metric
    when 'days_to_pay_days' then paid_days::double / nullif(paid_local, 0)
    when 'days_beyond_terms_days' then due_days::double / nullif(due_local, 0)
    when 'days_late_to_date_days' then (coalesce(due_days, 0) + coalesce(open_days, 0))::double / nullif(coalesce(due_local, 0) + coalesce(late.open_local, 0), 0)
  end::decimal(26, 8) as value,
  'days' as unit
from span
left join weighed on span.company_id = weighed.company_id and span.period_end = weighed.period_end
left join late on span.company_id = late.company_id and span.period_end = late.period_end
cross join metric
