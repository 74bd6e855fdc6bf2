-- One row per batch and currency whose entries are left aside because another list of the same company and system counts (of a lower rank).
-- raw_value: the sum of their amounts.
with lowest as (
  select company_id, source_system, min(rank) as rank
  from lake.entry
  where is_current and (level = 'line' or amount_doc is not null or amount_local is not null)
  group by company_id, source_system
)
select
  told.batch_id, null::bigint as line_no, 'rank' as column_name, 'ENTRY_SECOND_LIST' as reason_code, 'accept_warn' as action, count(*)::bigint as count,
  coalesce(sum(coalesce(told.amount_doc, told.amount_local))::decimal(18, 4)::varchar || ' ', '') || coalesce(told.currency, '') as raw_value
from lake.entry as told
inner join lowest on told.company_id = lowest.company_id and told.source_system = lowest.source_system and told.rank > lowest.rank
left join (select distinct company_id, source_system, header_key from entries.listed) as listed
  on told.company_id = listed.company_id and told.source_system = listed.source_system and told.doc_key = listed.header_key
where told.is_current and (told.level = 'line' or listed.header_key is null and (told.amount_doc is not null or told.amount_local is not null))
group by told.batch_id, told.currency
