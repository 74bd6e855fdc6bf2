-- One row per settlement the list tells, or that a clearing, a group or a named document makes plain: amounts positive, each leg in its item's currency.
-- to_entity NULL: no such item is known. is_in_force: both ends count and pull apart, so that it takes from them from alloc_date until the day before voided_date.
with told as (
  select
    told.company_id, told.source_system, told.company_id || ':' || told.allocation_key as allocation_id,
    case
      when told.is_loss then told.kind
      when told.from_entity = 'write_off' then 'write_off'
      when told.to_side > 0 and told.from_side > 0 then 'bill_transfer'
      when told.kind is not null then told.kind
      when told.from_key is null then 'write_off'
      when 'payment' in (coalesce(told.to_entity, ''), coalesce(told.from_entity, 'payment')) then 'payment'
      else 'credit_note'
    end as kind,
    told.to_entity, coalesce(told.to_row_key, told.to_key) as to_row_key, told.to_seq, told.to_currency, told.from_entity,
    coalesce(told.from_row_key, told.from_key) as from_row_key, told.from_seq, told.from_currency, told.amount_to_doc, told.amount_from_doc, told.amount_local,
    told.discount_local, told.alloc_date, told.voided_date, 'source' as origin,
    told.batch_id, told.line_no, told.recorded_at, told.recorded_source, told.source_mode, told.extract_as_of, told.missing_since,
    told.to_side < 0 and not told.is_loss and coalesce(told.from_side < 0, false) as is_one_sided
  from entries.drawn as told
  where (told.group_key is null or told.to_entity is null) and (told.amount_to_doc > 0 or told.amount_cut = 0)
    and coalesce(told.to_entity <> told.from_entity or told.to_row_key <> told.from_row_key, true)
),
ended as (
  select * replace (
    case when not is_sourceless then coalesce(from_entity, case when kind = 'credit_note' then 'document' else 'payment' end) end as from_entity,
    case when not is_sourceless then coalesce(from_row_key, allocation_id) end as from_row_key
  ), from_entity is null and not is_sourceless as is_from_unknown
  from (select *, kind in ('write_off', 'waiver', 'discount', 'tolerance', 'fx_difference') as is_sourceless from told) as told
),
settlement as (
  select * exclude (is_sourceless) from ended
  union all by name
  select * exclude (amount_cut, is_by_report), 'derived_reference' as origin, false as is_one_sided from entries.link where amount_to_doc > 0
  union all by name
  select *, 'derived_reference' as origin, false as is_from_unknown, false as is_one_sided from entries.part_payment
  union all by name
  select *, 'derived_clearing' as origin, false as is_from_unknown, false as is_one_sided
  from entries.stretch
)
select
  settlement.* exclude (is_from_unknown, is_one_sided),
  settlement.to_entity is not null and not settlement.is_from_unknown and not settlement.is_one_sided
  and to_idle.row_key is null and from_idle.row_key is null as is_in_force
from settlement
left join entries.idle_item as to_idle
  on settlement.company_id = to_idle.company_id and settlement.to_entity = to_idle.entity and settlement.to_row_key = to_idle.row_key
left join entries.idle_item as from_idle
  on settlement.company_id = from_idle.company_id and settlement.from_entity = from_idle.entity and settlement.from_row_key = from_idle.row_key
