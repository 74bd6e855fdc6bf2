-- One row per company and aging bucket with open instalments, but for debtors assessed individually (marts.individual_assessment): the loss expected of them, a management
-- estimate and no audited figure. loss_rate: share of open_local, the mean over its items at their own ages, as the collection curve has it (rate_source curve),
-- else from the roll rates (roll_rate); where neither saw a loss the upper end of Jeffreys' interval for none in the cases of loss_evidence (bound), never 0.
-- loss_lo, loss_hi: the mean of its bounds. expected_loss: open_local times loss_rate times forward_factor, a setting with its reason, at most open_local; ledger
-- currency. roll_loss_rate: the same from the roll rates; cross_check differs where it is further from it than a setting allows,
-- is_within_bounds: whether it lies between the two bounds.
-- beyond_local: what of open_local is older than the curve tells. reason: why no rate is told.
with priced as (
  select
    chance.company_id, chance.bucket, count(*)::bigint as items, sum(chance.open_local)::decimal(18, 4) as open_local,
    coalesce(sum(case when chance.reason = 'beyond_history' then chance.open_local end), 0)::decimal(18, 4) as beyond_local,
    sum(chance.open_local::double * chance.loss_rate)::double / sum(case when chance.loss_rate is not null then chance.open_local end)::double as curve_rate,
    sum(chance.open_local::double * chance.loss_lo)::double / sum(case when chance.loss_rate is not null then chance.open_local end)::double as loss_lo,
    sum(chance.open_local::double * chance.loss_hi)::double / sum(case when chance.loss_rate is not null then chance.open_local end)::double as loss_hi,
    sum(chance.open_local::double * roll.loss_rate)::double / sum(case when roll.loss_rate is not null then chance.open_local end)::double as roll_loss_rate,
    min(case when chance.loss_rate is null then chance.reason end) as reason
  from marts.open_chance as chance
  left join marts.roll_rate as roll on chance.company_id = roll.company_id and chance.months = roll.months
  group by chance.company_id, chance.bucket
),
rated as (
  select
    priced.*, evidence.cases, evidence.lost_cases, evidence.loss_upper,
    case
      when coalesce(priced.curve_rate, priced.roll_loss_rate) is null then null
      when coalesce(priced.curve_rate, priced.roll_loss_rate) <= 0 then 'bound'
      when priced.curve_rate is not null then 'curve'
      else 'roll_rate'
    end as rate_source
  from priced
  left join marts.loss_evidence as evidence on priced.company_id = evidence.company_id and priced.bucket = evidence.bucket
),
used as (
  select
    *,
    -- a mean of ones may come out a hair above one
    at_most(case rate_source when 'curve' then curve_rate when 'roll_rate' then roll_loss_rate when 'bound' then coalesce(loss_upper, 1) end, 1) as loss_rate
  from rated
)
select
  getvariable('as_of') as as_of, used.company_id, used.bucket, used.items, used.open_local, used.beyond_local,
  used.loss_rate, used.rate_source, used.loss_lo, used.loss_hi, used.roll_loss_rate,
  case
    when used.rate_source <> 'curve' or used.roll_loss_rate is null then null
    when abs(used.roll_loss_rate - used.loss_rate) > setting.differs_share::double * used.loss_rate then 'differs'
    else 'agrees'
  end as cross_check,
  used.roll_loss_rate >= used.loss_lo and used.roll_loss_rate <= used.loss_hi as is_within_bounds,
  used.cases, used.lost_cases, setting.forward_factor, setting.forward_reason,
  (used.open_local::double * at_most(used.loss_rate * setting.forward_factor::double, 1))::decimal(18, 4) as expected_loss,
  case when used.loss_rate is null then used.reason end as reason
from used
cross join params.provision as setting
