-- One row per concession of time, or of payment in parts, beyond whose last day (and some of grace, a setting) something was still open: of the document it was granted for, or of all that the
-- customer owed on the day it was granted and was due by its last day, documents with a concession of their own aside. Day granted (day), last day granted (other_day), days beyond it until all
-- was paid or the as-of date (measured), what was open then (amount_local, ledger currency), who approved it (word). subject: the document, else the concession. A sign (detectors/detector.py).
with granted as (
  select
    concession.company_id, concession.customer_id, concession.concession_id, concession.doc_id, concession.granted, concession.new_due, concession.approved_by,
    (concession.new_due + setting.concession_grace_days)::date as last_day, setting.amount_high, setting.overrun_days_high
  from core.concession as concession
  cross join params.anomaly_conduct as setting
  where concession.kind in ('deferral', 'instalments') and concession.granted <= getvariable('as_of') and concession.new_due + setting.concession_grace_days < getvariable('as_of')
),
own as (
  select distinct company_id, doc_id from core.concession where kind in ('deferral', 'instalments') and granted <= getvariable('as_of') and doc_id is not null
),
meant as (
  select granted.*, document.doc_id as debt_id, document.amount_doc, document.amount_local
  from granted
  inner join core.document as document
    on granted.company_id = document.company_id and granted.doc_id = document.doc_id and document.amount_doc > 0
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
  union all
  select granted.*, document.doc_id, document.amount_doc, document.amount_local
  from granted
  inner join core.document as document
    on granted.company_id = document.company_id and granted.customer_id = document.customer_id and document.amount_doc > 0 and document.counts_from <= granted.granted
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
  left join own on document.company_id = own.company_id and document.doc_id = own.doc_id
  where granted.doc_id is null and own.doc_id is null
),
overrun as (
  select
    meant.company_id, meant.customer_id, meant.concession_id, meant.doc_id, meant.granted, meant.new_due, meant.approved_by, meant.last_day, meant.amount_high, meant.overrun_days_high,
    sum(prorate(leaving.part_doc, meant.amount_local, meant.amount_doc))::decimal(18, 4) as open_local,
    case when bool_or(leaving.cause = 0) then null else max(coalesce(receipt.pay_date, leaving.exit_date)) end as paid_on
  from meant
  inner join core.instalment as instalment
    on meant.company_id = instalment.company_id and meant.debt_id = instalment.doc_id and coalesce(instalment.due_date_original <= meant.new_due, meant.doc_id is not null)
  inner join marts.instalment_exit as leaving
    on instalment.company_id = leaving.company_id and instalment.doc_id = leaving.doc_id and instalment.seq = leaving.seq
  left join core.allocation as allocation on leaving.company_id = allocation.company_id and leaving.allocation_id = allocation.allocation_id
  left join core.payment as receipt on allocation.company_id = receipt.company_id and allocation.from_payment_id = receipt.payment_id
  where leaving.cause = 0 or coalesce(receipt.pay_date, leaving.exit_date) > meant.last_day
  group by
    meant.company_id, meant.customer_id, meant.concession_id, meant.doc_id, meant.granted, meant.new_due, meant.approved_by, meant.last_day, meant.amount_high, meant.overrun_days_high
),
counted as (
  select *, date_diff('day', new_due, coalesce(paid_on, getvariable('as_of')))::integer as days from overrun
)
select
  company_id, customer_id, coalesce(doc_id, concession_id) as subject,
  'concession_overrun' || case when doc_id is null then '_account' else '' end || case when approved_by is null then '' else '_approved' end as code,
  case when open_local >= amount_high then 'high' when days >= overrun_days_high then 'medium' else 'low' end as severity,
  (last_day + 1)::date as seen_on, paid_on as until, concession_id as item_id, doc_id as other_id, granted as day, new_due as other_day,
  days::decimal(18, 4) as measured, null::decimal(18, 4) as usual, open_local as amount_local, approved_by as word, null::varchar as other_word
from counted
