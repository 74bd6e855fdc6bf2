-- One row per customer, document currency and bucket with open items. open_doc in that currency, open_local in ledger currency, signed.
select
  getvariable('as_of') as as_of,
  company_id, customer_id, currency, bucket,
  count(*)::bigint as items,
  sum(open_doc)::decimal(18, 4) as open_doc,
  sum(open_local)::decimal(18, 4) as open_local
from marts.open_item
group by company_id, customer_id, currency, bucket
