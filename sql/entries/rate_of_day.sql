-- One row per company, currency and day an entry without ledger amount needs a rate for: the closing rate (type M) of that day, else of the latest of the
-- days before that a setting allows; of the pair the other way round where no direct one is told. rate: ledger currency for one unit, or its inverse where
-- is_inverse.
with needed as (
  select distinct company_id, currency, local_currency, doc_date as day
  from entries.completed
  where amount_local is null and fault is null
),
back as (
  select unnest(generate_series(0::bigint, fx_rate_days::bigint)) as days from params.ledger
),
looked_up as (
  select needed.*, back.days, needed.day - back.days::integer as rate_date
  from needed
  cross join back
),
ranked as (
  select
    looked_up.*, told.rate, told.is_inverse,
    row_number() over (partition by looked_up.company_id, looked_up.currency, looked_up.day order by told.is_inverse, looked_up.days, told.line_no)::bigint as place
  from looked_up
  inner join staging.closing_rate as told
    on looked_up.company_id = told.company_id and looked_up.currency = told.from_currency
    and looked_up.local_currency = told.to_currency and looked_up.rate_date = told.rate_date
)
select company_id, currency, day, rate_date, rate, is_inverse
from ranked
where place = 1
