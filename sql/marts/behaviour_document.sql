-- One row per document with a customer that ever counts, of companies whose ledger is replayed. Known from known_from, when it counted and had been told, until known_until
-- (NULL: for good), when it was undone and that had been told. Corrections of its amount, dates and customer count as if told at once.
with told as (
  select
    company_id, doc_id, min(recorded_day(recorded_at, extract_as_of)) as recorded_on,
    min(case when state in ('cancelled', 'reversed') or cancelled_date is not null then recorded_day(recorded_at, extract_as_of) end) as end_recorded_on
  from lake.document
  group by company_id, doc_id
),
partner as (
  select company_id, reverses_doc_id as doc_id, doc_id as partner_id from core.document where reverses_doc_id is not null
  union
  select company_id, doc_id, reversed_by_doc_id from core.document where reversed_by_doc_id is not null
),
undoing as (
  select partner.company_id, partner.doc_id, min(told.recorded_on) as recorded_on
  from partner
  inner join told on partner.company_id = told.company_id and partner.partner_id = told.doc_id
  group by partner.company_id, partner.doc_id
)
select
  document.company_id, document.customer_id, document.doc_id, document.kind, document.doc_date, document.counts_from, document.amount_doc, document.amount_local,
  greatest(document.counts_from, told.recorded_on) as known_from,
  case when document.counts_until is not null then greatest(document.counts_until, least(told.end_recorded_on, undoing.recorded_on)) end as known_until
from core.document as document
inner join core.company_basis as basis on document.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null
left join told on document.company_id = told.company_id and document.doc_id = told.doc_id
left join undoing on document.company_id = undoing.company_id and document.doc_id = undoing.doc_id
where document.counts_from is not null and document.customer_id is not null and document.kind <> 'fx_revaluation'
