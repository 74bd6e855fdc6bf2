-- One row per settled invoice: the receipt its settled date stands for, of its whole amount (negative where a credit note was paid out).
select
  company_id, company_id || ':settled:' || row_key as payment_id, 'settled:' || row_key as source_key, source_system,
  company_id || ':' || customer as customer_id, 'receipt' as kind, 'posted' as state,
  settled_date as pay_date, currency, amount as amount_doc, amount_local, line_no
from landing.entry
where settled_date is not null
