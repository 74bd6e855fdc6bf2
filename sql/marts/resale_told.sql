-- One row per row of marts.low_resale but the rests of a clearance, which follow it within some days (a setting). subject: customer and period end of the first of what its reports show in a
-- row, clearances and other resale apart; missing_local: what was sold times what is missing to the floor, ledger currency; product_name: the product's, else its id.
with cleared as (
  select company_id, customer_id, told_on from marts.low_resale where is_clearance group by company_id, customer_id, told_on
),
shown as (
  select low.*
  from marts.low_resale as low
  cross join params.anomaly_ledger as setting
  left join cleared
    on low.company_id = cleared.company_id and low.customer_id = cleared.customer_id and cleared.told_on <= low.told_on and cleared.told_on >= low.told_on - setting.clearance_days
  where low.is_clearance or cleared.told_on is null
),
story as (
  select shown.*, case when shown.told_on - lag(shown.told_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from shown
  cross join params.anomaly_ledger as setting
  window in_turn as (partition by shown.company_id, shown.customer_id, shown.is_clearance order by shown.told_on, shown.period_end, shown.product_id)
),
told_in as (
  select
    *, sum(begins) over (partition by company_id, customer_id, is_clearance order by told_on, period_end, product_id rows unbounded preceding) as episode
  from story
)
select
  told.* exclude (begins, episode),
  first_value(told.customer_id || ' ' || told.period_end::varchar) over (
    partition by told.company_id, told.customer_id, told.is_clearance, told.episode order by told.told_on, told.period_end, told.product_id
  ) as subject,
  round(told.sold_qty * (told.floor - told.retail_price), 4)::decimal(18, 4) as missing_local, coalesce(product.name, told.product_id) as product_name
from told_in as told
left join core.product as product on told.company_id = product.company_id and told.product_id = product.product_id
