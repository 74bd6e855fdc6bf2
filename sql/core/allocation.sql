-- One row per allocation in one form: cash, credits and losses at the money's value, fx differences in rows of their own (told, or derived where a
-- file tells none for the document). A bill that replaces an invoice (two documents that both raise what is owed) clears it and is not drawn on itself.
-- A told fx difference has one end only: it goes with the allocation it was told for, where that can be told (the only one of the same target and day).
-- discount_share: the part of the money's value, as told, that is a discount, a fraction of 1.
-- In effect from effective_from (NULL: never) until the day before effective_until (NULL: for good).
with paired as (
  select
    company_id, allocation_id,
    bool_or(not is_known or counts_from is null or item_sign = 0) as has_dead_end,
    bool_or(not is_known) as is_orphan,
    max(counts_from) as ends_from,
    min(counts_until) as ends_until,
    coalesce(min(item_sign) = max(item_sign), false) and count(*)::bigint > 1 as has_same_sign,
    max(case when side = 'to' then item_sign end) as item_sign,
    max(case when side = 'from' then currency end) as from_item_currency,
    max(case when side = 'to' then currency end) as to_currency,
    max(case when side = 'from' then leg_doc end) as from_leg_doc,
    max(case when side = 'to' then leg_doc end) as to_leg_doc,
    max(case when side = 'from' then abs(leg_local_signed) end) as from_leg_local,
    max(case when side = 'to' then abs(leg_local_signed) end) as to_leg_local
  from core.allocation_end
  group by company_id, allocation_id
),
tells_fx as (
  select distinct company_id, to_doc_id
  from staging.allocation
  where to_doc_id is not null and (has_fx_column or kind = 'fx_difference')
),
paired_up as (
  select
    told.*, paired.* exclude (company_id, allocation_id),
    paired.has_same_sign and told.kind = 'bill_transfer' and told.from_doc_id is not null and told.to_doc_id is not null as is_bill,
    tells_fx.to_doc_id is not null as has_told_fx,
    coalesce(told.discount_local::double / nullif(told.amount_local, 0)::double, 0) as discount_share
  from staging.allocation as told
  inner join paired on told.company_id = paired.company_id and told.allocation_id = paired.allocation_id
  left join tells_fx on told.company_id = tells_fx.company_id and told.to_doc_id = tells_fx.to_doc_id
),
dated as (
  select
    * exclude (has_fx_column, has_told_fx, source_mode, extract_as_of, missing_since, has_dead_end, has_same_sign, is_bill, ends_from, ends_until)
      replace (
        case when is_bill then 0 else from_leg_doc end as from_leg_doc,
        case when kind = 'bill_transfer' and not is_bill then 'netting' else kind end as kind
      ),
    has_same_sign and not is_bill as is_one_sided,
    case when not has_dead_end and not (has_same_sign and not is_bill) then greatest(alloc_date, ends_from) end as effective_from,
    least(voided_date, ends_until) as effective_until,
    not has_told_fx and from_leg_doc is not null and to_leg_local is not null and not is_bill as is_derived_fx
  from paired_up
),
parent as (
  select
    difference.company_id, difference.allocation_id,
    max(cause.allocation_id) as parent_allocation_id, max(cause.effective_from) as effective_from, max(cause.effective_until) as effective_until
  from dated as difference
  inner join dated as cause
    on difference.company_id = cause.company_id and difference.to_doc_id = cause.to_doc_id
    and difference.to_seq is not distinct from cause.to_seq and difference.alloc_date = cause.alloc_date
    and coalesce(difference.parent_allocation_id, cause.allocation_id) = cause.allocation_id
  where difference.kind = 'fx_difference' and cause.kind <> 'fx_difference'
  group by difference.company_id, difference.allocation_id
  having count(*) = 1
),
valued as (
  select dated.* exclude (is_derived_fx) replace (
    case when dated.is_derived_fx then dated.from_leg_local + coalesce(dated.discount_local, 0) else dated.amount_local end as amount_local,
    coalesce(parent.parent_allocation_id, dated.parent_allocation_id) as parent_allocation_id,
    case when parent.allocation_id is null then dated.effective_from else parent.effective_from end as effective_from,
    least(dated.effective_until, parent.effective_until) as effective_until
  ), dated.is_derived_fx
  from dated
  left join parent on dated.company_id = parent.company_id and dated.allocation_id = parent.allocation_id
)
select * exclude (is_derived_fx), batch_id as last_batch from valued
union all by name
select * exclude (is_derived_fx) replace (
  allocation_id || '#fx' as allocation_id,
  'fx_difference' as kind,
  null::varchar as from_payment_id, null::varchar as from_doc_id, null::decimal(18, 4) as amount_from_doc,
  0::decimal(18, 4) as amount_to_doc, 0::decimal(18, 4) as to_leg_doc, null::decimal(18, 4) as from_leg_doc,
  (to_leg_local - amount_local)::decimal(18, 4) as amount_local,
  null::decimal(18, 4) as discount_local, 0::double as discount_share, allocation_id as parent_allocation_id
), batch_id as last_batch
from valued
where is_derived_fx and to_leg_local <> amount_local
