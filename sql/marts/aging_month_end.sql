-- One row per month end, customer, document currency and bucket then open, back to the first posting as far as a setting says; the as-of date is no
-- month end of its own. open_doc in that currency, open_local in ledger currency, signed.
select
  period_end, company_id, customer_id, currency, bucket,
  count(*)::bigint as items,
  sum(open_doc)::decimal(18, 4) as open_doc,
  sum(open_local)::decimal(18, 4) as open_local
from marts.period_item
where period_end < getvariable('as_of')
group by period_end, company_id, customer_id, currency, bucket
