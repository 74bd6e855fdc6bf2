-- One row per item and instalment named (seq NULL: none named) that allocations in effect move toward zero.
-- cleared_doc: positive, item currency; received_doc: the part that was allocated to the item, not drawn from it.
with leg as (
  select company_id, 'document' as item_kind, to_doc_id as item_id, to_seq as seq, to_leg_doc as cleared_doc, to_leg_doc as received_doc
  from marts.allocation_in_effect
  where to_doc_id is not null and to_leg_doc > 0
  union all
  select company_id, 'payment', to_payment_id, null::integer, to_leg_doc, to_leg_doc
  from marts.allocation_in_effect
  where to_payment_id is not null and to_leg_doc > 0
  union all
  select company_id, 'document', from_doc_id, from_seq, from_leg_doc, 0::decimal(18, 4)
  from marts.allocation_in_effect
  where from_doc_id is not null and from_leg_doc > 0
  union all
  select company_id, 'payment', from_payment_id, null::integer, from_leg_doc, 0::decimal(18, 4)
  from marts.allocation_in_effect
  where from_payment_id is not null and from_leg_doc > 0
)
select
  company_id, item_kind, item_id, seq,
  sum(cleared_doc)::decimal(18, 4) as cleared_doc,
  sum(received_doc)::decimal(18, 4) as received_doc
from leg
group by company_id, item_kind, item_id, seq
