-- One row per allocation and item it ever moves toward zero, with the days it is in effect (effective_until NULL: for good). seq: the instalment it names.
-- cleared_doc: positive, item currency; received_doc: the part that was allocated to the item, not drawn from it. refused_with: the allocation with which it is refused.
with allocation as (
  select *, coalesce(parent_allocation_id, allocation_id) as refused_with
  from core.allocation
  where effective_from is not null and (effective_until is null or effective_until > effective_from)
)
select
  company_id, refused_with, effective_from, effective_until,
  'document' as item_kind, to_doc_id as item_id, to_seq as seq, to_leg_doc as cleared_doc, to_leg_doc as received_doc
from allocation
where to_doc_id is not null and to_leg_doc > 0
union all
select company_id, refused_with, effective_from, effective_until, 'payment', to_payment_id, null::integer, to_leg_doc, to_leg_doc
from allocation
where to_payment_id is not null and to_leg_doc > 0
union all
select company_id, refused_with, effective_from, effective_until, 'document', from_doc_id, from_seq, from_leg_doc, 0::decimal(18, 4)
from allocation
where from_doc_id is not null and from_leg_doc > 0
union all
select company_id, refused_with, effective_from, effective_until, 'payment', from_payment_id, null::integer, from_leg_doc, 0::decimal(18, 4)
from allocation
where from_payment_id is not null and from_leg_doc > 0
