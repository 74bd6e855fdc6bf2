-- One row per period end and instalment of a standing positive document, with what names it: named_doc (never above its amount), spill_doc (what exceeds it and joins
-- the document's pool) and has_received (something was allocated to it by name). place: its turn of places when the pool is shared out.
with part as (
  select
    document.period_end, instalment.company_id, instalment.doc_id, instalment.seq, instalment.due_date, instalment.place, instalment.places, instalment.amount_doc,
    coalesce(
      case when document.basis = 'reported' then instalment.amount_doc - instalment.reported_open_doc end,
      case when document.basis = 'replay' then cleared.cleared_doc end,
      0
    ) as cleared_doc,
    coalesce(cleared.received_doc, 0) > 0 as has_received,
    instalment.reported_open_doc is not null as is_reported
  from core.instalment as instalment
  inner join marts.document_standing as document
    on instalment.company_id = document.company_id and instalment.doc_id = document.doc_id and document.amount_doc > 0
  left join marts.item_cleared as cleared
    on document.period_end = cleared.period_end and instalment.company_id = cleared.company_id and instalment.doc_id = cleared.item_id
    and cleared.item_kind = 'document' and instalment.seq = cleared.seq
)
select
  period_end, company_id, doc_id, seq, due_date, amount_doc, has_received, is_reported,
  least(cleared_doc, greatest(amount_doc, 0))::decimal(18, 4) as named_doc,
  (cleared_doc - least(cleared_doc, greatest(amount_doc, 0)))::decimal(18, 4) as spill_doc,
  place, places
from part
