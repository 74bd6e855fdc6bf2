-- One row per customer, product and period of marts.low_resale in which a large stock was sold off, on the day it was told. day, other_day: the period; word: the product;
-- measured: units sold, usual: units it had; amount_local: what was sold times what is missing to the floor. One subject for what a customer's reports show in a row.
with shown as (
  select * from marts.low_resale where is_clearance
),
story as (
  select shown.*, case when shown.told_on - lag(shown.told_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from shown
  cross join params.anomaly_ledger as setting
  window in_turn as (partition by shown.company_id, shown.customer_id order by shown.told_on, shown.period_end, shown.product_id)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by told_on, period_end, product_id rows unbounded preceding) as episode from story
)
select
  told.company_id, told.customer_id,
  first_value(told.customer_id || ' ' || told.period_end::varchar) over (
    partition by told.company_id, told.customer_id, told.episode order by told.told_on, told.period_end, told.product_id
  ) as subject,
  'clearance' as code, null::varchar as severity, told.told_on as seen_on, told.told_on as until,
  told.product_id as item_id, null::varchar as other_id, told.period_start as day, told.period_end as other_day, told.sold_qty::decimal(18, 4) as measured,
  told.had_qty::decimal(18, 4) as usual,
  round(told.sold_qty * (told.floor - told.retail_price), 4)::decimal(18, 4) as amount_local, coalesce(product.name, told.product_id) as word, null::varchar as other_word
from told_in as told
left join core.product as product on told.company_id = product.company_id and told.product_id = product.product_id
