-- One row per debt for which time, or payment in parts, was granted and that was still open after the last day granted (and some of grace, a setting): day granted (day), last day granted
-- (other_day), days beyond it until it was paid or the as-of date (measured), what was open then (amount_local, ledger currency), who approved it (word). subject: the document. A sign
-- (detectors/detector.py).
with granted as (
  select
    concession.company_id, concession.customer_id, concession.concession_id, concession.doc_id, concession.kind, concession.granted, concession.new_due, concession.approved_by,
    (concession.new_due + setting.concession_grace_days)::date as last_day, document.amount_doc, document.amount_local, setting.amount_high, setting.overrun_days_high
  from core.concession as concession
  cross join params.anomaly_conduct as setting
  inner join core.document as document
    on concession.company_id = document.company_id and concession.doc_id = document.doc_id and document.amount_doc > 0
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
  where concession.kind in ('deferral', 'instalments') and concession.granted <= getvariable('as_of') and concession.new_due + setting.concession_grace_days < getvariable('as_of')
),
overrun as (
  select
    granted.*, sum(prorate(leaving.part_doc, granted.amount_local, granted.amount_doc))::decimal(18, 4) as open_local,
    case when bool_or(leaving.cause = 0) then null else max(coalesce(receipt.pay_date, leaving.exit_date)) end as paid_on
  from granted
  inner join core.instalment as instalment
    on granted.company_id = instalment.company_id and granted.doc_id = instalment.doc_id and coalesce(instalment.due_date_original <= granted.new_due, true)
  inner join marts.instalment_exit as leaving
    on instalment.company_id = leaving.company_id and instalment.doc_id = leaving.doc_id and instalment.seq = leaving.seq
  left join core.allocation as allocation on leaving.company_id = allocation.company_id and leaving.allocation_id = allocation.allocation_id
  left join core.payment as receipt on allocation.company_id = receipt.company_id and allocation.from_payment_id = receipt.payment_id
  where leaving.cause = 0 or coalesce(receipt.pay_date, leaving.exit_date) > granted.last_day
  group by
    granted.company_id, granted.customer_id, granted.concession_id, granted.doc_id, granted.kind, granted.granted, granted.new_due, granted.approved_by, granted.last_day,
    granted.amount_doc, granted.amount_local, granted.amount_high, granted.overrun_days_high
),
counted as (
  select *, date_diff('day', new_due, coalesce(paid_on, getvariable('as_of')))::integer as days from overrun
)
select
  company_id, customer_id, doc_id as subject, case when approved_by is null then 'concession_overrun' else 'concession_overrun_approved' end as code,
  case when open_local >= amount_high then 'high' when days >= overrun_days_high then 'medium' else 'low' end as severity,
  (last_day + 1)::date as seen_on, paid_on as until, concession_id as item_id, doc_id as other_id, granted as day, new_due as other_day,
  days::decimal(18, 4) as measured, null::decimal(18, 4) as usual, open_local as amount_local, approved_by as word, null::varchar as other_word
from counted
