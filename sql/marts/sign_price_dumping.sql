-- One row per customer, product and period of marts.low_resale that is no clearance nor the rest of one (a setting), on the day it was told. day, other_day: the period; word: the
-- product; measured: its price, usual: the lowest price agreed (code price_dumping) or paid (price_dumping_cost), per unit, ledger currency; amount_local: what was sold times
-- what is missing to the floor. One subject for what a customer's reports show in a row.
select
  company_id, customer_id, subject, case when floor_kind = 'agreed' then 'price_dumping' else 'price_dumping_cost' end as code, null::varchar as severity,
  told_on as seen_on, told_on as until, product_id as item_id, null::varchar as other_id, period_start as day, period_end as other_day,
  retail_price::decimal(18, 4) as measured, floor::decimal(18, 4) as usual, missing_local as amount_local, product_name as word, null::varchar as other_word
from marts.resale_told
where not is_clearance
