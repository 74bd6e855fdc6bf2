-- One row per credit note of weight (settings) that names no invoice, order or return, gives no reason and is no benefit the customer was promised: on the day it was made. Only
-- of companies whose credit notes name what they correct as a rule. amount_local: ledger currency, positive; measured: its share of what the customer was invoiced in the twelve
-- months before.
with names as (
  select company_id
  from core.document
  where kind = 'credit_note' and counts_from is not null
  group by company_id
  having (count(ref_doc_id)::double / count(*)::double) >= 0.5
),
note as (
  select note.company_id, note.customer_id, note.doc_id, note.doc_date, note.counts_from, -note.amount_local as amount_local
  from names
  cross join params.anomaly_ledger as setting
  inner join core.document as note on names.company_id = note.company_id
  where note.kind = 'credit_note' and note.amount_local <= -setting.credit_note_amount_min and note.customer_id is not null
    and note.ref_doc_id is null and note.reverses_doc_id is null and note.order_no is null and note.reason_code is null
    and counts_on(getvariable('as_of'), note.counts_from, note.counts_until)
),
lined as (
  select distinct note.company_id, note.doc_id
  from note
  inner join core.document_line as line on note.company_id = line.company_id and note.doc_id = line.doc_id and coalesce(line.order_id, line.delivery_id) is not null
),
promised as (
  select distinct note.company_id, note.doc_id
  from note
  cross join params.anomaly_ledger as setting
  inner join core.benefit_ledger as benefit on note.company_id = benefit.company_id and note.customer_id = benefit.customer_id
  where abs(benefit.amount_local - note.amount_local) <= setting.same_amount_share * benefit.amount_local::decimal(28, 4)
    and abs(coalesce(benefit.paid, benefit.due, benefit.granted) - note.doc_date) <= setting.benefit_days
),
bought as (
  select note.company_id, note.doc_id, sum(invoice.amount_local) as invoiced_local
  from note
  inner join core.document as invoice
    on note.company_id = invoice.company_id and note.customer_id = invoice.customer_id and invoice.kind in ('invoice', 'debit_note')
    and invoice.doc_date > (note.doc_date - to_months(12))::date and invoice.doc_date <= note.doc_date
  where counts_on(getvariable('as_of'), invoice.counts_from, invoice.counts_until)
  group by note.company_id, note.doc_id
),
weighed as (
  select note.*, (note.amount_local::double / nullif(bought.invoiced_local, 0)) as share
  from note
  left join bought on note.company_id = bought.company_id and note.doc_id = bought.doc_id
  left join lined on note.company_id = lined.company_id and note.doc_id = lined.doc_id
  left join promised on note.company_id = promised.company_id and note.doc_id = promised.doc_id
  where lined.doc_id is null and promised.doc_id is null
)
select
  weighed.company_id, weighed.customer_id, weighed.doc_id as subject,
  case when weighed.share is null then 'credit_note_without_sales' else 'credit_note_without_origin' end as code,
  case when weighed.share is null or weighed.share >= 10 * setting.credit_note_share_min then 'medium' else 'low' end as severity,
  weighed.counts_from as seen_on, weighed.counts_from as until, weighed.doc_id as item_id, null::varchar as other_id, weighed.doc_date as day, null::date as other_day,
  weighed.share::decimal(18, 4) as measured, null::decimal(18, 4) as usual, weighed.amount_local::decimal(18, 4) as amount_local, null::varchar as word, null::varchar as other_word
from weighed
cross join params.anomaly_ledger as setting
where weighed.share is null or weighed.share >= setting.credit_note_share_min
