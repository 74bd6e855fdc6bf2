-- One row per customer and period end of whose integrity file something was known by then: what the scorecard asks of it, each the latest told, with the months since
-- the day it was true (*_age). Shares of 1; years_trading in years.
with file as (
  select told.*, first.known_on
  from core.integrity_file as told
  inner join marts.integrity_telling as first
    on told.company_id = first.company_id and told.customer_id = first.customer_id and told.as_of = first.as_of and first.told_in = 'integrity_file'
),
survey as (
  select told.*, first.known_on
  from core.operating_survey as told
  inner join marts.integrity_telling as first
    on told.company_id = first.company_id and told.customer_id = first.customer_id and told.as_of = first.as_of and first.told_in = 'operating_survey'
),
basic as (
  select
    period.period_end, file.company_id, file.customer_id,
    max_by(file.founded_date, case when file.founded_date is not null then file.as_of end) as founded_date,
    max_by(file.paid_in_capital::double / nullif(file.registered_capital, 0), case when file.paid_in_capital is not null and file.registered_capital > 0 then file.as_of end) as paid_in_share,
    max(case when file.paid_in_capital is not null and file.registered_capital > 0 then file.as_of end) as paid_in_share_on,
    max_by(file.fixed_assets::double / nullif(file.annual_turnover, 0), case when file.fixed_assets is not null and file.annual_turnover > 0 then file.as_of end) as fixed_assets_to_turnover,
    max(case when file.fixed_assets is not null and file.annual_turnover > 0 then file.as_of end) as fixed_assets_to_turnover_on
  from file
  inner join marts.period as period
    on file.company_id = period.company_id and period.is_told and file.known_on <= period.period_end
  group by period.period_end, file.company_id, file.customer_id
),
operating as (
  select
    period.period_end, survey.company_id, survey.customer_id,
    max_by(survey.return_on_operating_assets, case when survey.return_on_operating_assets is not null then survey.as_of end) as return_on_operating_assets,
    max(case when survey.return_on_operating_assets is not null then survey.as_of end) as return_on_operating_assets_on,
    max_by(survey.inventory_turnover, case when survey.inventory_turnover is not null then survey.as_of end) as inventory_turnover,
    max(case when survey.inventory_turnover is not null then survey.as_of end) as inventory_turnover_on,
    max_by(survey.debt_to_asset_ratio, case when survey.debt_to_asset_ratio is not null then survey.as_of end) as debt_to_asset_ratio,
    max(case when survey.debt_to_asset_ratio is not null then survey.as_of end) as debt_to_asset_ratio_on,
    max_by(survey.current_ratio, case when survey.current_ratio is not null then survey.as_of end) as current_ratio,
    max(case when survey.current_ratio is not null then survey.as_of end) as current_ratio_on
  from survey
  inner join marts.period as period
    on survey.company_id = period.company_id and period.is_told and survey.known_on <= period.period_end
  group by period.period_end, survey.company_id, survey.customer_id
)
select
  coalesce(basic.period_end, operating.period_end) as period_end, coalesce(basic.company_id, operating.company_id) as company_id,
  coalesce(basic.customer_id, operating.customer_id) as customer_id,
  date_diff('day', basic.founded_date, coalesce(basic.period_end, operating.period_end))::double / 365.25 as years_trading,
  basic.paid_in_share, date_diff('month', basic.paid_in_share_on, basic.period_end)::integer as paid_in_share_age,
  basic.fixed_assets_to_turnover, date_diff('month', basic.fixed_assets_to_turnover_on, basic.period_end)::integer as fixed_assets_to_turnover_age,
  operating.return_on_operating_assets, date_diff('month', operating.return_on_operating_assets_on, operating.period_end)::integer as return_on_operating_assets_age,
  operating.inventory_turnover, date_diff('month', operating.inventory_turnover_on, operating.period_end)::integer as inventory_turnover_age,
  operating.debt_to_asset_ratio, date_diff('month', operating.debt_to_asset_ratio_on, operating.period_end)::integer as debt_to_asset_ratio_age,
  operating.current_ratio, date_diff('month', operating.current_ratio_on, operating.period_end)::integer as current_ratio_age
from basic
full join operating on basic.period_end = operating.period_end and basic.company_id = operating.company_id and basic.customer_id = operating.customer_id
