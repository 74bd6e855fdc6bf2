-- One row per company and day of documents that have fallen due, where the company's ledger currency is not the reporting currency a setting names and companies
-- differ in theirs: the rate (type M) of that day, else of the latest of the days before it that a setting allows; the company's own before another's, the pair
-- as told before its inverse. rate: reporting currency for one of the ledger's, or the other way round where is_inverse. No row: none is told. Nothing is crossed.
with due as (
  select distinct company_id, doc_date as day from marts.payment_tranche where due_date_original <= getvariable('as_of')
),
used as (
  select distinct company_id from due
),
ledger as (
  select count(distinct company.local_currency)::bigint as currencies
  from used
  inner join core.company as company on used.company_id = company.company_id
),
needed as (
  select due.company_id, due.day, company.local_currency as from_currency, setting.reporting_currency as to_currency, setting.fx_rate_days
  from due
  inner join core.company as company on due.company_id = company.company_id
  inner join params.ledger as setting on company.local_currency <> setting.reporting_currency
  cross join ledger
  where ledger.currencies > 1
),
ranked as (
  select
    needed.company_id, needed.day, told.rate_date, told.rate, told.is_inverse, told.batch_id, told.line_no,
    row_number() over (
      partition by needed.company_id, needed.day
      order by told.company_id = needed.company_id desc, told.is_inverse, told.rate_date desc, told.company_id, told.line_no
    )::bigint as place
  from needed
  inner join staging.closing_rate as told
    on needed.from_currency = told.from_currency and needed.to_currency = told.to_currency
    and told.rate_date between needed.day - needed.fx_rate_days and needed.day
)
select company_id, day, rate_date, rate, is_inverse, batch_id, line_no
from ranked
where place = 1
