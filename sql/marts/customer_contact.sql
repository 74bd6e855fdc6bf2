-- One row per period end and customer contacted in the months before (a setting says how many), or with instalments that fell due in them and stayed open.
-- contact_days: days with a contact. regularity_index: from 0 (all together) to 1 (evenly spread), 0.5 as by chance; it is 1 / (1 + cv), (1 - B) / 2 of Goh and
-- Barabasi's burstiness B = (cv - 1) / (cv + 1), where cv is the standard deviation of the gaps between contacts over their mean. The time before the first
-- contact (from the customer's first posting, if later) and after the last is one gap, so that contacts bunched in one week never look even.
-- NULL with fewer contact days than a setting. contact_latency_days: from due to first contact, by amount; median by instalment; what is open without
-- a contact counts at the days since due, what was settled before anybody had to ask is left out. uncontacted_local: the former, ledger currency.
with contact as (
  select distinct company_id, customer_id, logged_at::date as day
  from core.collection_log
  where is_contact(entry_kind, channel)
),
begun as (
  select document.company_id, document.customer_id, min(document.counts_from) as first_day
  from core.document as document
  inner join (select distinct company_id, customer_id from contact) as known
    on document.company_id = known.company_id and document.customer_id = known.customer_id
  group by document.company_id, document.customer_id
),
seen as (
  select
    period.period_end, contact.company_id, contact.customer_id, contact.day,
    greatest(period.payments_after, begun.first_day - 1) as begins_after,
    lag(contact.day) over (partition by period.period_end, contact.company_id, contact.customer_id order by contact.day) as day_before
  from marts.period as period
  inner join contact on period.company_id = contact.company_id and contact.day > period.payments_after and contact.day <= period.period_end
  left join begun on contact.company_id = begun.company_id and contact.customer_id = begun.customer_id
),
ring as (
  select
    period_end, company_id, customer_id, count(*)::bigint as contact_days,
    date_diff('day', least(min(begins_after), min(day) - 1), period_end)::bigint as window_days,
    sum(power(date_diff('day', day_before, day)::double, 2)) as squares,
    date_diff('day', least(min(begins_after), min(day) - 1), min(day)) + date_diff('day', max(day), period_end)::bigint as closing_gap
  from seen
  group by period_end, company_id, customer_id
),
spread as (
  select
    period_end, company_id, customer_id, contact_days,
    sqrt(greatest((contact_days * (coalesce(squares, 0) + power(closing_gap, 2)))::double / power(window_days, 2) - 1, 0)) as cv
  from ring
),
measured as (
  select
    period.period_end, late.company_id, late.customer_id, late.amount_local,
    contact_latency(period.period_end, late.due_date, late.first_contact_on, late.open_until) as latency_days,
    coalesce(late.first_contact_on <= period.period_end, false) as is_contacted
  from marts.period as period
  inner join marts.overdue_instalment as late
    on period.company_id = late.company_id and late.due_date > period.payments_after and late.due_date < period.period_end
),
latency as (
  select
    period_end, company_id, customer_id,
    count(*)::bigint as measured_count,
    sum(amount_local::decimal(28, 4) * latency_days)::double / nullif(sum(amount_local), 0)::double as contact_latency_days,
    median(latency_days)::double as contact_latency_median_days,
    sum(case when is_contacted then 0 else amount_local end)::decimal(18, 4) as uncontacted_local
  from measured
  where latency_days is not null
  group by period_end, company_id, customer_id
)
select
  coalesce(spread.period_end, latency.period_end) as period_end,
  coalesce(spread.company_id, latency.company_id) as company_id,
  coalesce(spread.customer_id, latency.customer_id) as customer_id,
  coalesce(spread.contact_days, 0)::bigint as contact_days,
  case when spread.contact_days >= setting.contacts_min then (1::double / (1 + spread.cv))::decimal(9, 8) end as regularity_index,
  coalesce(latency.measured_count, 0)::bigint as measured_count,
  latency.contact_latency_days::decimal(26, 8) as contact_latency_days,
  latency.contact_latency_median_days::decimal(26, 8) as contact_latency_median_days,
  coalesce(latency.uncontacted_local, 0)::decimal(18, 4) as uncontacted_local
from spread
full join latency
  on spread.period_end = latency.period_end and spread.company_id = latency.company_id and spread.customer_id = latency.customer_id
cross join params.practice as setting
