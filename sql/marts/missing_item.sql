-- One row per open item whose document or receipt stood in a full extract and is missing in a later one: settled there or deleted, nobody said which, so that it
-- still counts. open_doc in document, open_local in ledger currency, signed as in marts.open_item. missing_since: the first extract without it.
with told as (
  select company_id, 'document' as item_kind, doc_id as item_id, missing_since, source_mode, last_batch from core.document
  union all
  select company_id, 'payment', payment_id, missing_since, source_mode, last_batch from core.payment
)
select
  item.as_of, item.company_id, item.customer_id, item.item_kind, item.item_id, item.seq, item.kind, item.doc_no, item.due_date, item.currency,
  item.open_doc, item.open_local, told.missing_since, told.last_batch as batch_id, item.line_no
from marts.open_item as item
inner join told on item.company_id = told.company_id and item.item_kind = told.item_kind and item.item_id = told.item_id
where told.source_mode <> 'open_items' and told.missing_since <= getvariable('as_of')
