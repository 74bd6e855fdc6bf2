-- One row per published date looked back at and document or receipt restated since, with what did it. published_as_of, run_id, known_at: of the run that
-- published that date last; old_: as it published, new_: as known now, as in marts.restated_item. reason: told (a later file told something of the item,
-- batch_id the last that did), rules (none did, and the program or its settings have changed), related (none did: terms, a customer or other items
-- were told otherwise). moved_local: the difference without its sign, ledger currency; place: the item's turn on its date by that, largest first.
with cause as (
  select item.as_of, item.company_id, item.item_kind, item.item_id, max(told.batch_id) as batch_id
  from marts.restated_item as item
  inner join marts.item_told as told on item.company_id = told.company_id and item.item_kind = told.item_kind and item.item_id = told.item_id and told.since <= item.as_of
  inner join lake.batch as batch on told.batch_id = batch.batch_id and batch.loaded_at > item.known_at
  group by item.as_of, item.company_id, item.item_kind, item.item_id
)
select
  getvariable('as_of') as as_of, item.as_of as published_as_of, item.run_id, item.known_at, item.company_id, item.item_kind, item.item_id,
  coalesce(document.doc_no, payment.source_key) as doc_no, item.change,
  item.old_customer_id, item.new_customer_id, coalesce(item.new_currency, item.old_currency) as currency,
  item.old_open_doc, item.new_open_doc, item.old_open_local, item.new_open_local,
  item.old_due_date, item.new_due_date, item.old_bucket, item.new_bucket,
  case when cause.batch_id is not null then 'told' when item.is_rules_changed then 'rules' else 'related' end as reason,
  cause.batch_id,
  abs(item.new_open_local - item.old_open_local)::decimal(18, 4) as moved_local,
  row_number() over (
    partition by item.as_of, item.company_id
    order by abs(item.new_open_local - item.old_open_local) desc, abs(item.new_open_local) desc, item.item_kind, item.item_id
  )::bigint as place
from marts.restated_item as item
left join cause
  on item.as_of = cause.as_of and item.company_id = cause.company_id and item.item_kind = cause.item_kind and item.item_id = cause.item_id
left join core.document as document
  on item.item_kind = 'document' and item.company_id = document.company_id and item.item_id = document.doc_id
left join core.payment as payment
  on item.item_kind = 'payment' and item.company_id = payment.company_id and item.item_id = payment.payment_id
