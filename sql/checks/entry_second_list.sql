-- One row per batch and currency whose entries are left aside because another list of the same company and system counts: of a lower rank (ENTRY_SECOND_LIST),
-- newer than they are (ENTRY_LIST_REPLACED), or older, because they do not tell all (ENTRY_LIST_OLDER). raw_value: the sum of their amounts.
with aside as (
  select
    told.batch_id, told.currency, told.amount_doc, told.amount_local,
    case when list.is_newer then 'ENTRY_LIST_OLDER' when told.rank < counted.rank then 'ENTRY_LIST_REPLACED' else 'ENTRY_SECOND_LIST' end as reason_code
  from lake.entry as told
  inner join entries.list_told as list
    on told.company_id = list.company_id and told.source_system = list.source_system and told.rank = list.rank and not list.is_counted
  inner join entries.list_told as counted
    on told.company_id = counted.company_id and told.source_system = counted.source_system and counted.is_counted
  left join (select distinct company_id, source_system, header_key from entries.listed) as listed
    on told.company_id = listed.company_id and told.source_system = listed.source_system and told.doc_key = listed.header_key
  where told.is_current and (told.level = 'line' or listed.header_key is null and (told.amount_doc is not null or told.amount_local is not null))
)
select
  batch_id, null::bigint as line_no, 'rank' as column_name, reason_code, 'accept_warn' as action, count(*)::bigint as count,
  coalesce(sum(coalesce(amount_doc, amount_local))::decimal(18, 4)::varchar || ' ', '') || coalesce(currency, '') as raw_value
from aside
group by batch_id, currency, reason_code
