-- One row per allocation in effect at the as-of date and not refused. Legs in each end's own currency, amount_local in ledger currency.
select
  allocation.company_id, allocation.allocation_id, allocation.kind,
  allocation.from_payment_id, allocation.from_doc_id, allocation.from_seq,
  allocation.to_doc_id, allocation.to_payment_id, allocation.to_seq,
  allocation.item_sign, allocation.from_item_currency, allocation.to_currency,
  allocation.from_leg_doc, allocation.to_leg_doc,
  allocation.amount_local, coalesce(allocation.discount_local, 0)::decimal(18, 4) as discount_local, allocation.discount_share,
  allocation.effective_from, allocation.batch_id, allocation.line_no
from core.allocation as allocation
left join marts.allocation_refused as refused
  on allocation.company_id = refused.company_id
  and coalesce(allocation.parent_allocation_id, allocation.allocation_id) = refused.allocation_id
  and refused.period_end = getvariable('as_of')
where refused.allocation_id is null
  and counts_on(getvariable('as_of'), allocation.effective_from, allocation.effective_until)
