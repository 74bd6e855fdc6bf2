-- One row per allocation of entries.allocation, and per use that is part of one: the day by which what makes it had been told. Of a told use its own day; of a clearing the day both ends were
-- told with it; of a named document the day both were told, the one with that name; of what the ERP calls settled the day both ends were told so.
with used as (
  select company_id, source_system, allocation_key, min(recorded_day(recorded_at, extract_as_of)) as told_on
  from lake.entry_allocation
  group by company_id, source_system, allocation_key
),
settlement as (
  select company_id, allocation_id, origin, alloc_date, to_entity, to_row_key, to_seq, from_entity, from_row_key, from_seq from entries.settled
  union all
  select company_id, allocation_id, 'derived_fifo', alloc_date, to_entity, to_row_key, to_seq, from_entity, from_row_key, null from entries.rest_stretch
  union all
  select
    company_id, company_id || ':rest/' || of_row_key || '/' || of_seq || '/outside', 'derived_fifo', posted_on, of_entity, of_row_key, of_seq, null, null, null
  from entries.outside
  where of_row_key is not null
),
leg as (
  select company_id, allocation_id, origin, alloc_date, to_entity as entity, to_row_key as row_key, to_seq as seq from settlement where origin <> 'source'
  union all
  select company_id, allocation_id, origin, alloc_date, from_entity, from_row_key, from_seq from settlement where origin <> 'source' and from_entity is not null
  union all
  -- a write-off that names its debt is no item, so that it is no end
  select company_id, company_id || ':ref:' || row_key || '/' || seq, 'derived_reference', posted_on, entity, row_key, seq
  from entries.posted
  where entity = 'write_off'
),
grouped as (
  select drawn.company_id, drawn.to_entity as entity, drawn.to_row_key as row_key, drawn.alloc_date, max(used.told_on) as told_on
  from entries.drawn as drawn
  inner join used
    on drawn.company_id = used.company_id and drawn.source_system = used.source_system and drawn.allocation_key = used.allocation_key
  where drawn.group_key is not null
  group by drawn.company_id, drawn.to_entity, drawn.to_row_key, drawn.alloc_date
),
day as (
  select company_id, company_id || ':' || allocation_key as allocation_id, told_on from used
  union all
  select
    leg.company_id, leg.allocation_id,
    case leg.origin when 'derived_clearing' then item.cleared_on when 'derived_reference' then item.named_on else item.open_on end
  from leg
  inner join entries.item_told as item
    on leg.company_id = item.company_id and leg.entity = item.entity and leg.row_key = item.row_key and coalesce(leg.seq, item.seq) = item.seq
  union all
  select leg.company_id, leg.allocation_id, grouped.told_on
  from leg
  inner join grouped
    on leg.company_id = grouped.company_id and leg.entity = grouped.entity and leg.row_key = grouped.row_key and grouped.alloc_date <= leg.alloc_date
  where leg.origin = 'derived_clearing'
)
select company_id, allocation_id, max(told_on) as told_on
from day
group by company_id, allocation_id
