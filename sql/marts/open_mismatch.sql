-- One row per document, told as such, whose open amount the ERP reports for the day it is aged at and whose allocations leave another one. believed: reported, where
-- all there is are open amounts (core.company_basis), else computed. reported_doc, computed_doc and difference_doc = computed - reported: document currency, signed.
with open_item as (
  select company_id, item_id, sum(open_doc)::decimal(18, 4) as open_doc
  from marts.open_item
  where item_kind = 'document'
  group by company_id, item_id
),
cleared as (
  select company_id, item_id, sum(cleared_doc)::decimal(18, 4) as cleared_doc
  from marts.item_cleared
  where item_kind = 'document' and period_end = getvariable('as_of')
  group by company_id, item_id
),
told as (
  select
    document.company_id, document.doc_id, document.doc_no, document.customer_id, document.currency, document.batch_id, document.line_no, counting.basis,
    sign(document.amount_doc) * abs(document.reported_open_doc) as reported_doc,
    case
      when counting.basis = 'replay' then coalesce(open_item.open_doc, 0)
      when cleared.cleared_doc is not null then document.amount_doc - sign(document.amount_doc) * cleared.cleared_doc
    end as computed_doc
  from core.document as document
  inner join marts.document_counting as counting on document.company_id = counting.company_id and document.doc_id = counting.doc_id
  left join core.company_basis as basis on document.company_id = basis.company_id
  left join open_item on document.company_id = open_item.company_id and document.doc_id = open_item.item_id
  left join cleared on document.company_id = cleared.company_id and document.doc_id = cleared.item_id
  left join (select distinct company_id, row_key from entries.item where entity = 'document') as entry
    on document.company_id = entry.company_id and document.source_key = entry.row_key
  where entry.row_key is null and document.reported_open_doc is not null
    and case when counting.basis = 'replay' then document.reported_as_of = getvariable('as_of') else coalesce(document.reported_as_of, basis.only_as_of) = basis.only_as_of end
)
select
  company_id, doc_id, doc_no, customer_id, currency, case when basis = 'reported' then 'reported' else 'computed' end as believed,
  reported_doc::decimal(18, 4) as reported_doc, computed_doc::decimal(18, 4) as computed_doc, (computed_doc - reported_doc)::decimal(18, 4) as difference_doc, batch_id, line_no
from told
where computed_doc <> reported_doc
