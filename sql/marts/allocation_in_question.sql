-- One row per allocation end that may be refused on some day: it moves an item of which all allocations ever told together take more than it has.
-- leg_doc: what it takes, most_doc: what the item has with the rounding a setting allows; the item's currency, positive.
with leg as (
  select alloc_end.company_id, alloc_end.allocation_id, alloc_end.item_kind, alloc_end.item_id, alloc_end.side, alloc_end.leg_doc
  from core.allocation as allocation
  inner join core.allocation_end as alloc_end
    on allocation.company_id = alloc_end.company_id and allocation.allocation_id = alloc_end.allocation_id
  where allocation.effective_from is not null and alloc_end.leg_doc > 0
),
item as (
  select company_id, 'document' as item_kind, doc_id as item_id, abs(amount_doc) as amount_doc from core.document
  union all
  select company_id, 'payment', payment_id, abs(amount_doc) from core.payment
),
overdrawn as (
  select
    leg.company_id, leg.item_kind, leg.item_id,
    max(item.amount_doc) + max(setting.over_allocation_amount) as most_doc
  from leg
  inner join item on leg.company_id = item.company_id and leg.item_kind = item.item_kind and leg.item_id = item.item_id
  cross join params.ledger as setting
  group by leg.company_id, leg.item_kind, leg.item_id
  having sum(leg.leg_doc) > max(item.amount_doc) + max(setting.over_allocation_amount)
)
select
  leg.company_id, leg.allocation_id, leg.item_kind, leg.item_id, leg.side, leg.leg_doc, overdrawn.most_doc
from leg
inner join overdrawn on leg.company_id = overdrawn.company_id and leg.item_kind = overdrawn.item_kind and leg.item_id = overdrawn.item_id
