-- One row per batch, currency and thing its entries lack even after their headers: they count nowhere until it is told (count, raw_value: the sum of their
-- amounts); and one per batch whose headers tell no amount and have no line yet (ENTRY_HEADER_ONLY).
select
  batch_id, null::bigint as line_no, fault as column_name, 'ENTRY_INCOMPLETE' as reason_code, 'accept_warn' as action, count(*)::bigint as count,
  coalesce(sum(coalesce(amount_doc, amount_local))::decimal(18, 4)::varchar || ' ', '') || coalesce(currency, '') as raw_value
from entries.completed
where fault is not null
group by batch_id, fault, currency
union all
select header.batch_id, null, 'doc_key', 'ENTRY_HEADER_ONLY', 'accept_warn', count(*)::bigint, min(header.doc_key)
from lake.entry as header
left join (select distinct company_id, source_system, header_key from entries.listed) as listed
  on header.company_id = listed.company_id and header.source_system = listed.source_system and header.doc_key = listed.header_key
where header.is_current and header.level = 'document' and header.amount_doc is null and header.amount_local is null and listed.header_key is null
group by header.batch_id
