-- One row per allocation and document that it ever lowered (side: which end of it that is), with what becomes of the money by it (cause: as in marts.payment_tranche). leg_doc: document
-- currency, positive. Known from known_from until known_until (NULL: for good) as in marts.behaviour_piece, the document itself left aside.
with leg as (
  select
    allocation.company_id, allocation.allocation_id, 'to' as side, allocation.to_doc_id as doc_id, allocation.to_seq as named_seq, allocation.kind,
    allocation.from_payment_id as payment_id, allocation.from_doc_id as other_doc_id, allocation.effective_from, allocation.voided_date, allocation.to_leg_doc as leg_doc,
    allocation.discount_share
  from core.allocation as allocation
  where allocation.to_doc_id is not null and allocation.to_leg_doc > 0
  union all
  select
    allocation.company_id, allocation.allocation_id, 'from', allocation.from_doc_id, allocation.from_seq, allocation.kind,
    allocation.to_payment_id, allocation.to_doc_id, allocation.effective_from, allocation.voided_date, allocation.from_leg_doc, 0
  from core.allocation as allocation
  where allocation.from_doc_id is not null and allocation.from_leg_doc > 0
)
select
  leg.company_id, leg.allocation_id, leg.side, leg.doc_id, leg.named_seq, leg.effective_from, leg.leg_doc, leg.discount_share,
  clearing_cause(leg.kind, receipt.kind, other.kind) as cause,
  greatest(leg.effective_from, telling.told_on, receipt.known_from, other.known_from) as known_from,
  least(case when leg.voided_date is not null then greatest(leg.voided_date, telling.void_told_on) end, receipt.known_until, other.known_until) as known_until
from leg
left join marts.allocation_telling as telling on leg.company_id = telling.company_id and leg.allocation_id = telling.allocation_id
left join marts.behaviour_receipt as receipt on leg.company_id = receipt.company_id and leg.payment_id = receipt.payment_id
left join marts.behaviour_document as other on leg.company_id = other.company_id and leg.other_doc_id = other.doc_id
where leg.effective_from is not null
