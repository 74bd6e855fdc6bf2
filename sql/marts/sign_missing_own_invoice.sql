-- One row per debt that is due and for which we have not issued the tax invoice that the contract or the document itself asks for, some days (a setting) after it was made: from
-- the first day on which that was so until the tax invoice was issued or the debt settled. Only of companies that tell when they issue them. day: the document's; other_day: its
-- first due date; measured: days since it was made; amount_local: ledger currency, positive. One subject for what a customer's documents show in a row.
with tells as (
  select distinct company_id from core.document where tax_invoice_date is not null
),
asked as (
  select
    document.company_id, document.customer_id, document.doc_id, document.doc_date, document.counts_from, document.counts_until, document.tax_invoice_date, document.amount_local
  from tells
  inner join core.document as document on tells.company_id = document.company_id
  cross join params.anomaly_ledger as setting
  left join core.contract as contract
    on document.company_id = contract.company_id and document.customer_id = contract.customer_id and list_has_any(contract.requires, setting.tax_invoice_papers)
    and coalesce(contract.valid_from, document.doc_date) <= document.doc_date and coalesce(contract.valid_to, document.doc_date) >= document.doc_date
  where document.kind in ('invoice', 'debit_note') and document.amount_doc > 0 and document.customer_id is not null and document.counts_from <= getvariable('as_of')
    and (document.tax_invoice_kind is not null or contract.contract_id is not null)
    and coalesce(document.tax_invoice_date - document.doc_date > setting.tax_invoice_days, true)
  group by
    document.company_id, document.customer_id, document.doc_id, document.doc_date, document.counts_from, document.counts_until, document.tax_invoice_date, document.amount_local
),
due as (
  select asked.company_id, asked.doc_id, min(instalment.due_date) as first_due
  from asked
  inner join core.instalment as instalment on asked.company_id = instalment.company_id and asked.doc_id = instalment.doc_id
  group by asked.company_id, asked.doc_id
),
closing as (
  select asked.company_id, asked.doc_id, case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end as settled_on
  from asked
  inner join marts.instalment_exit as leaving on asked.company_id = leaving.company_id and asked.doc_id = leaving.doc_id
  group by asked.company_id, asked.doc_id
),
waiting as (
  select
    asked.*, due.first_due, greatest(due.first_due, asked.doc_date + setting.tax_invoice_days + 1, asked.counts_from) as seen_on,
    least(asked.tax_invoice_date, closing.settled_on, asked.counts_until) as ended_on
  from asked
  cross join params.anomaly_ledger as setting
  inner join due on asked.company_id = due.company_id and asked.doc_id = due.doc_id and due.first_due is not null
  left join closing on asked.company_id = closing.company_id and asked.doc_id = closing.doc_id
),
story as (
  select
    waiting.* replace (case when ended_on <= getvariable('as_of') then ended_on end as ended_on),
    case when seen_on - lag(seen_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from waiting
  cross join params.anomaly_ledger as setting
  where seen_on <= getvariable('as_of') and (ended_on is null or ended_on > seen_on)
  window in_turn as (partition by company_id, customer_id order by seen_on, doc_id)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by seen_on, doc_id rows unbounded preceding) as episode from story
)
select
  company_id, customer_id, first_value(doc_id) over (partition by company_id, customer_id, episode order by seen_on, doc_id) as subject, 'missing_own_invoice' as code,
  null::varchar as severity, seen_on, sign_until(ended_on, seen_on) as until, doc_id as item_id, null::varchar as other_id, doc_date as day, first_due as other_day,
  date_diff('day', doc_date, coalesce(sign_until(ended_on, seen_on), getvariable('as_of')))::decimal(18, 4) as measured, null::decimal(18, 4) as usual,
  amount_local::decimal(18, 4) as amount_local, null::varchar as word, null::varchar as other_word
from told_in
