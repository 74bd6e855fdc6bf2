-- One row per item of which the settlements known take more than the ERP calls settled, were it a cent: what it reports open and what is computed; and
-- one per batch and currency with settlements that stand outside the list and whose day nothing tells: how many and how much.
with item as (
  select
    company_id, entity, row_key, min(batch_id) as batch_id, min(line_no) as line_no, sum(open_doc)::decimal(18, 4) as open_doc,
    sum(excess_doc)::decimal(18, 4) as excess_doc
  from entries.rest
  where is_told
  group by company_id, entity, row_key
)
select
  batch_id, line_no, company_id || ':' || row_key as column_name, 'OPEN_MISMATCH' as reason_code, 'accept_warn' as action, 1::bigint as count,
  open_doc::varchar || ' reported, ' || (open_doc - excess_doc)::decimal(18, 4)::varchar || ' computed' as raw_value
from item
where excess_doc > 0
union all
select batch_id, null, 'settled_date', 'SETTLED_DAY_UNKNOWN', 'accept_warn', count(*)::bigint, sum(abs(amount_doc))::decimal(18, 4)::varchar || ' ' || currency
from entries.outside
where not has_day
group by batch_id, currency
