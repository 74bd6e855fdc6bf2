-- One row per company and calendar month with sales: sales_local is what was invoiced less what was credited, tax included, ledger currency. A document taken
-- back lowers the month it is taken back in. Of the month of the as-of date only the days up to it.
with posting as (
  select company_id, counts_from as day, amount_local
  from core.document
  where is_sale(kind) and counts_from <= getvariable('as_of') and (counts_until is null or counts_until > counts_from)
  union all
  select company_id, counts_until, -amount_local
  from core.document
  where is_sale(kind) and counts_until > counts_from and counts_until <= getvariable('as_of')
)
select
  company_id, date_trunc('month', day)::date as month_start, least(last_day(day), getvariable('as_of')) as month_end,
  sum(amount_local)::decimal(18, 4) as sales_local
from posting
group by company_id, date_trunc('month', day)::date, least(last_day(day), getvariable('as_of'))
