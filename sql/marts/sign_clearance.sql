-- One row per customer, product and period of marts.low_resale in which a large stock was sold off, on the day it was told. day, other_day: the period; word: the product;
-- measured: units sold, usual: units it had; amount_local: what was sold times what is missing to the floor. One subject for what a customer's reports show in a row.
select
  company_id, customer_id, subject, 'clearance' as code, null::varchar as severity, told_on as seen_on, told_on as until, product_id as item_id, null::varchar as other_id,
  period_start as day, period_end as other_day, sold_qty::decimal(18, 4) as measured, had_qty::decimal(18, 4) as usual, missing_local as amount_local,
  product_name as word, null::varchar as other_word
from marts.resale_told
where is_clearance
