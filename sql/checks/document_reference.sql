-- One row per kind of thing documents refer to and nothing describes: customers without a row of their own (counted per batch),
-- instalments that do not sum to their document.
select
  customer.batch_id, null::bigint as line_no, 'customer_id' as column_name, 'REF_ORPHAN_CUSTOMER' as reason_code,
  'accept_warn' as action, count(*)::bigint as count, min(customer.customer_id) as raw_value
from core.customer as customer
where customer.is_stub
group by customer.batch_id
union all
select
  max(told.batch_id), max(told.line_no), told.doc_id, 'INSTALMENT_SUM', 'accept_warn', 1::bigint,
  (max(document.amount_doc) - sum(told.amount_doc))::varchar
from staging.instalment as told
inner join core.document as document on told.company_id = document.company_id and told.doc_id = document.doc_id
group by told.company_id, told.doc_id
having sum(told.amount_doc) <> max(document.amount_doc)
