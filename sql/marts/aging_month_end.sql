-- One row per month end, customer, document currency and bucket then open, back to the first posting as far as a setting says; the as-of date is no
-- month end of its own. open_doc in that currency, open_local in ledger currency, signed.
select
  item.period_end, item.company_id, item.customer_id, item.currency, item.bucket,
  count(*)::bigint as items,
  sum(item.open_doc)::decimal(18, 4) as open_doc,
  sum(item.open_local)::decimal(18, 4) as open_local
from marts.period_item as item
inner join marts.period as period
  on item.company_id = period.company_id and item.period_end = period.period_end and period.is_told and not period.is_as_of
group by item.period_end, item.company_id, item.customer_id, item.currency, item.bucket
