-- One row per batch and currency with opening balances left out because their earlier history is told: how many and, in raw_value, their sum; and one per
-- customer and day whose opening balance is another than what that history leaves.
select
  batch_id, null::bigint as line_no, 'kind' as column_name, 'OPENING_BALANCE_KNOWN' as reason_code, 'accept_warn' as action, count(*)::bigint as count,
  sum(amount_doc)::decimal(18, 4)::varchar || ' ' || currency as raw_value
from entries.opening
group by batch_id, currency
union all
select
  min(batch_id), min(line_no), customer_id, 'OPENING_BALANCE_DIFFERS', 'accept_warn', 1::bigint,
  sum(amount_doc)::decimal(18, 4)::varchar || ' told, ' || max(history_doc)::varchar || ' computed'
from entries.opening
cross join params.ledger as setting
where history_doc is not null
group by company_id, source_system, customer_id, currency, posted_on
having abs(sum(amount_doc) - max(history_doc)) > max(setting.over_allocation_amount)
