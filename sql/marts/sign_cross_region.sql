-- One row per sales order whose goods went outside the customer's area (marts.order_place; code cross_country: to another country, where no area is agreed), once such orders are
-- more than a share and a number (settings) of those of the months before; and per month in which the customer resold more than that share outside its area (sold_elsewhere).
-- word: where to; other_word: the area; measured: the share, of orders up to the day it was seen or of units resold. One subject for what a customer's orders and reports show in
-- a row.
with elsewhere as (
  select
    place.*, setting.cross_region_days, setting.cross_region_share,
    case when place.is_abroad then setting.cross_country_orders_min else setting.cross_region_orders_min end as orders_min
  from marts.order_place as place
  cross join params.anomaly_ledger as setting
  where place.is_elsewhere
),
share as (
  select
    elsewhere.company_id, elsewhere.customer_id, elsewhere.order_date, elsewhere.order_id,
    ((count(*) filter (where earlier.is_elsewhere))::double / count(*)::double) as share
  from elsewhere
  inner join marts.order_place as earlier
    on elsewhere.company_id = earlier.company_id and elsewhere.customer_id = earlier.customer_id
    and earlier.order_date between elsewhere.order_date - elsewhere.cross_region_days and elsewhere.order_date
  group by elsewhere.company_id, elsewhere.customer_id, elsewhere.order_date, elsewhere.order_id, elsewhere.orders_min, elsewhere.cross_region_share
  having (count(*) filter (where earlier.is_elsewhere)) >= elsewhere.orders_min
    and ((count(*) filter (where earlier.is_elsewhere))::double / count(*)::double) > elsewhere.cross_region_share
),
shown as (
  select
    elsewhere.company_id, elsewhere.customer_id, case when elsewhere.is_abroad then 'cross_country' else 'cross_region' end as code, min(share.order_date) as seen_on,
    elsewhere.order_id as item_id, elsewhere.order_date as day, null::date as other_day, min_by(share.share, row(share.order_date, share.order_id)) as share,
    elsewhere.place as word, elsewhere.own_place as other_word, elsewhere.order_id as ordinal_id
  from elsewhere
  inner join share
    on elsewhere.company_id = share.company_id and elsewhere.customer_id = share.customer_id
    and share.order_date between elsewhere.order_date and elsewhere.order_date + elsewhere.cross_region_days
  group by elsewhere.company_id, elsewhere.customer_id, elsewhere.is_abroad, elsewhere.order_id, elsewhere.order_date, elsewhere.place, elsewhere.own_place
  union all
  select
    resold.company_id, resold.customer_id, 'sold_elsewhere', resold.told_on, null::varchar, resold.period_start, resold.period_end, resold.elsewhere_share,
    resold.place, resold.own_place, resold.customer_id || ' ' || resold.period_end::varchar
  from marts.resold_elsewhere as resold
  cross join params.anomaly_ledger as setting
  where resold.elsewhere_share > setting.cross_region_share
),
story as (
  select shown.*, case when shown.seen_on - lag(shown.seen_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from shown
  cross join params.anomaly_ledger as setting
  where shown.seen_on <= getvariable('as_of')
  window in_turn as (partition by shown.company_id, shown.customer_id order by shown.seen_on, shown.day, shown.ordinal_id)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by seen_on, day, ordinal_id rows unbounded preceding) as episode from story
)
select
  company_id, customer_id, first_value(ordinal_id) over (partition by company_id, customer_id, episode order by seen_on, day, ordinal_id) as subject, code,
  case when count(*) over (partition by company_id, customer_id, episode)::bigint > 1 then 'medium' else 'low' end as severity,
  seen_on, seen_on as until, item_id, null::varchar as other_id, day, other_day, share::decimal(18, 4) as measured, null::decimal(18, 4) as usual,
  null::decimal(18, 4) as amount_local, word, other_word
from told_in
