-- One row per period end and delivery then not invoiced (list delivered_not_invoiced; invoice_taken_back where an invoice of it no longer counts), or open
-- instalment of an invoice that is due (due) or whose goods are delivered (delivered_not_due), of companies that tell deliveries. A delivery counts from the day
-- it was received, else left; returned and cancelled ones never do. What invoices it: the document it names, and those whose lines name it. value_local:
-- goods before tax, open_local: open of the instalment, both ledger currency. delivery_id of an instalment: the first of deliveries_count.
with delivered as (
  select company_id, delivery_id, customer_id, order_id, doc_id, coalesce(delivered_date, ship_date) as delivered_on, value_local
  from core.delivery
  where coalesce(status, 'delivered') = 'delivered' and coalesce(delivered_date, ship_date) <= getvariable('as_of')
),
billed as (
  select company_id, delivery_id, doc_id from delivered where doc_id is not null
  union
  select line.company_id, line.delivery_id, line.doc_id
  from core.document_line as line
  inner join delivered on line.company_id = delivered.company_id and line.delivery_id = delivered.delivery_id
),
invoice as (
  select
    delivered.company_id, delivered.delivery_id, delivered.delivered_on, billed.doc_id, document.counts_from, document.counts_until,
    document.doc_id is null as is_unknown
  from delivered
  inner join billed on delivered.company_id = billed.company_id and delivered.delivery_id = billed.delivery_id
  left join core.document as document on billed.company_id = document.company_id and billed.doc_id = document.doc_id
),
lasting as (
  select company_id, delivery_id, min(case when is_unknown then delivered_on when counts_until is null then counts_from end) as invoiced_from
  from invoice
  group by company_id, delivery_id
),
waiting as (
  select period.period_end, delivered.*
  from marts.period as period
  inner join delivered on period.company_id = delivered.company_id and delivered.delivered_on <= period.period_end
  left join lasting on delivered.company_id = lasting.company_id and delivered.delivery_id = lasting.delivery_id
  where lasting.invoiced_from is null or lasting.invoiced_from > period.period_end
),
not_invoiced as (
  select
    waiting.period_end, waiting.company_id, waiting.delivery_id, waiting.customer_id, waiting.order_id, waiting.delivered_on, waiting.value_local,
    max(case when invoice.counts_from <= waiting.period_end then invoice.doc_id end) as taken_back_id
  from waiting
  left join invoice on waiting.company_id = invoice.company_id and waiting.delivery_id = invoice.delivery_id
  group by waiting.period_end, waiting.company_id, waiting.delivery_id, waiting.customer_id, waiting.order_id, waiting.delivered_on, waiting.value_local
  having not coalesce(bool_or(counts_on(waiting.period_end, invoice.counts_from, invoice.counts_until)), false)
),
goods as (
  select
    invoice.company_id, invoice.doc_id, min(invoice.delivered_on) as delivered_on, count(*)::bigint as deliveries_count,
    min_by(invoice.delivery_id, (invoice.delivered_on, invoice.delivery_id)) as delivery_id
  from invoice
  group by invoice.company_id, invoice.doc_id
)
select
  period_end, company_id, case when taken_back_id is null then 'delivered_not_invoiced' else 'invoice_taken_back' end as list, customer_id,
  delivery_id, 1::bigint as deliveries_count, order_id, delivered_on, taken_back_id as doc_id, null::integer as seq, null::varchar as doc_no, null::date as due_date,
  null::integer as days_overdue, value_local, null::decimal(18, 4) as open_local
from not_invoiced
union all
select
  item.period_end, item.company_id, case when item.days_overdue >= 0 then 'due' else 'delivered_not_due' end, item.customer_id,
  goods.delivery_id, goods.deliveries_count, delivered.order_id, goods.delivered_on, item.doc_id, item.seq, item.doc_no, item.due_date,
  item.days_overdue, delivered.value_local, item.open_local
from marts.period_item as item
inner join (select distinct company_id from core.delivery) as told on item.company_id = told.company_id
left join goods on item.company_id = goods.company_id and item.doc_id = goods.doc_id
left join delivered on goods.company_id = delivered.company_id and goods.delivery_id = delivered.delivery_id
where item.bucket <> 'unapplied' and (item.days_overdue >= 0 or goods.delivered_on <= item.period_end)
