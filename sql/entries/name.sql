-- One row per key that something refers to and item it may stand for. A key is that of an entry (then seq is the entry's), else of a document, else a
-- document's number; that of an opening balance left out stands for the debt it carries on. debit_place, credit_place: the item's turn where the key is
-- not unique: debits or credits first, then the oldest.
with referred as (
  select company_id, source_system, to_key as name from lake.entry_allocation where is_current and to_key is not null
  union
  select company_id, source_system, from_key from lake.entry_allocation where is_current and from_key is not null
  union
  select company_id, source_system, applies_to from entries.posted where applies_to is not null
  union
  select company_id, source_system, ref_key from entries.posted where ref_key is not null
  union
  select company_id, source_system, reverses_key from entries.posted where reverses_key is not null
  union
  select company_id, source_system, reversed_by_key from entries.posted where reversed_by_key is not null
),
entry as (
  select referred.*, 1 as level, told.entity, told.row_key, told.seq
  from entries.posted as told
  inner join referred on told.company_id = referred.company_id and told.source_system = referred.source_system and told.entry_key = referred.name
),
no_entry as (
  select referred.*
  from referred
  left join entry on referred.company_id = entry.company_id and referred.source_system = entry.source_system and referred.name = entry.name
  where entry.name is null
),
document as (
  select distinct no_entry.*, 2 as level, told.entity, told.row_key, null::integer as seq
  from entries.posted as told
  inner join no_entry
    on told.company_id = no_entry.company_id and told.source_system = no_entry.source_system and told.doc_key = no_entry.name
  union
  select distinct no_entry.*, 2, told.entity, told.row_key, null::integer
  from entries.posted as told
  inner join no_entry
    on told.company_id = no_entry.company_id and told.source_system = no_entry.source_system and told.header_key = no_entry.name
  where told.header_key <> told.doc_key
),
no_document as (
  select no_entry.*
  from no_entry
  left join document
    on no_entry.company_id = document.company_id and no_entry.source_system = document.source_system and no_entry.name = document.name
  where document.name is null
),
carried_on as (
  select distinct referred.*, case when referred.name = opening.entry_key then 1 else 2 end as level, told.entity, told.row_key, told.seq
  from entries.opening as opening
  inner join referred
    on opening.company_id = referred.company_id and opening.source_system = referred.source_system
    and referred.name in (opening.entry_key, opening.doc_key)
  inner join entries.posted as told
    on opening.company_id = told.company_id and opening.known_system = told.source_system and opening.known_key = told.entry_key
),
named as (
  select * from entry
  union all
  select * from carried_on
  union all
  select * from document
  union all
  select distinct no_document.*, 3, told.entity, told.row_key, null::integer
  from entries.posted as told
  inner join no_document
    on told.company_id = no_document.company_id and told.source_system = no_document.source_system and told.doc_no = no_document.name
)
select
  named.*, item.side, item.customer_id, item.posted_on,
  row_number() over (
    partition by named.company_id, named.source_system, named.name order by item.side desc, item.posted_on, named.row_key, named.entity
  )::bigint as debit_place,
  row_number() over (
    partition by named.company_id, named.source_system, named.name order by item.side, item.posted_on, named.row_key, named.entity
  )::bigint as credit_place,
  count(*) over (partition by named.company_id, named.source_system, named.name)::bigint > 1 as is_ambiguous
from named
inner join entries.item as item on named.company_id = item.company_id and named.entity = item.entity and named.row_key = item.row_key
