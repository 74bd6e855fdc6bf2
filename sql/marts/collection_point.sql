-- One row per history, basis, segment, weight and age: the Aalen-Johansen estimate with late entry. at_risk: what stands just before the age (ledger currency, or
-- tranches); cash, loss, dilution, transferred: what has left by it and after it as cumulative shares of 1, open_share: what is still open after it, so that
-- all five sum to 1. basis net leaves dilution out. Exits come before censoring at the same age; tied causes share one risk set.
with leg as (
  select
    history, basis.basis, segment_kind, segment, company_id, 'amount' as weight, age_days,
    cash_amount::double as cash, loss_amount::double as loss, transferred_amount::double as transferred,
    case when basis.basis = 'gross' then dilution_amount else 0 end::double as dilution,
    (open_amount + cash_amount + loss_amount + transferred_amount + case when basis.basis = 'gross' then dilution_amount else 0 end)::decimal(28, 4) as leaving,
    (entered_amount - case when basis.basis = 'gross' then 0 else entered_dilution_amount end)::decimal(28, 4) as entering
  from marts.curve_event
  cross join (select unnest(['gross', 'net']) as basis) as basis
  union all
  select
    history, basis.basis, segment_kind, segment, company_id, 'count', age_days,
    cash_count::double, loss_count::double, transferred_count::double,
    case when basis.basis = 'gross' then dilution_count else 0 end::double,
    (open_count + cash_count + loss_count + transferred_count + case when basis.basis = 'gross' then dilution_count else 0 end)::decimal(28, 4),
    (entered_count - case when basis.basis = 'gross' then 0 else entered_dilution_count end)::decimal(28, 4)
  from marts.curve_event
  cross join (select unnest(['gross', 'net']) as basis) as basis
),
risk as (
  select
    *,
    -- who leaves at this age or later, less who comes under observation at this age or later
    sum(leaving - entering) over (
      partition by history, basis, segment_kind, segment, weight order by age_days desc rows between unbounded preceding and current row
    )::double as at_risk
  from leg
),
hazard as (
  select
    *,
    case when at_risk > 0 then 1 - (cash + loss + dilution + transferred)::double / at_risk else 1 end as staying
  from risk
),
open as (
  select
    *,
    product(staying) over (
      partition by history, basis, segment_kind, segment, weight order by age_days rows between unbounded preceding and current row
    ) as open_share
  from hazard
),
before as (
  select *, coalesce(lag(open_share) over (partition by history, basis, segment_kind, segment, weight order by age_days), 1) as open_before
  from open
),
added as (
  select
    *,
    sum(coalesce((open_before * cash)::double / nullif(at_risk, 0), 0)) over age as cash_share,
    sum(coalesce((open_before * loss)::double / nullif(at_risk, 0), 0)) over age as loss_share,
    sum(coalesce((open_before * dilution)::double / nullif(at_risk, 0), 0)) over age as dilution_share,
    sum(coalesce((open_before * transferred)::double / nullif(at_risk, 0), 0)) over age as transferred_share
  from before
  window age as (partition by history, basis, segment_kind, segment, weight order by age_days rows between unbounded preceding and current row)
)
select
  history, basis, segment_kind, segment, company_id, weight, age_days, at_risk,
  grown(cash_share, 0) as cash, grown(loss_share, 0) as loss, grown(dilution_share, 0) as dilution, grown(transferred_share, 0) as transferred,
  open_share
from added
