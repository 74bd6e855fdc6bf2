-- One row per period end and standing credit note (any negative document) or receipt: what is then left of it, signed as an item (a receipt's rest is negative).
with cleared as (
  select period_end, company_id, item_kind, item_id, sum(cleared_doc) as cleared_doc
  from marts.item_cleared
  group by period_end, company_id, item_kind, item_id
),
credit as (
  select
    document.period_end, document.company_id, 'document' as item_kind, document.doc_id as item_id, document.customer_id, document.kind, document.doc_no, document.doc_date,
    document.currency, document.amount_doc, document.amount_local, document.dispute_flag, document.batch_id, document.line_no, document.basis,
    case
      when document.basis = 'reported' then coalesce(document.reported_open_doc, document.amount_doc)
      else document.amount_doc + coalesce(cleared.cleared_doc, 0)
    end as rest_doc
  from marts.document_standing as document
  left join cleared on document.period_end = cleared.period_end and document.company_id = cleared.company_id and document.doc_id = cleared.item_id and cleared.item_kind = 'document'
  where document.amount_doc < 0
),
receipt as (
  select
    standing.period_end, payment.company_id, 'payment' as item_kind, payment.payment_id as item_id, payment.customer_id, payment.kind, payment.source_key as doc_no, payment.pay_date as doc_date,
    payment.currency, -payment.amount_doc as amount_doc, -payment.amount_local as amount_local, false as dispute_flag, payment.batch_id, payment.line_no, basis.basis,
    case
      when basis.basis = 'reported' then -prorate(coalesce(payment.reported_unapplied_local, 0), payment.amount_doc, payment.amount_local)
      else -payment.amount_doc + sign(payment.amount_doc) * coalesce(cleared.cleared_doc, 0)
    end as rest_doc
  from marts.item_standing as standing
  inner join core.payment as payment
    on standing.item_kind = 'payment' and standing.company_id = payment.company_id and standing.item_id = payment.payment_id
  left join core.company_basis as basis on payment.company_id = basis.company_id
  left join cleared
    on standing.period_end = cleared.period_end and payment.company_id = cleared.company_id and payment.payment_id = cleared.item_id
    and cleared.item_kind = 'payment'
)
select * replace (rest_doc::decimal(18, 4) as rest_doc) from credit
union all
select * replace (rest_doc::decimal(18, 4) as rest_doc) from receipt
