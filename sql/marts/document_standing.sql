-- One row per period end and document of which something may then be open. cleared_doc: what no instalment is named for, positive;
-- for a company known only by reported open amounts, what its export says is no longer open.
select
  standing.period_end, document.company_id, document.doc_id, document.customer_id, document.kind, document.doc_no, document.doc_date,
  document.currency, document.amount_doc, document.amount_local, document.dispute_flag, document.batch_id, document.line_no,
  basis.basis,
  document.reported_open_doc,
  coalesce(
    case when basis.basis = 'reported' then abs(document.amount_doc - coalesce(document.reported_open_doc, document.amount_doc)) end,
    cleared.cleared_doc,
    0
  )::decimal(18, 4) as cleared_doc
from marts.item_standing as standing
inner join core.document as document
  on standing.item_kind = 'document' and standing.company_id = document.company_id and standing.item_id = document.doc_id
inner join core.company_basis as basis on document.company_id = basis.company_id
left join marts.item_cleared as cleared
  on standing.period_end = cleared.period_end and document.company_id = cleared.company_id and document.doc_id = cleared.item_id
  and cleared.item_kind = 'document' and cleared.seq is null
