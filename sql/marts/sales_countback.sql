-- One row per company and period end with what customers then owed beyond their credits: the days of sales that are still unpaid, latest sales first. Months
-- whose sales are used up whole give all their days, the first that is not a part of them. days NULL where more is owed than all months have sold;
-- history_days: how far they reach.
select
  company_id, period_end,
  case when max(sold_until) >= max(open_local) then sum(days) end::decimal(18, 8) as days,
  sum(month_days)::bigint as history_days
from marts.sales_countback_month
group by company_id, period_end
