-- One row per document that counts at the as-of date, whatever is left of it.
select
  document.company_id, document.doc_id, document.currency, document.amount_doc, document.amount_local, document.reported_open_doc,
  basis.basis
from core.document as document
inner join core.company_basis as basis on document.company_id = basis.company_id
where counts_on(getvariable('as_of'), document.counts_from, document.counts_until) and document.kind <> 'fx_revaluation'
