-- One row per current entry of the list that counts in its company and system (entries.list_told): every line, and every header with an amount that no line
-- stands for. header_key: the header that completes it, found by its document key, else by number and customer.
with told as (
  select *, level = 'line' as is_line, amount_doc is not null or amount_local is not null as has_amount
  from lake.entry
  where is_current
),
counted as (
  select told.*
  from told
  inner join entries.list_told as list
    on told.company_id = list.company_id and told.source_system = list.source_system and told.rank = list.rank and list.is_counted
),
keyed as (
  select distinct header.company_id, header.source_system, header.doc_key
  from entries.header as header
  inner join counted as line
    on header.company_id = line.company_id and header.source_system = line.source_system and header.doc_key = line.doc_key and line.is_line
),
numbered as (
  select header.company_id, header.source_system, header.doc_no, header.customer_id, min(header.doc_key) as doc_key
  from entries.header as header
  left join keyed on header.company_id = keyed.company_id and header.source_system = keyed.source_system and header.doc_key = keyed.doc_key
  where keyed.doc_key is null and header.doc_no is not null and header.customer_id is not null
  group by header.company_id, header.source_system, header.doc_no, header.customer_id
),
line as (
  select counted.*, coalesce(keyed.doc_key, numbered.doc_key) as header_key
  from counted
  left join keyed on counted.company_id = keyed.company_id and counted.source_system = keyed.source_system and counted.doc_key = keyed.doc_key
  left join numbered
    on counted.company_id = numbered.company_id and counted.source_system = numbered.source_system
    and counted.doc_no = numbered.doc_no and counted.customer_id = numbered.customer_id and keyed.doc_key is null
  where counted.is_line
),
stood_for as (
  select distinct company_id, source_system, header_key from line where header_key is not null
)
select * exclude (is_first, is_current, has_amount), is_first as is_told_first from line
union all
select counted.* exclude (is_first, is_current, has_amount), counted.doc_key, counted.is_first
from counted
left join stood_for
  on counted.company_id = stood_for.company_id and counted.source_system = stood_for.source_system and counted.doc_key = stood_for.header_key
where not counted.is_line and counted.has_amount and stood_for.header_key is null
