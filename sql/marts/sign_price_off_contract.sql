-- One row per invoice, or order where the company tells no lines of invoices, with prices off the contract by more than a tolerance (setting), above it in sum
-- (price_above_contract) or below (price_below_contract): on its day. A price is right that holds on the day of the invoice or of its order. day: its date; word: the product with
-- the largest difference, priced measured instead of usual, before tax, document currency; amount_local: the difference over all its lines, ledger currency, positive. What was
-- taken back is left out. One subject for a customer's in a row.
with billing as (
  select distinct company_id from core.document_line where unit_price is not null and product_id is not null
),
line as (
  select
    document.company_id, document.customer_id, document.doc_id as item_id, document.doc_date as day, coalesce(sales_order.order_date, document.doc_date) as order_date,
    coalesce(document.counts_from, document.doc_date) as seen_on, document.currency, line.product_id, line.line_no_doc as ordinal, line.qty, line.unit_price,
    document.amount_doc, document.amount_local
  from core.document as document
  inner join core.document_line as line on document.company_id = line.company_id and document.doc_id = line.doc_id
  left join core.sales_order as sales_order on line.company_id = sales_order.company_id and line.order_id = sales_order.order_id
  left join marts.document_taken_back as taken on document.company_id = taken.company_id and document.doc_id = taken.doc_id
  where document.kind in ('invoice', 'debit_note') and document.amount_doc > 0 and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
    and taken.doc_id is null and line.qty > 0 and line.unit_price > 0
  union all
  select
    line.company_id, line.customer_id, line.order_id, line.order_date, line.order_date, line.order_date, line.currency, line.product_id, line.order_line_no, line.kept_qty,
    line.unit_price,
    line.kept_amount, line.kept_local
  from marts.kept_order_line as line
  left join billing on line.company_id = billing.company_id
  where billing.company_id is null and line.unit_price > 0
),
beside as (
  select
    line.*, price.unit_price as agreed_price,
    abs(line.unit_price - price.unit_price) <= setting.contract_price_share * price.unit_price::decimal(28, 6) as is_right
  from line
  cross join params.anomaly_ledger as setting
  inner join marts.agreed_price as price
    on line.company_id = price.company_id and line.customer_id = price.customer_id and line.product_id = price.product_id and line.currency = price.currency
    and (
      (line.day >= price.valid_from and line.day <= coalesce(price.valid_to, line.day))
      or (line.order_date >= price.valid_from and line.order_date <= coalesce(price.valid_to, line.order_date))
    )
),
off as (
  select
    company_id, item_id, ordinal, any_value(customer_id) as customer_id, any_value(day) as day, any_value(seen_on) as seen_on, any_value(product_id) as product_id,
    any_value(qty) as qty,
    any_value(unit_price) as unit_price, any_value(amount_doc) as amount_doc, any_value(amount_local) as amount_local,
    min_by(agreed_price, row(abs(unit_price - agreed_price), agreed_price)) as agreed_price
  from beside
  group by company_id, item_id, ordinal
  having not bool_or(is_right)
),
item as (
  select
    company_id, customer_id, item_id, day, seen_on, sum(round(qty * (unit_price - agreed_price), 4))::decimal(18, 4) as difference_doc,
    any_value(amount_doc) as amount_doc, any_value(amount_local) as amount_local,
    max_by(product_id, row(abs(qty * (unit_price - agreed_price)), ordinal)) as product_id, max_by(unit_price, row(abs(qty * (unit_price - agreed_price)), ordinal)) as unit_price,
    max_by(agreed_price, row(abs(qty * (unit_price - agreed_price)), ordinal)) as agreed_price
  from off
  group by company_id, customer_id, item_id, day, seen_on
),
story as (
  select item.*, case when item.seen_on - lag(item.seen_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from item
  cross join params.anomaly_ledger as setting
  where abs(item.difference_doc) >= setting.contract_price_amount_min
  window in_turn as (partition by item.company_id, item.customer_id order by item.seen_on, item.item_id)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by seen_on, item_id rows unbounded preceding) as episode from story
)
select
  told.company_id, told.customer_id, first_value(told.item_id) over (partition by told.company_id, told.customer_id, told.episode order by told.seen_on, told.item_id) as subject,
  case when told.difference_doc > 0 then 'price_above_contract' else 'price_below_contract' end as code, case when told.difference_doc > 0 then 'medium' else 'low' end as severity,
  told.seen_on, told.seen_on as until, told.item_id, null::varchar as other_id, told.day, null::date as other_day, told.unit_price::decimal(18, 4) as measured,
  told.agreed_price::decimal(18, 4) as usual, abs(prorate(told.difference_doc, told.amount_local, told.amount_doc))::decimal(18, 4) as amount_local,
  coalesce(product.name, told.product_id) as word, null::varchar as other_word
from told_in as told
left join core.product as product on told.company_id = product.company_id and told.product_id = product.product_id
