-- One row per period end, item and instalment named (seq NULL: none named) that allocations then in effect move toward zero; items of which nothing can be open are left out.
-- cleared_doc: positive, item currency; received_doc: the part that was allocated to the item, not drawn from it.
select
  standing.period_end, leg.company_id, leg.item_kind, leg.item_id, leg.seq,
  sum(leg.cleared_doc)::decimal(18, 4) as cleared_doc,
  sum(leg.received_doc)::decimal(18, 4) as received_doc
from marts.item_standing as standing
inner join marts.item_leg as leg
  on standing.company_id = leg.company_id and standing.item_kind = leg.item_kind and standing.item_id = leg.item_id
  and counts_on(standing.period_end, leg.effective_from, leg.effective_until)
left join marts.allocation_refused as refused
  on standing.period_end = refused.period_end and leg.company_id = refused.company_id and leg.refused_with = refused.allocation_id
where refused.allocation_id is null
group by standing.period_end, leg.company_id, leg.item_kind, leg.item_id, leg.seq
