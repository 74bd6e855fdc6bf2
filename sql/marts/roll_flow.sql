-- One row per company and month bucket (months overdue by calendar months since the original due date, 0: not overdue, 13: more than twelve): what stood in the
-- bucket at the month ends that have a next one (base_local, over so many pairs), and what of it then stayed in it, rolled into the next, was lost or diluted;
-- arrived_local: all that stood in the next bucket at the next month ends. open_local: at the last month end. Ledger currency, positive. base_local is NULL
-- where nothing ever stood there; is_enough: whether there are as many pairs of month ends as a setting asks for.
with month_end as (
  select company_id, period_end, last_day((period_end + 1)::date) as next_end
  from marts.period
  where is_told and period_end = last_day(period_end)
),
pair as (
  select month_end.company_id, month_end.period_end, month_end.next_end
  from month_end
  inner join month_end as following on month_end.company_id = following.company_id and month_end.next_end = following.period_end
  cross join params.provision as setting
  where month_end.next_end > last_day((date_trunc('month', getvariable('as_of') + 1)::date - 1 - to_months(setting.roll_months_max))::date)
),
place as (
  select unnest(generate_series(0::bigint, 13::bigint)) as months
),
-- the day after due begins the first month: what is due on a month end is not overdue at it
item as (
  select
    item.company_id, item.period_end, item.item_id, item.seq, item.open_local,
    greatest(date_diff('month', (item.due_date_original + 1)::date, item.period_end) + 1, 0)::bigint as months
  from marts.period_item as item
  inner join month_end on item.company_id = month_end.company_id and item.period_end = month_end.period_end
  where item.bucket <> 'unapplied' and item.due_date_original is not null
),
balance as (
  select company_id, period_end, least(months, 13) as months, sum(open_local) as open_local, sum(case when months <= 13 then open_local end) as arrived_local
  from item
  group by company_id, period_end, least(months, 13)
),
kept as (
  select
    pair.company_id, least(item.months, 13) as months, sum(item.open_local) as open_local,
    sum(case when at_most(later.months, 13) > at_most(item.months, 13) then least(later.open_local, item.open_local) end) as rolled_local,
    sum(case when at_most(later.months, 13) = at_most(item.months, 13) then least(later.open_local, item.open_local) end) as stayed_local
  from pair
  inner join item on pair.company_id = item.company_id and pair.period_end = item.period_end
  left join item as later
    on item.company_id = later.company_id and item.item_id = later.item_id and item.seq = later.seq and pair.next_end = later.period_end
  group by pair.company_id, least(item.months, 13)
),
gone as (
  select
    pair.company_id,
    greatest(least(date_diff('month', (tranche.due_date_original + 1)::date, pair.period_end) + 1, 13), 0)::bigint as months,
    sum(case when tranche.cause = 2 then tranche.amount_local end) as lost_local,
    sum(case when tranche.cause = 3 then tranche.amount_local end) as diluted_local
  from marts.exposure_tranche as tranche
  inner join pair on tranche.company_id = pair.company_id and last_day(tranche.exit_date) = pair.next_end
  where tranche.cause in (2, 3) and tranche.doc_date <= pair.period_end
  group by pair.company_id, greatest(least(date_diff('month', (tranche.due_date_original + 1)::date, pair.period_end) + 1, 13), 0)
),
arrived as (
  select pair.company_id, balance.months - 1 as months, sum(balance.arrived_local) as arrived_local
  from pair
  inner join balance on pair.company_id = balance.company_id and pair.next_end = balance.period_end
  group by pair.company_id, balance.months - 1
),
counted as (
  select
    company.company_id, max(month_end.period_end) as last_end, count(pair.period_end)::bigint as pairs,
    count(pair.period_end)::bigint >= max(setting.roll_months_min) as is_enough
  from (select distinct company_id from marts.period) as company
  cross join params.provision as setting
  left join month_end on company.company_id = month_end.company_id
  left join pair on month_end.company_id = pair.company_id and month_end.period_end = pair.period_end
  group by company.company_id
)
select
  counted.company_id, counted.pairs, counted.is_enough, place.months,
  coalesce(balance.open_local, 0)::decimal(18, 4) as open_local, kept.open_local as base_local,
  coalesce(kept.stayed_local, 0) as stayed_local, coalesce(kept.rolled_local, 0) as rolled_local,
  -- what was posted and cleared between two month ends never stood in a bucket
  least(coalesce(gone.lost_local, 0), kept.open_local - coalesce(kept.stayed_local, 0) - coalesce(kept.rolled_local, 0)) as lost_local,
  coalesce(gone.diluted_local, 0) as diluted_local, coalesce(arrived.arrived_local, 0) as arrived_local
from counted
cross join place
left join balance on counted.company_id = balance.company_id and counted.last_end = balance.period_end and place.months = balance.months
left join kept on counted.company_id = kept.company_id and place.months = kept.months
left join gone on counted.company_id = gone.company_id and place.months = gone.months
left join arrived on counted.company_id = arrived.company_id and place.months = arrived.months
