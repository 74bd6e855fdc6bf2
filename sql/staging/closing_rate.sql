-- One row per company, pair of currencies and day with a closing rate (type M) told for it, each pair both ways. rate: units of to_currency for one of
-- from_currency, or the other way round where is_inverse: an inverse is never worked out before an amount is divided by it. Nothing is crossed.
select company_id, from_currency, to_currency, rate_date, rate, false as is_inverse, batch_id, line_no
from lake.fx_rate
where is_current and rate_type = 'M' and rate > 0
union all
select company_id, to_currency, from_currency, rate_date, rate, true, batch_id, line_no
from lake.fx_rate
where is_current and rate_type = 'M' and rate > 0
