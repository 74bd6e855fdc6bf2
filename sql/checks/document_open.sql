-- One row per document, told as such, whose open amount the ERP reports for this very day and whose allocations leave another one: both, in document
-- currency. What the postings leave counts, so that every cent stays in one place; a company without any allocation is aged by what is reported.
with open_item as (
  select company_id, item_id, sum(open_doc)::decimal(18, 4) as open_doc
  from marts.open_item
  where item_kind = 'document'
  group by company_id, item_id
)
select
  document.batch_id, document.line_no, document.doc_id as column_name, 'OPEN_MISMATCH' as reason_code, 'accept_warn' as action, 1::bigint as count,
  abs(document.reported_open_doc)::decimal(18, 4)::varchar || ' reported, ' || abs(coalesce(open_item.open_doc, 0))::decimal(18, 4)::varchar || ' computed' as raw_value
from core.document as document
inner join marts.document_counting as counting on document.company_id = counting.company_id and document.doc_id = counting.doc_id
left join open_item on document.company_id = open_item.company_id and document.doc_id = open_item.item_id
left join (select distinct company_id, row_key from entries.item where entity = 'document') as entry
  on document.company_id = entry.company_id and document.source_key = entry.row_key
where counting.basis = 'replay' and entry.row_key is null and document.reported_as_of = getvariable('as_of')
  and abs(document.reported_open_doc) <> abs(coalesce(open_item.open_doc, 0))
