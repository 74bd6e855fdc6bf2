-- One row per customer of a company whose ledger is replayed, with invoices or credit notes of the twelve months up to the as-of date: sales_local, what was invoiced less what was credited,
-- without tax where it is told; costed_local: the part of it in lines whose product tells a cost in ledger or document currency, cost_local: that cost, at the cost of now. Ledger
-- currency at the booking rate.
with sale as (
  select
    document.company_id, document.customer_id, document.doc_id, document.currency, document.amount_doc, document.amount_local,
    (document.amount_local - coalesce(document.tax_local, 0))::decimal(18, 4) as net_local
  from core.document as document
  inner join core.company_basis as basis on document.company_id = basis.company_id and basis.basis = 'replay' and basis.only_as_of is null
  where is_sale(document.kind) and document.customer_id is not null and document.counts_from > (getvariable('as_of') - to_months(12))::date
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
),
line as (
  select
    sale.company_id, sale.customer_id, sale.amount_doc, sale.amount_local, line.net_amount,
    round(line.qty::decimal(18, 4) * product.unit_cost::decimal(18, 6), 4)::decimal(18, 4) as cost,
    coalesce(product.currency, company.local_currency) = company.local_currency as is_local
  from sale
  inner join core.company as company on sale.company_id = company.company_id
  inner join core.document_line as line on sale.company_id = line.company_id and sale.doc_id = line.doc_id
  inner join core.product as product on line.company_id = product.company_id and line.product_id = product.product_id
  where line.net_amount is not null and line.qty is not null and product.unit_cost is not null
    and coalesce(product.currency, company.local_currency) in (company.local_currency, sale.currency)
),
costed as (
  select
    company_id, customer_id, sum(prorate(net_amount, amount_local, amount_doc)) as costed_local,
    sum(case when is_local then cost else prorate(cost, amount_local, amount_doc) end) as cost_local
  from line
  group by company_id, customer_id
),
sold as (
  select company_id, customer_id, sum(net_local) as sales_local
  from sale
  group by company_id, customer_id
)
select
  sold.company_id, sold.customer_id, sold.sales_local::decimal(18, 4) as sales_local,
  coalesce(costed.costed_local, 0)::decimal(18, 4) as costed_local, coalesce(costed.cost_local, 0)::decimal(18, 4) as cost_local
from sold
left join costed on sold.company_id = costed.company_id and sold.customer_id = costed.customer_id
