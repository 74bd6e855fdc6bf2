-- One row per receipt: its lines together. Positive is money in.
select
  company_id, company_id || ':' || row_key as payment_id, row_key as source_key, source_system,
  company_id || ':' || customer as customer_id, min(kind) as kind, 'posted' as state, min(coalesce(posting_date, doc_date)) as pay_date,
  currency, -sum(amount) as amount_doc, -sum(amount_local) as amount_local, min(text) as text, min(line_no) as line_no
from landing.posting
where entity = 'payment'
group by company_id, row_key, source_system, customer, currency
