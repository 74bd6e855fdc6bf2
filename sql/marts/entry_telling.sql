-- One row per batch that told of an entry, a document's head or a use of entries that a restated document or receipt is made of. Columns as in
-- marts.ledger_telling; open_doc: what the ERP said was open of it, which counts from the day of its extract.
with restated as (
  select distinct company_id, item_kind, item_id, substr(item_id, length(company_id) + 2) as row_key from marts.restated_item
),
entry as (
  select item.company_id, item.item_kind, item.item_id, posted.source_system, posted.entry_key, posted.doc_key
  from restated as item
  inner join entries.posted as posted on item.company_id = posted.company_id and item.row_key = posted.row_key and item.item_kind = posted.entity
),
used as (
  select item.company_id, item.item_kind, item.item_id, used.source_system, used.allocation_key
  from restated as item
  inner join entries.use as used on item.company_id = used.company_id and item.row_key = used.to_row_key and item.item_kind = used.to_entity
  union
  select item.company_id, item.item_kind, item.item_id, used.source_system, used.allocation_key
  from restated as item
  inner join entries.use as used on item.company_id = used.company_id and item.row_key = used.from_row_key and item.item_kind = used.from_entity
)
select
  item.company_id, item.item_kind, item.item_id, 'entry' as what, told.source_system || '/' || told.entry_key as told_key, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  coalesce(told.posting_date, told.doc_date) as starts_on, coalesce(told.clearing_date, told.settled_date, told.cancelled_date) as ends_on, told.open_doc as open_doc,
  content_of([told.doc_no, told.customer_id, told.kind, told.state, told.doc_date::varchar, told.posting_date::varchar, told.due_date::varchar,
    told.currency, told.amount_doc::varchar, told.amount_local::varchar, told.applies_to, told.ref_key, told.reverses_key, told.reversed_by_key]) as content
from entry as item
inner join lake.entry as told
  on item.company_id = told.company_id and item.source_system = told.source_system and item.entry_key = told.entry_key
union all
select
  item.company_id, item.item_kind, item.item_id, 'head', told.source_system || '/' || told.entry_key, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  coalesce(told.posting_date, told.doc_date), coalesce(told.settled_date, told.cancelled_date), told.open_doc,
  content_of([told.customer_id, told.kind, told.state, told.doc_date::varchar, told.posting_date::varchar, told.due_date::varchar])
from entry as item
inner join lake.entry as told
  on item.company_id = told.company_id and item.source_system = told.source_system and item.doc_key = told.doc_key and told.level = 'document'
union all
select
  item.company_id, item.item_kind, item.item_id, 'use', told.source_system || '/' || told.allocation_key, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  told.alloc_date, told.voided_date, null::decimal(18, 4),
  content_of([told.kind, told.to_key, told.from_key, told.to_seq::varchar, told.amount_to_doc::varchar, told.amount_from_doc::varchar,
    told.amount_local::varchar, told.discount_local::varchar, told.alloc_date::varchar])
from used as item
inner join lake.entry_allocation as told
  on item.company_id = told.company_id and item.source_system = told.source_system and item.allocation_key = told.allocation_key
