-- One row per company and month bucket: m0 (not overdue), m1 (in the first month after due) to m12, m13_plus, by the original due date and calendar months, so that
-- what stays open moves exactly one bucket on at each month end. rate: what stood in the next bucket at a month end, as a share of what stood in this one
-- at the month end before (ratio of sums over the latest pairs of month ends, as many as settings say); of m13_plus: what was lost, as a share of what left it.
-- Above 1 it is cut to 1 (is_capped). loss_rate: the product of this rate and those after it, one without history counted as 1. open_local: at the last month end, ledger currency,
-- expected_loss: that times loss_rate, a management estimate. stays, rolls, paid, lost, diluted: what became within a month of money in the bucket, shares of 1
-- (paid: all that left it otherwise). NULL where history does not tell it: reason is too_few_months or nothing_open.
with rated as (
  select
    *,
    at_most(diluted_local, base_local - stayed_local - rolled_local - lost_local) as credited_local,
    case
      when not is_enough or coalesce(base_local, 0) = 0 then null
      when months < 13 then arrived_local::double / base_local::double
      else lost_local::double / nullif(base_local - stayed_local, 0)::double
    end as raw_rate,
    case when is_enough then nullif(base_local, 0) end as told_local
  from marts.roll_flow
),
rolled as (
  select
    *,
    case when is_enough then
      product(coalesce(at_most(raw_rate, 1), 1)) over (partition by company_id order by months desc rows between unbounded preceding and current row)
    end as following_rate
  from rated
)
select
  getvariable('as_of') as as_of, company_id, case when months = 13 then 'm13_plus' else 'm' || months end as bucket, months::integer as months, pairs, open_local,
  at_most(raw_rate, 1) as rate, coalesce(raw_rate > 1, false) as is_capped,
  case when raw_rate is not null then following_rate end as loss_rate,
  case when raw_rate is not null then open_local::double * following_rate end::decimal(18, 4) as expected_loss,
  stayed_local::double / told_local::double as stays, rolled_local::double / told_local::double as rolls,
  (base_local - stayed_local - rolled_local - lost_local - credited_local)::double / told_local::double as paid,
  lost_local::double / told_local::double as lost, credited_local::double / told_local::double as diluted,
  case when not is_enough then 'too_few_months' when raw_rate is null then 'nothing_open' end as reason
from rolled
