-- One row per customer and period end about whom something was said or happened in the twelve months before, as known by then: how often. promises: those that fell due,
-- broken_promises of them; deferral_requests: to pay later or in parts; bounces: receipts that came back; upstream_debtors: mentions of debtors of the customer's own.
with said as (
  select
    company_id, customer_id, log_id, max(entry_kind) as entry_kind, max(logged_at::date) as day, min(recorded_day(recorded_at, extract_as_of)) as recorded_on
  from lake.collection_log
  group by company_id, customer_id, log_id
),
event as (
  select
    company_id, customer_id, greatest(day, recorded_on) as day,
    case entry_kind
      when 'excuse' then 'excuse'
      when 'deferral_request' then 'deferral'
      when 'instalment_request' then 'deferral'
      when 'upstream_debtor' then 'upstream'
      when 'soft_signal' then 'signal'
    end as what
  from said
  union all
  select company_id, customer_id, greatest(max(requested), min(recorded_day(recorded_at, extract_as_of))), 'deferral'
  from lake.concession
  where kind in ('deferral', 'instalments') and requested is not null
  group by company_id, customer_id, concession_id
  union all
  select told.company_id, document.customer_id, greatest(max(told.opened), min(recorded_day(told.recorded_at, told.extract_as_of))), 'dispute'
  from lake.dispute as told
  inner join core.document as document on told.company_id = document.company_id and told.doc_id = document.doc_id
  group by told.company_id, document.customer_id, told.dispute_id
  union all
  select company_id, customer_id, known_until, 'bounce'
  from marts.behaviour_receipt
  where state = 'reversed' and known_until is not null
),
happened as (
  select
    period.period_end, event.company_id, event.customer_id,
    count(case when event.what = 'excuse' then 1 end)::bigint as excuses, count(case when event.what = 'deferral' then 1 end)::bigint as deferral_requests,
    count(case when event.what = 'upstream' then 1 end)::bigint as upstream_debtors, count(case when event.what = 'signal' then 1 end)::bigint as soft_signals,
    count(case when event.what = 'dispute' then 1 end)::bigint as disputes, count(case when event.what = 'bounce' then 1 end)::bigint as bounces
  from event
  inner join marts.period as period
    on event.company_id = period.company_id and period.is_told and event.day <= period.period_end and event.day + to_months(12) > period.period_end
  where event.what is not null
  group by period.period_end, event.company_id, event.customer_id
),
promised as (
  select period_end, company_id, customer_id, count(*)::bigint as promises, count(case when not is_kept then 1 end)::bigint as broken_promises
  from marts.behaviour_promise
  group by period_end, company_id, customer_id
)
select
  coalesce(happened.period_end, promised.period_end) as period_end, coalesce(happened.company_id, promised.company_id) as company_id,
  coalesce(happened.customer_id, promised.customer_id) as customer_id,
  coalesce(promised.promises, 0) as promises, coalesce(promised.broken_promises, 0) as broken_promises,
  coalesce(happened.excuses, 0) as excuses, coalesce(happened.deferral_requests, 0) as deferral_requests, coalesce(happened.upstream_debtors, 0) as upstream_debtors,
  coalesce(happened.soft_signals, 0) as soft_signals, coalesce(happened.disputes, 0) as disputes, coalesce(happened.bounces, 0) as bounces
from happened
full join promised
  on happened.period_end = promised.period_end and happened.company_id = promised.company_id and happened.customer_id = promised.customer_id
