-- One row per customer, product and period of marts.low_resale that is no clearance nor the rest of one (a setting), on the day it was told. day, other_day: the period; word: the
-- product; measured: its price, usual: the lowest price agreed (code price_dumping) or paid (price_dumping_cost), per unit, ledger currency; amount_local: what was sold times
-- what is missing to the floor. One subject for what a customer's reports show in a row.
with cleared as (
  select company_id, customer_id, told_on from marts.low_resale where is_clearance group by company_id, customer_id, told_on
),
shown as (
  select low.*
  from marts.low_resale as low
  cross join params.anomaly_ledger as setting
  left join cleared
    on low.company_id = cleared.company_id and low.customer_id = cleared.customer_id and cleared.told_on <= low.told_on and cleared.told_on >= low.told_on - setting.clearance_days
  where not low.is_clearance and cleared.told_on is null
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
  case when told.floor_kind = 'agreed' then 'price_dumping' else 'price_dumping_cost' end as code, null::varchar as severity, told.told_on as seen_on, told.told_on as until,
  told.product_id as item_id, null::varchar as other_id, told.period_start as day, told.period_end as other_day, told.retail_price::decimal(18, 4) as measured,
  told.floor::decimal(18, 4) as usual,
  round(told.sold_qty * (told.floor - told.retail_price), 4)::decimal(18, 4) as amount_local, coalesce(product.name, told.product_id) as word, null::varchar as other_word
from told_in as told
left join core.product as product on told.company_id = product.company_id and told.product_id = product.product_id
