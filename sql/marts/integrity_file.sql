-- One row per customer of a company that keeps integrity files, at the as-of date: how complete its file is (fields with a value over all fields, a share of 1; a share per part),
-- how many of its fields are stale, and which controls apply. stage: file before the first delivery on credit, statements after it. credit_from: that day, NULL before:
-- the first invoice that fell due after its date, debt from before the ledger, or delivery not invoiced as due at once, as known by then and not undone.
with held as (
  select
    company_id, customer_id,
    count(*)::bigint as fields, count(value)::bigint as filled,
    count(case when part = 'basic' then 1 end)::bigint as basic_fields, count(case when part = 'basic' then value end)::bigint as basic_filled,
    count(case when part = 'operating' then 1 end)::bigint as operating_fields, count(case when part = 'operating' then value end)::bigint as operating_filled,
    count(case when part = 'payment' then 1 end)::bigint as payment_fields, count(case when part = 'payment' then value end)::bigint as payment_filled,
    count(case when is_stale then 1 end)::bigint as stale_fields
  from marts.integrity_field
  group by company_id, customer_id
),
keeping as (
  select distinct company_id from held
),
due as (
  select company_id, doc_id, max(due_date) as due_date from core.instalment group by company_id, doc_id
),
debt as (
  select
    document.company_id, document.customer_id, document.doc_id, document.doc_date,
    coalesce(due.due_date > document.doc_date, false) or document.kind = 'opening_balance' as is_on_credit,
    coalesce(known.known_from, document.counts_from) as known_from, coalesce(known.known_until, document.counts_until) as known_until
  from keeping
  inner join core.document as document on keeping.company_id = document.company_id and is_debt(document.kind, document.amount_doc) and document.counts_from is not null
  left join due on document.company_id = due.company_id and document.doc_id = due.doc_id
  left join marts.behaviour_document as known on document.company_id = known.company_id and document.doc_id = known.doc_id
),
delivered as (
  select delivery.company_id, delivery.customer_id, delivery.doc_id, coalesce(delivery.ship_date, delivery.delivered_date) as day
  from keeping
  inner join core.delivery as delivery on keeping.company_id = delivery.company_id and coalesce(delivery.status, 'shipped') in ('shipped', 'delivered')
  inner join (
    select company_id, delivery_id, min(recorded_day(recorded_at, extract_as_of)) as recorded_on from lake.delivery group by company_id, delivery_id
  ) as first on delivery.company_id = first.company_id and delivery.delivery_id = first.delivery_id and first.recorded_on <= getvariable('as_of')
),
credit as (
  select company_id, customer_id, doc_date as day
  from debt
  where is_on_credit and known_from <= getvariable('as_of') and (known_until is null or known_until > getvariable('as_of'))
  union all
  select delivered.company_id, delivered.customer_id, delivered.day
  from delivered
  left join debt on delivered.company_id = debt.company_id and delivered.doc_id = debt.doc_id
  where coalesce(debt.is_on_credit, true) and delivered.day <= getvariable('as_of')
),
begun as (
  select company_id, customer_id, min(day) as credit_from from credit group by company_id, customer_id
)
select
  getvariable('as_of') as as_of, held.company_id, held.customer_id,
  held.basic_filled::double / held.basic_fields as basic_completeness, held.operating_filled::double / held.operating_fields as operating_completeness,
  held.payment_filled::double / held.payment_fields as payment_completeness, held.filled::double / held.fields as completeness,
  held.stale_fields, begun.credit_from, case when begun.credit_from is null then 'file' else 'statements' end as stage
from held
left join begun on held.company_id = begun.company_id and held.customer_id = begun.customer_id
