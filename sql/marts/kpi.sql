-- One row per company, metric and period end (the as-of date, and month ends before it). Money in ledger currency, signed; value NULL where it cannot be
-- told, with the reason in note. Units: a currency code, share (fraction of 1), index, percent, days, count.
select getvariable('as_of') as as_of, company_id, metric, period_end, value, unit, null::varchar as note from marts.kpi_item
union all
select getvariable('as_of'), company_id, metric, period_end, value, unit, note from marts.kpi_turnover
union all
select getvariable('as_of'), company_id, metric, period_end, value, unit, note from marts.kpi_payment
union all
select getvariable('as_of'), company_id, metric, period_end, value, unit, note from marts.kpi_practice
union all
select getvariable('as_of'), company_id, metric, period_end, value, unit, note from marts.kpi_closing
