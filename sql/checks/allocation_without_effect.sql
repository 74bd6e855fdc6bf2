-- One row per allocation that can never take effect as told: an end the exports do not hold, ends that pull the same way, or more taken than there is.
select
  batch_id, line_no, allocation_id as column_name,
  case when is_orphan then 'REF_ORPHAN_ALLOC' else 'ALLOC_ONE_SIDED' end as reason_code,
  'accept_warn' as action, 1::bigint as count, amount_to_doc::varchar as raw_value
from core.allocation
where is_orphan or is_one_sided
union all
select allocation.batch_id, allocation.line_no, allocation.allocation_id, 'ALLOC_OVER', 'quarantine', 1::bigint, allocation.amount_to_doc::varchar
from marts.allocation_refused as refused
inner join core.allocation as allocation
  on refused.company_id = allocation.company_id and refused.allocation_id = allocation.allocation_id
where refused.period_end = getvariable('as_of')
