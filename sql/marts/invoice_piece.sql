-- One row per invoice and product group, of companies that tell no orders, of the months that statistical detectors look at (params.anomaly_buying) up to the test day: what was invoiced less what
-- was credited by then. A credit note that refers to an invoice lowers that one, any other stands for itself. qty: 1 where something is left; amount_local: before tax where it is told,
-- ledger currency at the booking rate, by the lines of the document where it has any. product_group '': not told.
with span as (
  select test.test_day, (date_trunc('month', test.test_day) - to_months(setting.history_months + setting.window_months - 1))::date as first_day
  from marts.test_day as test
  cross join params.anomaly_buying as setting
),
ordering as (
  select distinct company_id from core.order_line where customer_id is not null
),
sale as (
  select
    document.company_id, document.customer_id, document.doc_id, document.doc_date as day, document.kind, document.ref_doc_id,
    (document.amount_local - coalesce(document.tax_local, 0))::decimal(18, 4) as net_local
  from core.document as document
  inner join span on counts_on(span.test_day, document.counts_from, document.counts_until)
  left join ordering on document.company_id = ordering.company_id
  where ordering.company_id is null and document.customer_id is not null and is_sale(document.kind)
),
placed as (
  select
    sale.company_id, sale.customer_id, coalesce(credited.doc_id, sale.doc_id) as item_id, coalesce(credited.day, sale.day) as day, sale.doc_id, sale.net_local
  from sale
  left join sale as credited
    on sale.company_id = credited.company_id and sale.ref_doc_id = credited.doc_id and sale.customer_id = credited.customer_id and sale.kind = 'credit_note' and credited.kind <> 'credit_note'
),
shown as (
  select placed.* from placed inner join span on placed.day between span.first_day and span.test_day
),
by_group as (
  select shown.company_id, shown.doc_id, coalesce(product.product_group, '') as product_group, sum(line.net_amount) as net_amount
  from shown
  inner join core.document_line as line on shown.company_id = line.company_id and shown.doc_id = line.doc_id and line.net_amount <> 0
  left join core.product as product on line.company_id = product.company_id and line.product_id = product.product_id
  group by shown.company_id, shown.doc_id, coalesce(product.product_group, '')
),
whole as (
  select company_id, doc_id, sum(net_amount) as net_amount from by_group group by company_id, doc_id
),
part as (
  select
    shown.company_id, shown.customer_id, shown.item_id, shown.day, coalesce(by_group.product_group, '') as product_group,
    case when whole.net_amount is null then shown.net_local else prorate(by_group.net_amount::decimal(18, 4), shown.net_local, whole.net_amount::decimal(18, 4)) end as part_local
  from shown
  left join whole on shown.company_id = whole.company_id and shown.doc_id = whole.doc_id and whole.net_amount <> 0
  left join by_group on whole.company_id = by_group.company_id and whole.doc_id = by_group.doc_id
)
select
  company_id, customer_id, item_id, day, product_group, (case when sum(part_local) > 0 then 1 else 0 end)::decimal(18, 4) as qty, sum(part_local)::decimal(18, 4) as amount_local
from part
group by company_id, customer_id, item_id, day, product_group
