-- One row per told use of one entry against another, with the items its two keys stand for (NULL: no entry known by that key). A key that several items
-- share stands for that of the other end's customer, else for the oldest; to_key for what raises the debt before what lowers it, from_key the other way round.
-- A list that replaces an older one tells what earlier uses left: they are none any more. The head of a group tells its day and whether it holds; a use of
-- a higher rank counts only where none of a lower one names its source.
with head as (
  select company_id, source_system, group_key, min(alloc_date) as alloc_date, min(voided_date) as voided_date
  from lake.entry_allocation
  where is_current and level = 'document'
  group by company_id, source_system, group_key
),
outranking as (
  select company_id, source_system, to_key as name, min(rank) as rank
  from lake.entry_allocation
  where is_current and coalesce(level, 'line') = 'line'
  group by company_id, source_system, to_key
),
told as (
  select allocation.* exclude (is_current, is_first, level, rank) replace (
    coalesce(head.alloc_date, allocation.alloc_date) as alloc_date, coalesce(allocation.voided_date, head.voided_date) as voided_date
  )
  from lake.entry_allocation as allocation
  left join head
    on allocation.company_id = head.company_id and allocation.source_system = head.source_system and allocation.group_key = head.group_key
  left join outranking
    on allocation.company_id = outranking.company_id and allocation.source_system = outranking.source_system and allocation.from_key = outranking.name
    and outranking.rank < allocation.rank
  left join entries.list_told as list
    on allocation.company_id = list.company_id and allocation.source_system = list.source_system and list.is_replacing
    and allocation.extract_as_of < list.extract_as_of
  where allocation.is_current and list.rank is null and outranking.name is null and coalesce(allocation.level, 'line') = 'line'
),
paired as (
  select
    told.company_id, told.source_system, told.allocation_key,
    debit.entity as to_entity, debit.row_key as to_row_key, credit.entity as from_entity, credit.row_key as from_row_key,
    row_number() over (
      partition by told.company_id, told.source_system, told.allocation_key
      order by debit.side - credit.side desc, debit.side desc, debit.posted_on, credit.posted_on, debit.row_key, credit.row_key
    )::bigint as place
  from told
  inner join entries.name as debit
    on told.company_id = debit.company_id and told.source_system = debit.source_system and told.to_key = debit.name
  inner join entries.name as credit
    on told.company_id = credit.company_id and told.source_system = credit.source_system and told.from_key = credit.name
    and debit.customer_id = credit.customer_id
  where (debit.is_ambiguous or credit.is_ambiguous) and (debit.entity <> credit.entity or debit.row_key <> credit.row_key)
)
select
  told.*,
  coalesce(paired.to_entity, debit.entity) as to_entity, coalesce(paired.to_row_key, debit.row_key) as to_row_key, debit.seq as to_entry_seq,
  coalesce(paired.from_entity, credit.entity) as from_entity, coalesce(paired.from_row_key, credit.row_key) as from_row_key,
  credit.seq as from_entry_seq
from told
left join entries.name as debit
  on told.company_id = debit.company_id and told.source_system = debit.source_system and told.to_key = debit.name and debit.debit_place = 1
left join entries.name as credit
  on told.company_id = credit.company_id and told.source_system = credit.source_system and told.from_key = credit.name and credit.credit_place = 1
left join paired
  on told.company_id = paired.company_id and told.source_system = paired.source_system and told.allocation_key = paired.allocation_key and paired.place = 1
