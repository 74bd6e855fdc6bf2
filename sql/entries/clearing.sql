-- One row per clearing: what its debits and credits come to, in document currency where it has only one, else in ledger currency.
-- Reversal pairs undo themselves and are left out.
select
  line.company_id, line.source_system, line.customer_id, line.customer, line.clearing_no, line.clearing_date,
  line.customer || '/' || line.clearing_no as lane_key,
  count(distinct line.currency)::bigint = 1 as is_one_currency, min(line.currency) as currency, min(line.local_currency) as local_currency,
  sum(case when line.side > 0 then line.amount_doc else 0 end)::decimal(18, 4) as debit,
  sum(case when line.side > 0 then 0 else -line.amount_doc end)::decimal(18, 4) as credit,
  sum(case when line.side > 0 then line.amount_local else 0 end)::decimal(18, 4) as debit_local,
  sum(case when line.side > 0 then 0 else -line.amount_local end)::decimal(18, 4) as credit_local,
  min(line.batch_id) as batch_id, min(line.line_no) as line_no, min(line.recorded_at) as recorded_at, min(line.recorded_source) as recorded_source,
  max(line.source_mode) as source_mode, max(line.extract_as_of) as extract_as_of,
  case when count(*)::bigint = count(line.missing_since)::bigint then max(line.missing_since) end as missing_since
from entries.posted as line
left join entries.idle_item as idle on line.company_id = idle.company_id and line.entity = idle.entity and line.row_key = idle.row_key
where line.is_cleared and not coalesce(idle.is_pair or idle.is_not_posted, false)
group by line.company_id, line.source_system, line.customer_id, line.customer, line.clearing_no, line.clearing_date
