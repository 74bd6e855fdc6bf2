-- One row per company, series and day, back as many months as a setting says: how much was posted that counts (events). Series: clearing (allocations to
-- an item), receipt, document, and of documents each currency and each kind (subject says which); extract: files told of the company on that day.
with bounds as (
  select (date_trunc('month', getvariable('as_of')) - to_months(history_months))::date as first_day from params.completeness
),
document as (
  select document.company_id, document.counts_from as day, document.currency, document.kind, count(*)::bigint as events
  from core.document as document
  cross join bounds
  where document.counts_from between bounds.first_day and getvariable('as_of')
  group by document.company_id, document.counts_from, document.currency, document.kind
),
clearing as (
  select allocation.company_id, allocation.effective_from as day, count(*)::bigint as events
  from core.allocation as allocation
  cross join bounds
  where allocation.effective_from between bounds.first_day and getvariable('as_of') and allocation.kind not in ('fx_difference', 'tolerance')
  group by allocation.company_id, allocation.effective_from
),
receipt as (
  select payment.company_id, payment.counts_from as day, count(*)::bigint as events
  from core.payment as payment
  cross join bounds
  where payment.counts_from between bounds.first_day and getvariable('as_of')
  group by payment.company_id, payment.counts_from
),
extract_day as (
  select batch.company_id, batch.extract_as_of as day, count(*)::bigint as events
  from lake.batch as batch
  cross join bounds
  where batch.company_id is not null and batch.extract_as_of between bounds.first_day and getvariable('as_of') and batch.source_mode <> 'report'
  group by batch.company_id, batch.extract_as_of
),
told as (
  select company_id, 'clearing' as series, 'clearing' as subject, day, events from clearing
  union all
  select company_id, 'receipt', 'receipt', day, events from receipt
  union all
  select company_id, 'document', 'document', day, events from document
  union all
  select company_id, 'currency', currency, day, events from document
  union all
  select company_id, 'kind', kind, day, events from document
  union all
  select company_id, 'extract', 'extract', day, events from extract_day
)
select company_id, series, subject, day, sum(events)::bigint as events
from told
group by company_id, series, subject, day
