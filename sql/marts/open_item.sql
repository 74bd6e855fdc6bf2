-- One row per open instalment, unallocated credit note or unapplied receipt at the as-of date. open_doc in document, open_local in ledger currency at the
-- booking rate, both signed. days_overdue: negative before the due date, 0 on it, NULL without one. bucket: by the date a setting names; bucket_due_date,
-- bucket_document_date, bucket_due_date_original: by each. disputed_doc, disputed_local: the part in dispute. open_local_closing: ledger currency at the
-- closing rate, revaluation_local: that less open_local; open_group: in the reporting currency. NULL where no rate is told, open_group also where no
-- reporting currency is set. salesperson: the document's, else the customer's.
with told as (
  select
    item.*, company.local_currency, setting.reporting_currency,
    date_diff('day', item.due_date_original, item.period_end)::integer as days_overdue_original,
    coalesce(document.salesperson, customer.salesperson) as salesperson,
    case when part.item_id is not null then part.disputed_doc when item.disputed then item.open_doc else 0 end::decimal(18, 4) as disputed_doc,
    case
      when item.currency = company.local_currency then item.open_local
      else at_rate(item.open_doc, rate.rate, rate.is_inverse, 4)
    end::decimal(18, 4) as open_local_closing
  from marts.period_item as item
  inner join core.company as company on item.company_id = company.company_id
  cross join params.ledger as setting
  left join core.document as document on item.company_id = document.company_id and item.doc_id = document.doc_id
  left join (select company_id, customer_id, min(salesperson) as salesperson from core.customer group by company_id, customer_id) as customer
    on item.company_id = customer.company_id and item.customer_id = customer.customer_id
  left join marts.disputed_item as part
    on item.item_kind = 'document' and item.company_id = part.company_id and item.item_id = part.item_id and item.seq = part.seq
  left join marts.closing_rate as rate
    on item.company_id = rate.company_id and item.currency = rate.from_currency and company.local_currency = rate.to_currency
  where item.period_end = getvariable('as_of')
)
select
  told.period_end as as_of,
  told.* exclude (period_end, reporting_currency, batch_id, line_no, disputed_doc, open_local_closing),
  bucket_key(told.bucket = 'unapplied', told.days_overdue, by_due.bucket) as bucket_due_date,
  bucket_key(told.bucket = 'unapplied', told.days_since_document, by_document.bucket) as bucket_document_date,
  bucket_key(told.bucket = 'unapplied', told.days_overdue_original, by_original.bucket) as bucket_due_date_original,
  told.disputed_doc,
  prorate(told.disputed_doc, told.open_local, told.open_doc) as disputed_local,
  told.open_local_closing,
  (told.open_local_closing - told.open_local)::decimal(18, 4) as revaluation_local,
  case
    when told.local_currency = told.reporting_currency then told.open_local_closing
    else at_rate(told.open_local_closing, rate.rate, rate.is_inverse, 4)
  end::decimal(18, 4) as open_group,
  told.batch_id, told.line_no
from told
left join params.bucket as by_due on in_bucket(told.days_overdue, by_due.lower_days, by_due.upper_days) and by_due.is_aged
left join params.bucket as by_document on in_bucket(told.days_since_document, by_document.lower_days, by_document.upper_days) and by_document.is_aged
left join params.bucket as by_original on in_bucket(told.days_overdue_original, by_original.lower_days, by_original.upper_days) and by_original.is_aged
left join marts.closing_rate as rate
  on told.company_id = rate.company_id and told.local_currency = rate.from_currency and told.reporting_currency = rate.to_currency
