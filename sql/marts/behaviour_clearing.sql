-- One row per allocation and document that it ever lowered (side: which end of it that is), with what becomes of the money by it (cause: as in marts.payment_tranche). leg_doc: document
-- currency, positive. Known from known_from until known_until (NULL: for good) as in marts.behaviour_piece, the document itself left aside.
with other as (
  -- few documents stand at the other end of an allocation: all of them beside all receipts ask for more memory than there is at ten million
  select document.company_id, document.doc_id, document.kind, document.known_from, document.known_until
  from marts.behaviour_document as document
  inner join (select distinct company_id, other_doc_id from marts.behaviour_leg where other_doc_id is not null) as named
    on document.company_id = named.company_id and document.doc_id = named.other_doc_id
)
select
  leg.company_id, leg.allocation_id, leg.side, leg.doc_id, leg.named_seq, leg.effective_from, leg.leg_doc, leg.discount_share,
  clearing_cause(leg.kind, receipt.kind, other.kind) as cause,
  greatest(leg.effective_from, leg.told_on, receipt.known_from, other.known_from) as known_from,
  least(case when leg.voided_date is not null then greatest(leg.voided_date, leg.void_told_on) end, receipt.known_until, other.known_until) as known_until
from marts.behaviour_leg as leg
left join marts.behaviour_receipt as receipt on leg.company_id = receipt.company_id and leg.payment_id = receipt.payment_id
left join other on leg.company_id = other.company_id and leg.other_doc_id = other.doc_id
