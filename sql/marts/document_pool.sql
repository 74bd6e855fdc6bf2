-- One row per period end and standing positive document: pool_doc is what its instalments share, oldest due first: clearings that name none, what exceeds a named one,
-- and what names an instalment the document does not have. has_received: something in the pool was allocated to the document.
with spilled as (
  select period_end, company_id, doc_id, sum(spill_doc) as spill_doc, bool_or(is_reported) as is_reported, bool_or(spill_doc > 0 and has_received) as has_received
  from marts.instalment_cleared
  where spill_doc <> 0 or is_reported
  group by period_end, company_id, doc_id
),
stray as (
  select
    cleared.period_end, cleared.company_id, cleared.item_id as doc_id,
    sum(case when cleared.seq is not null then cleared.cleared_doc else 0 end) as stray_doc,
    sum(cleared.received_doc) as received_doc
  from marts.item_cleared as cleared
  left join marts.instalment_cleared as known
    on cleared.period_end = known.period_end and cleared.company_id = known.company_id and cleared.item_id = known.doc_id and cleared.seq = known.seq
  where cleared.item_kind = 'document' and known.doc_id is null
  group by cleared.period_end, cleared.company_id, cleared.item_id
)
select
  document.period_end, document.company_id, document.doc_id, document.basis, document.amount_doc as document_amount_doc,
  (
    case when document.basis = 'reported' and coalesce(spilled.is_reported, false) then 0 else document.cleared_doc end
    + coalesce(spilled.spill_doc, 0)
    + case when document.basis = 'replay' then coalesce(stray.stray_doc, 0) else 0 end
  )::decimal(18, 4) as pool_doc,
  coalesce(stray.received_doc, 0) > 0 or coalesce(spilled.has_received, false) as has_received
from marts.document_standing as document
left join spilled on document.period_end = spilled.period_end and document.company_id = spilled.company_id and document.doc_id = spilled.doc_id
left join stray on document.period_end = stray.period_end and document.company_id = stray.company_id and document.doc_id = stray.doc_id
where document.amount_doc > 0
