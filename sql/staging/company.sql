-- One row per company: the settings' word first, else what the exports say. Currency: ISO 4217 code of the ledger.
with declared as (
  select company_id, name, local_currency, country from params.company
),
exported as (
  select * from lake.company where is_current
)
select
  coalesce(declared.company_id, exported.company_id) as company_id,
  coalesce(nullif(declared.name, ''), exported.name, declared.company_id) as name,
  coalesce(declared.local_currency, exported.local_currency) as local_currency,
  coalesce(declared.country, exported.country) as country,
  exported.timezone,
  exported.weekend,
  exported.batch_id,
  exported.line_no,
  exported.recorded_at,
  exported.recorded_source
from declared
full join exported on declared.company_id = exported.company_id
