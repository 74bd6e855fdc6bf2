-- One row per entry that was to settle more than the two ends have left, or more than a list of open items calls settled of them (OPEN_MISMATCH: the list
-- is believed), and per told use of more than its source has: what was cut off, in the target's currency; and one per told use that takes back
-- one that was never told.
select
  batch_id, line_no, allocation_id as column_name, case when is_by_report then 'OPEN_MISMATCH' else 'ALLOC_OVER' end as reason_code,
  case when is_by_report then 'accept_warn' else 'repair' end as action, 1::bigint as count, amount_cut::varchar as raw_value
from entries.link
cross join params.ledger as setting
where amount_cut > setting.over_allocation_amount
union all
select batch_id, line_no, company_id || ':' || allocation_key, 'ALLOC_OVER', 'repair', 1::bigint, amount_cut::varchar
from entries.drawn
cross join params.ledger as setting
where amount_cut > setting.over_allocation_amount
union all
select batch_id, line_no, company_id || ':' || taking_key, 'ALLOC_TAKEN_BACK_UNKNOWN', 'accept_warn', 1::bigint, amount_to_doc::varchar
from entries.taken_back
where allocation_key is null
