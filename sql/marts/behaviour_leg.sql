-- One row per allocation and document that it ever lowered (side: which end of it that is; other: what stands at the other), with the days on which it and its end were told first (NULL where
-- that is not known). leg_doc: document currency, positive.
with leg as (
  select
    company_id, allocation_id, 'to' as side, to_doc_id as doc_id, to_seq as named_seq, kind, from_payment_id as payment_id, from_doc_id as other_doc_id, effective_from, voided_date,
    to_leg_doc as leg_doc, discount_share
  from core.allocation
  where to_doc_id is not null and to_leg_doc > 0 and effective_from is not null
  union all
  select
    company_id, allocation_id, 'from', from_doc_id, from_seq, kind, to_payment_id, to_doc_id, effective_from, voided_date,
    from_leg_doc, 0
  from core.allocation
  where from_doc_id is not null and from_leg_doc > 0 and effective_from is not null
)
select leg.*, telling.told_on, telling.void_told_on
from leg
left join marts.allocation_telling as telling on leg.company_id = telling.company_id and leg.allocation_id = telling.allocation_id
