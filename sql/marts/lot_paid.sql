-- One row per delivery that was not taken back of customers that pay cash or batch for batch, up to the as-of date, and invoice of it: delivered_on, released_by (who let it go; NULL: nobody
-- had to), the settlement agreed on that day, invoiced_local, and paid_on, the day the last money for it came by what is known now (NULL: something is open). asked_from: the day it was
-- delivered, or the last credit note before that was set off, as nobody pays before a complaint is settled. Ledger currency, positive.
with contract as (
  select company_id, customer_id, settlement_mode, valid_from, valid_to
  from core.contract
  where settlement_mode in ('cash', 'batch_for_batch')
),
delivered as (
  select
    delivery.company_id, delivery.customer_id, delivery.delivery_id, delivery.doc_id, coalesce(delivery.delivered_date, delivery.ship_date) as delivered_on, delivery.released_by,
    min(contract.settlement_mode) as settlement_mode
  from contract
  inner join core.delivery as delivery
    on contract.company_id = delivery.company_id and contract.customer_id = delivery.customer_id and coalesce(delivery.status, 'delivered') in ('shipped', 'delivered')
    and coalesce(delivery.delivered_date, delivery.ship_date)
      between coalesce(contract.valid_from, date '1900-01-01') and least(coalesce(contract.valid_to, getvariable('as_of')), getvariable('as_of'))
  group by
    delivery.company_id, delivery.customer_id, delivery.delivery_id, delivery.doc_id, coalesce(delivery.delivered_date, delivery.ship_date), delivery.released_by
),
billed as (
  select company_id, delivery_id, doc_id from delivered where doc_id is not null
  union
  select line.company_id, line.delivery_id, line.doc_id
  from delivered
  inner join core.document_line as line on delivered.company_id = line.company_id and delivered.delivery_id = line.delivery_id
  where delivered.doc_id is null
),
invoice as (
  select billed.company_id, billed.delivery_id, document.doc_id, document.doc_date, document.amount_doc, document.amount_local
  from billed
  inner join core.document as document
    on billed.company_id = document.company_id and billed.doc_id = document.doc_id and document.amount_doc > 0
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
),
paid as (
  select
    invoice.company_id, invoice.delivery_id, invoice.doc_id, max(invoice.doc_date) as doc_date, max(invoice.amount_local)::decimal(18, 4) as invoiced_local,
    case when bool_or(leaving.cause = 0) then null else max(case when leaving.cause <> 3 then coalesce(receipt.pay_date, leaving.exit_date) end) end as paid_on,
    max(case when leaving.cause = 3 then leaving.exit_date end) as credited_on, bool_and(leaving.cause = 3) as is_all_credited
  from invoice
  inner join marts.instalment_exit as leaving on invoice.company_id = leaving.company_id and invoice.doc_id = leaving.doc_id
  left join core.allocation as allocation on leaving.company_id = allocation.company_id and leaving.allocation_id = allocation.allocation_id
  left join core.payment as receipt on allocation.company_id = receipt.company_id and allocation.from_payment_id = receipt.payment_id
  group by invoice.company_id, invoice.delivery_id, invoice.doc_id
)
select
  delivered.company_id, delivered.customer_id, delivered.delivery_id, paid.doc_id, paid.doc_date, delivered.delivered_on, delivered.released_by, delivered.settlement_mode,
  paid.invoiced_local, paid.paid_on,
  case when coalesce(paid.credited_on <= paid.paid_on, true) then greatest(delivered.delivered_on, coalesce(paid.credited_on, delivered.delivered_on)) else delivered.delivered_on end as asked_from
from delivered
inner join paid on delivered.company_id = paid.company_id and delivered.delivery_id = paid.delivery_id
where not paid.is_all_credited
