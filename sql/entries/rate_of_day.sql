-- One row per company, currency and day an entry without ledger amount needs a rate for: the closing rate (type M) of that day, else of the latest of the
-- 7 days before; of the pair the other way round where no direct one is told. rate: ledger currency for one unit, or its inverse where is_inverse.
with needed as (
  select distinct company_id, currency, local_currency, doc_date as day
  from entries.completed
  where amount_local is null and fault is null
),
looked_up as (
  select needed.*, back.days, needed.day - back.days as rate_date
  from needed
  cross join (select unnest([0, 1, 2, 3, 4, 5, 6, 7]) as days) as back
),
told as (
  select company_id, from_currency, to_currency, rate_date, rate, line_no
  from lake.fx_rate
  where is_current and rate_type = 'M' and rate > 0
),
found as (
  select looked_up.*, told.rate, false as is_inverse, told.line_no
  from looked_up
  inner join told
    on looked_up.company_id = told.company_id and looked_up.currency = told.from_currency
    and looked_up.local_currency = told.to_currency and looked_up.rate_date = told.rate_date
  union all
  select looked_up.*, told.rate, true, told.line_no
  from looked_up
  inner join told
    on looked_up.company_id = told.company_id and looked_up.local_currency = told.from_currency
    and looked_up.currency = told.to_currency and looked_up.rate_date = told.rate_date
),
ranked as (
  select *, row_number() over (partition by company_id, currency, day order by is_inverse, days, line_no)::bigint as place
  from found
)
select company_id, currency, day, rate_date, rate, is_inverse
from ranked
where place = 1
