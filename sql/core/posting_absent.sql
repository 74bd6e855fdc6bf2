-- One row per document, receipt and allocation that an extract of its kind did not hold yet: absent_on is the day of the latest such extract, the one
-- before the extract that told it first. What the first extract of its kind tells may have been known long before and is none of these.
with extract as (
  select company_id, profile_id, table_name, extract_as_of,
    lag(extract_as_of) over (partition by company_id, profile_id, table_name order by extract_as_of) as before
  from (select distinct company_id, profile_id, table_name, extract_as_of from lake.batch where table_name in ('document', 'payment', 'allocation', 'entry')) as told
),
later as (
  select batch.batch_id, extract.before as absent_on
  from lake.batch as batch
  inner join extract
    on batch.company_id = extract.company_id and batch.profile_id = extract.profile_id and batch.table_name = extract.table_name
    and batch.extract_as_of = extract.extract_as_of and extract.before is not null
)
select document.company_id, 'document' as posting_kind, document.doc_id as posting_id, later.absent_on
from core.document as document
inner join later on document.first_batch = later.batch_id
union all
select payment.company_id, 'payment', payment.payment_id, later.absent_on
from core.payment as payment
inner join later on payment.first_batch = later.batch_id
union all
select allocation.company_id, 'allocation', allocation.allocation_id, later.absent_on
from lake.allocation as allocation
inner join later on allocation.batch_id = later.batch_id
where allocation.is_first
