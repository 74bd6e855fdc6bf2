-- One row per row_key, entity and seq of entries.posted: the days by which the entry was told, as in entries.entry_told, and its header where one completes it.
with header as (
  select company_id, source_system, doc_key, min(told_on) as told_on, max(named_on) as named_on, max(open_on) as open_on
  from entries.entry_told
  where is_header
  group by company_id, source_system, doc_key
)
select
  posted.company_id, posted.entity, posted.row_key, posted.seq,
  max(greatest(told.told_on, coalesce(header.told_on, told.told_on))) as told_on, max(told.cleared_on) as cleared_on,
  max(greatest(told.named_on, coalesce(header.named_on, told.named_on))) as named_on,
  max(greatest(told.open_on, coalesce(header.open_on, told.open_on))) as open_on
from entries.posted as posted
inner join entries.entry_told as told
  on posted.company_id = told.company_id and posted.source_system = told.source_system and posted.entry_key = told.entry_key
left join header
  on posted.company_id = header.company_id and posted.source_system = header.source_system and posted.header_key = header.doc_key
group by posted.company_id, posted.entity, posted.row_key, posted.seq
