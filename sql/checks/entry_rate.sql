-- One row per batch and currency whose entries told no ledger amount and took the rate of the day (count), and one per entry without any rate:
-- it is left out, with its amount in document currency.
with valued as (
  select told.batch_id, told.line_no, told.entry_key, told.currency, told.amount_doc, day.rate is not null as has_rate
  from entries.completed as told
  left join entries.rate_of_day as day on told.company_id = day.company_id and told.currency = day.currency and told.doc_date = day.day
  where told.amount_local is null and told.fault is null
)
select
  batch_id, null::bigint as line_no, 'amount_local' as column_name, 'FX_RATE_OF_DAY' as reason_code, 'repair' as action, count(*)::bigint as count,
  currency as raw_value
from valued
where has_rate
group by batch_id, currency
union all
select batch_id, line_no, 'amount_local', 'FX_MISSING', 'quarantine', 1::bigint, amount_doc::varchar || ' ' || currency
from valued
where not has_rate
