-- One row per company and pair of currencies whose closing rate values its open items at the as-of date: document to ledger currency, and ledger to
-- reporting currency where a setting names one. Type M of that day, else of the latest of the days before that a setting allows; the company's own before
-- another's, the pair as told before its inverse. rate NULL: none is told. Units of to_currency for one of from_currency; is_inverse: the other way round.
with needed as (
  select item.company_id, item.currency as from_currency, company.local_currency as to_currency
  from marts.period_item as item
  inner join core.company as company on item.company_id = company.company_id and item.currency <> company.local_currency
  where item.period_end = getvariable('as_of')
  union
  select company.company_id, company.local_currency, setting.reporting_currency
  from core.company as company
  inner join params.ledger as setting on company.local_currency <> setting.reporting_currency
),
ranked as (
  select
    needed.company_id, needed.from_currency, needed.to_currency, told.rate_date, told.rate, told.is_inverse, told.company_id as told_by, told.batch_id, told.line_no,
    row_number() over (
      partition by needed.company_id, needed.from_currency, needed.to_currency
      order by told.company_id = needed.company_id desc, told.is_inverse, told.rate_date desc, told.company_id, told.line_no
    )::bigint as place
  from needed
  cross join params.ledger as setting
  left join staging.closing_rate as told
    on needed.from_currency = told.from_currency and needed.to_currency = told.to_currency
    and told.rate_date between getvariable('as_of') - setting.fx_rate_days and getvariable('as_of')
)
select getvariable('as_of') as as_of, company_id, from_currency, to_currency, rate_date, rate, is_inverse, told_by, batch_id, line_no
from ranked
where place = 1
