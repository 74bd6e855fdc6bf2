-- One row per allocation, told or made of entries, and one more of kind fx_difference where a file gave the difference as a column (parent_allocation_id).
-- Kinds that draw on nothing lose their source. amount_local: the money's value, discount included; on fx rows the signed difference.
with told as (
  select * exclude (is_current, is_first) from lake.allocation where is_current
  union all by name
  select * exclude (is_day_known) from entries.allocation
),
cleaned as (
  select
    * replace (
      case when kind in ('write_off', 'waiver', 'discount', 'tolerance', 'fx_difference') then null else from_payment_id end as from_payment_id,
      case when kind in ('write_off', 'waiver', 'discount', 'tolerance', 'fx_difference') then null else from_doc_id end as from_doc_id,
      case when source_mode = 'full' then least(voided_date, missing_since) else voided_date end as voided_date
    ),
    kind <> 'fx_difference' and fx_difference_local is not null as has_fx_column
  from told
),
fx_rows as (
  select * exclude (has_fx_column) replace (
    allocation_id || '#fx' as allocation_id,
    'fx_difference' as kind,
    null::varchar as from_payment_id,
    null::varchar as from_doc_id,
    null::decimal(18, 4) as amount_from_doc,
    0::decimal(18, 4) as amount_to_doc,
    fx_difference_local as amount_local,
    null::decimal(18, 4) as discount_local
  ), allocation_id as parent_allocation_id
  from cleaned
  where has_fx_column and fx_difference_local <> 0
)
select * exclude (has_fx_column) replace (
  case when has_fx_column then amount_local - fx_difference_local else amount_local end as amount_local
), null::varchar as parent_allocation_id, has_fx_column
from cleaned
union all by name
select *, true as has_fx_column from fx_rows
