-- One row per allocation end that may be refused on some day: it moves an item of which all allocations ever told together take more than it has.
-- leg_doc: what it takes, most_doc: what the item has with the rounding a setting allows; the item's currency, positive. In effect from effective_from
-- until the day before effective_until (NULL: for good).
with item as (
  select company_id, 'document' as item_kind, doc_id as item_id, abs(amount_doc) as amount_doc from core.document
  union all
  select company_id, 'payment', payment_id, abs(amount_doc) from core.payment
),
-- whatever comes to nothing counts here: few items are left, and only theirs are looked at closely
taken as (
  select company_id, item_kind, item_id, sum(leg_doc) as taken_doc
  from core.allocation_end
  where leg_doc > 0
  group by company_id, item_kind, item_id
),
suspect as (
  select taken.company_id, taken.item_kind, taken.item_id, item.amount_doc + setting.over_allocation_amount as most_doc
  from taken
  inner join item on taken.company_id = item.company_id and taken.item_kind = item.item_kind and taken.item_id = item.item_id
  cross join params.ledger as setting
  where taken.taken_doc > item.amount_doc + setting.over_allocation_amount
),
leg as (
  select
    alloc_end.company_id, alloc_end.allocation_id, alloc_end.item_kind, alloc_end.item_id, alloc_end.side, alloc_end.leg_doc, suspect.most_doc,
    allocation.effective_from, allocation.effective_until,
    sum(alloc_end.leg_doc) over (partition by alloc_end.company_id, alloc_end.item_kind, alloc_end.item_id) as taken_doc
  from core.allocation_end as alloc_end
  inner join suspect on alloc_end.company_id = suspect.company_id and alloc_end.item_kind = suspect.item_kind and alloc_end.item_id = suspect.item_id
  inner join core.allocation as allocation
    on alloc_end.company_id = allocation.company_id and alloc_end.allocation_id = allocation.allocation_id and allocation.effective_from is not null
  where alloc_end.leg_doc > 0
)
select company_id, allocation_id, item_kind, item_id, side, leg_doc, most_doc, effective_from, effective_until
from leg
where taken_doc > most_doc
