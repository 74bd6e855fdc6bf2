-- One row per document and receipt that ever counts, with the days on which something of it may be open: from counts_from until the day before open_until
-- (NULL: no end is in sight). Only what is beyond doubt ends one: allocations that last and that nobody refuses take the whole of it.
with item as (
  select
    company_id, 'document' as item_kind, doc_id as item_id, abs(amount_doc) as amount_doc, counts_from, counts_until
  from core.document
  where counts_from is not null and kind <> 'fx_revaluation'
  union all
  select company_id, 'payment', payment_id, abs(amount_doc), counts_from, counts_until
  from core.payment
  where counts_from is not null
),
taken as (
  select
    leg.company_id, leg.item_kind, leg.item_id,
    sum(case when leg.effective_until is null then leg.cleared_doc else 0 end) as lasting_doc,
    max(greatest(leg.effective_from, coalesce(leg.effective_until, leg.effective_from))) as last_day,
    bool_or(question.allocation_id is not null) as is_in_question
  from marts.item_leg as leg
  left join (select distinct company_id, allocation_id from marts.allocation_in_question) as question
    on leg.company_id = question.company_id and leg.refused_with = question.allocation_id
  group by leg.company_id, leg.item_kind, leg.item_id
),
uneven as (
  select distinct document.company_id, document.doc_id
  from core.document as document
  inner join core.instalment as instalment on document.company_id = instalment.company_id and document.doc_id = instalment.doc_id
  where instalment.places > 1 and sign(instalment.amount_doc) <> sign(document.amount_doc)
)
select
  item.company_id, item.item_kind, item.item_id, item.counts_from,
  case
    when taken.lasting_doc = item.amount_doc and not taken.is_in_question and uneven.doc_id is null and coalesce(basis.basis, 'replay') = 'replay'
      then least(item.counts_until, taken.last_day)
    else item.counts_until
  end as open_until
from item
left join taken on item.company_id = taken.company_id and item.item_kind = taken.item_kind and item.item_id = taken.item_id
left join uneven on item.item_kind = 'document' and item.company_id = uneven.company_id and item.item_id = uneven.doc_id
left join core.company_basis as basis on item.company_id = basis.company_id
