-- One row per customer and period end about whom something was said or happened in the twelve months before, as known by then: how often. promises: those that fell due,
-- broken_promises of them; excuses_*: excuses by what they say (settings tell it of each code); deferral_requests: to pay later or in parts; bounces: receipts that came back;
-- upstream_debtors: mentions of debtors of the customer's own; personal_contacts: visits and calls, unanswered: with nobody reached; payment_claims: "it is paid".
with said as (
  select
    company_id, customer_id, log_id, max(entry_kind) as entry_kind, max(excuse_code) as excuse_code, max(channel) as channel, max(logged_at::date) as day,
    min(recorded_day(recorded_at, extract_as_of)) as recorded_on
  from lake.collection_log
  group by company_id, customer_id, log_id
),
event as (
  select
    said.company_id, said.customer_id, greatest(said.day, said.recorded_on) as day,
    case said.entry_kind
      when 'excuse' then 'excuse'
      when 'deferral_request' then 'deferral'
      when 'instalment_request' then 'deferral'
      when 'upstream_debtor' then 'upstream'
      when 'soft_signal' then 'signal'
      when 'payment_claim' then 'claim'
      when 'attempt' then 'attempt'
    end as what,
    case when said.entry_kind = 'excuse' then kind.excuse_kind end as excuse_kind,
    said.entry_kind = 'attempt' or (said.channel in ('visit', 'call') and is_contact(said.entry_kind, said.channel)) as is_personal
  from said
  left join params.excuse_kind as kind on said.excuse_code = kind.excuse_code
  union all
  select company_id, customer_id, greatest(max(requested), min(recorded_day(recorded_at, extract_as_of))), 'deferral', null, false
  from lake.concession
  where kind in ('deferral', 'instalments') and requested is not null
  group by company_id, customer_id, concession_id
  union all
  select told.company_id, document.customer_id, greatest(max(told.opened), min(recorded_day(told.recorded_at, told.extract_as_of))), 'dispute', null, false
  from lake.dispute as told
  inner join core.document as document on told.company_id = document.company_id and told.doc_id = document.doc_id
  group by told.company_id, document.customer_id, told.dispute_id
  union all
  select company_id, customer_id, known_until, 'bounce', null, false
  from marts.behaviour_receipt
  where state = 'reversed' and known_until is not null
),
happened as (
  select
    period.period_end, event.company_id, event.customer_id,
    count(case when event.what = 'excuse' then 1 end)::bigint as excuses, count(case when event.what = 'deferral' then 1 end)::bigint as deferral_requests,
    count(case when event.what = 'upstream' then 1 end)::bigint as upstream_debtors, count(case when event.what = 'signal' then 1 end)::bigint as soft_signals,
    count(case when event.what = 'dispute' then 1 end)::bigint as disputes, count(case when event.what = 'bounce' then 1 end)::bigint as bounces,
    count(case when event.excuse_kind = 'no_money' then 1 end)::bigint as excuses_no_money, count(case when event.excuse_kind = 'own_debtor' then 1 end)::bigint as excuses_own_debtor,
    count(case when event.excuse_kind = 'absent' then 1 end)::bigint as excuses_absent, count(case when event.excuse_kind = 'procedure' then 1 end)::bigint as excuses_procedure,
    count(case when event.excuse_kind = 'our_fault' then 1 end)::bigint as excuses_our_fault, count(case when event.what = 'claim' then 1 end)::bigint as payment_claims,
    count(case when event.is_personal then 1 end)::bigint as personal_contacts, count(case when event.what = 'attempt' then 1 end)::bigint as unanswered
  from event
  inner join marts.period as period
    on event.company_id = period.company_id and period.is_told and event.day <= period.period_end and event.day + to_months(12) > period.period_end
  where event.what is not null or event.is_personal
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
  coalesce(happened.soft_signals, 0) as soft_signals, coalesce(happened.disputes, 0) as disputes, coalesce(happened.bounces, 0) as bounces,
  coalesce(happened.excuses_no_money, 0) as excuses_no_money, coalesce(happened.excuses_own_debtor, 0) as excuses_own_debtor,
  coalesce(happened.excuses_absent, 0) as excuses_absent, coalesce(happened.excuses_procedure, 0) as excuses_procedure, coalesce(happened.excuses_our_fault, 0) as excuses_our_fault,
  coalesce(happened.payment_claims, 0) as payment_claims, coalesce(happened.personal_contacts, 0) as personal_contacts, coalesce(happened.unanswered, 0) as unanswered
from happened
full join promised
  on happened.period_end = promised.period_end and happened.company_id = promised.company_id and happened.customer_id = promised.customer_id
