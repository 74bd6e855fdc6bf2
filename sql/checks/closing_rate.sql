-- One row per company and pair of currencies without the closing rate its open items need: their number and, in raw_value, the amount that has no value at
-- closing, or none in the reporting currency. Their booking values are published all the same.
with item as (
  select company_id, currency, local_currency, count(*)::bigint as items, sum(open_doc) as open_doc, sum(open_local) as open_local
  from marts.open_item
  group by company_id, currency, local_currency
)
select
  null::bigint as batch_id, null::bigint as line_no, rate.company_id || ' ' || rate.from_currency || '/' || rate.to_currency as column_name,
  'FX_CLOSING_MISSING' as reason_code, 'accept_warn' as action, sum(item.items)::bigint as count,
  sum(case when item.currency = rate.from_currency then item.open_doc else item.open_local end)::decimal(18, 4)::varchar || ' ' || rate.from_currency as raw_value
from marts.closing_rate as rate
inner join item
  on rate.company_id = item.company_id and (item.currency = rate.from_currency or item.local_currency = rate.from_currency)
where rate.rate is null
group by rate.company_id, rate.from_currency, rate.to_currency
