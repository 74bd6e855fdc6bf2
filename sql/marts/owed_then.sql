-- One row per customer and day that detectors ask about, up to the as-of date: owed_local, what it owed on that day by what is known now (credits and receipts left aside, ledger currency,
-- positive); 0 where it owed nothing.
with asked as (
  select company_id, customer_id, day from marts.event_told
  union
  select company_id, customer_id, owed_on from marts.confirmation_missed
  union
  select company_id, customer_id, getvariable('as_of') from marts.confirmation_missed
),
debt as (
  select document.company_id, document.customer_id, document.doc_id, document.counts_from, document.amount_doc, document.amount_local
  from core.document as document
  inner join (select distinct company_id, customer_id from asked) as customer
    on document.company_id = customer.company_id and document.customer_id = customer.customer_id and document.amount_doc > 0
),
part as (
  select
    debt.company_id, debt.customer_id, debt.counts_from, case when leaving.cause <> 0 then leaving.exit_date end as exit_date,
    prorate(leaving.part_doc, debt.amount_local, debt.amount_doc) as part_local
  from debt
  inner join marts.instalment_exit as leaving on debt.company_id = leaving.company_id and debt.doc_id = leaving.doc_id
)
select asked.company_id, asked.customer_id, asked.day, coalesce(sum(part.part_local), 0)::decimal(18, 4) as owed_local
from asked
left join part
  on asked.company_id = part.company_id and asked.customer_id = part.customer_id and counts_on(asked.day, part.counts_from, part.exit_date)
group by asked.company_id, asked.customer_id, asked.day
