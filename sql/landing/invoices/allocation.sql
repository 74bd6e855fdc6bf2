-- One row per settled invoice: its receipt clears it in full on the settled date.
select
  company_id, company_id || ':settled:' || row_key as allocation_id, 'payment' as kind,
  company_id || ':settled:' || row_key as from_payment_id, company_id || ':' || row_key as to_doc_id,
  currency as from_currency, abs(amount) as amount_from_doc, abs(amount) as amount_to_doc, abs(amount_local) as amount_local,
  settled_date as alloc_date, 'derived_reference' as origin, 'settled:' || row_key as source_key, line_no
from landing.entry
where settled_date is not null
