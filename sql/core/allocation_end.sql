-- One row per allocation and end (side from or to): the item it moves, when that item counts (a posted fx revaluation is no item and never does), and by how much in the item's own currency.
-- item_sign: 1 where the item raises what the customer owes, -1 where it lowers it. leg_doc: positive, toward zero;
-- leg_local: the carrying value of that leg at the booking rate of the item, of its instalment where one is named.
with item as (
  select company_id, 'document' as item_kind, doc_id as item_id, currency, amount_doc, amount_local, sign(amount_doc)::integer as item_sign, case when kind <> 'fx_revaluation' then counts_from end as counts_from, counts_until
  from core.document
  union all
  select company_id, 'payment', payment_id, currency, amount_doc, amount_local, -sign(amount_doc)::integer, counts_from, counts_until
  from core.payment
),
named as (
  select
    company_id, allocation_id, 'to' as side, to_seq as seq,
    case when to_doc_id is not null then 'document' else 'payment' end as item_kind,
    coalesce(to_doc_id, to_payment_id) as item_id,
    amount_to_doc as leg_doc
  from staging.allocation
  union all
  select
    company_id, allocation_id, 'from', from_seq,
    case when from_doc_id is not null then 'document' else 'payment' end,
    coalesce(from_doc_id, from_payment_id),
    coalesce(
      amount_from_doc,
      case when amount_local = 0 then amount_to_doc else amount_to_doc - prorate(coalesce(discount_local, 0), amount_to_doc, amount_local) end
    )
  from staging.allocation
  where coalesce(from_doc_id, from_payment_id) is not null
)
select
  named.company_id, named.allocation_id, named.side, named.item_kind, named.item_id, named.seq,
  item.currency,
  item.item_id is not null as is_known,
  item.item_sign, item.counts_from, item.counts_until,
  named.leg_doc::decimal(18, 4) as leg_doc,
  prorate(named.leg_doc, coalesce(part.amount_local, item.amount_local), coalesce(abs(part.amount_doc), abs(item.amount_doc))) as leg_local_signed
from named
left join item on named.company_id = item.company_id and named.item_kind = item.item_kind and named.item_id = item.item_id
left join core.instalment as part
  on named.item_kind = 'document' and named.company_id = part.company_id and named.item_id = part.doc_id and named.seq = part.seq
