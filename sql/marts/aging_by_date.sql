-- One row per company, date aged by (due_date, document_date, due_date_original), document currency and bucket with open items: the same items by each of
-- their dates. due_date_original is the aging as if no due date had ever been moved. open_doc in document, open_local in ledger currency, signed.
with item as (
  select
    company_id, currency, bucket_due_date, bucket_document_date, bucket_due_date_original,
    count(*)::bigint as items, sum(open_doc) as open_doc, sum(open_local) as open_local
  from marts.open_item
  group by company_id, currency, bucket_due_date, bucket_document_date, bucket_due_date_original
),
basis as (
  select unnest(['due_date', 'document_date', 'due_date_original']) as aged_by
),
aged as (
  select
    item.company_id, basis.aged_by, item.currency, item.items, item.open_doc, item.open_local,
    case basis.aged_by
      when 'due_date' then item.bucket_due_date when 'document_date' then item.bucket_document_date else item.bucket_due_date_original
    end as bucket
  from item
  cross join basis
)
select
  getvariable('as_of') as as_of, company_id, aged_by, currency, bucket,
  sum(items)::bigint as items, sum(open_doc)::decimal(18, 4) as open_doc, sum(open_local)::decimal(18, 4) as open_local
from aged
group by company_id, aged_by, currency, bucket
