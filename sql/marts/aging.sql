-- One row per customer, document currency and bucket with open items. open_doc in that currency, open_local in ledger currency, signed; disputed_doc and
-- disputed_local: how much of it is disputed; open_local_closing, revaluation_local and open_group: at closing rates, as in marts.open_item.
select
  getvariable('as_of') as as_of,
  company_id, customer_id, currency, bucket,
  count(*)::bigint as items,
  sum(open_doc)::decimal(18, 4) as open_doc,
  sum(open_local)::decimal(18, 4) as open_local,
  sum(disputed_doc)::decimal(18, 4) as disputed_doc,
  sum(disputed_local)::decimal(18, 4) as disputed_local,
  sum(open_local_closing)::decimal(18, 4) as open_local_closing,
  sum(revaluation_local)::decimal(18, 4) as revaluation_local,
  sum(open_group)::decimal(18, 4) as open_group
from marts.open_item
group by company_id, customer_id, currency, bucket
