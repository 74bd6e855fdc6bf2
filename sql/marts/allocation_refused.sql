-- One row per allocation that takes more than an item has at the as-of date: it has no effect, and what it would have cleared stays open.
-- Per item the allocations in effect are added up by (effective_from, allocation_id); all whose running sum passes the amount are refused.
with leg as (
  select
    allocation.company_id, allocation.allocation_id, allocation.effective_from,
    alloc_end.item_kind, alloc_end.item_id, alloc_end.side, alloc_end.leg_doc
  from core.allocation as allocation
  inner join core.allocation_end as alloc_end
    on allocation.company_id = alloc_end.company_id and allocation.allocation_id = alloc_end.allocation_id
  where allocation.effective_from <= getvariable('as_of')
    and (allocation.effective_until is null or allocation.effective_until > getvariable('as_of'))
    and alloc_end.leg_doc > 0
),
item as (
  select company_id, 'document' as item_kind, doc_id as item_id, abs(amount_doc) as amount_doc from core.document
  union all
  select company_id, 'payment', payment_id, abs(amount_doc) from core.payment
),
overdrawn as (
  select leg.company_id, leg.item_kind, leg.item_id, max(item.amount_doc) + max(setting.over_allocation_amount) as most
  from leg
  inner join item on leg.company_id = item.company_id and leg.item_kind = item.item_kind and leg.item_id = item.item_id
  cross join params.ledger as setting
  group by leg.company_id, leg.item_kind, leg.item_id
  having sum(leg.leg_doc) > max(item.amount_doc) + max(setting.over_allocation_amount)
),
running as (
  select
    leg.company_id, leg.allocation_id, overdrawn.most,
    sum(leg.leg_doc) over (
      partition by leg.company_id, leg.item_kind, leg.item_id
      order by leg.effective_from, leg.allocation_id, leg.side
      rows between unbounded preceding and current row
    ) as taken
  from leg
  inner join overdrawn on leg.company_id = overdrawn.company_id and leg.item_kind = overdrawn.item_kind and leg.item_id = overdrawn.item_id
)
select distinct company_id, allocation_id
from running
where taken > most
