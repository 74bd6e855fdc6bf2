-- One row per document with a customer that ever counts, of companies whose ledger is replayed. Known from known_from, when it counted and had been told, until known_until
-- (NULL: for good), when it was undone and that had been told. Corrections of its amount, dates and customer count as if told at once.
with partner as (
  select company_id, reverses_doc_id as doc_id, doc_id as partner_id from core.document where reverses_doc_id is not null
  union
  select company_id, doc_id, reversed_by_doc_id from core.document where reversed_by_doc_id is not null
),
cancelled as (
  select company_id, doc_id, min(recorded_day(recorded_at, extract_as_of)) as told_on
  from lake.document
  where state in ('cancelled', 'reversed') and cancelled_date is not null
  group by company_id, doc_id
),
undoing as (
  select partner.company_id, partner.doc_id, greatest(coalesce(reversing.posting_date, reversing.doc_date), telling.told_on) as known_on
  from partner
  inner join core.document as reversing on partner.company_id = reversing.company_id and partner.partner_id = reversing.doc_id and reversing.state in ('posted', 'reversed')
  left join marts.document_telling as telling on partner.company_id = telling.company_id and partner.partner_id = telling.doc_id
  union all
  select document.company_id, document.doc_id, greatest(document.cancelled_date, cancelled.told_on)
  from core.document as document
  left join cancelled on document.company_id = cancelled.company_id and document.doc_id = cancelled.doc_id
  where document.state in ('cancelled', 'reversed') and document.cancelled_date is not null
  union all
  select company_id, doc_id, missing_since from core.document where source_mode = 'open_items' and missing_since is not null
),
undone as (
  select company_id, doc_id, min(known_on) as known_on from undoing group by company_id, doc_id
)
select
  document.company_id, document.customer_id, document.doc_id, document.kind, document.doc_date, document.counts_from, document.amount_doc, document.amount_local,
  greatest(document.counts_from, telling.told_on) as known_from, undone.known_on as known_until
from core.document as document
inner join core.company_basis as basis on document.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null
left join marts.document_telling as telling on document.company_id = telling.company_id and document.doc_id = telling.doc_id
left join undone on document.company_id = undone.company_id and document.doc_id = undone.doc_id
where document.counts_from is not null and document.customer_id is not null and document.kind <> 'fx_revaluation'
