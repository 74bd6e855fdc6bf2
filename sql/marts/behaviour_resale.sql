-- One row per customer and period end of which resale of the months before (a setting says how many) had been told by then: resale_months, how many of them, and
-- resold_share, what it sold of what it had and received in them, at its own retail prices, a share of 1.
with report as (
  select
    resale.company_id, resale.customer_id, resale.product_id, resale.period_end as month_end, resale.opening_qty, resale.received_qty, resale.sold_qty, resale.retail_price,
    greatest(resale.period_end, resale.report_date, recorded_day(first.recorded_at, first.extract_as_of)) as known_on
  from core.sell_through as resale
  inner join lake.sell_through as first
    on resale.company_id = first.company_id and resale.customer_id = first.customer_id and resale.product_id = first.product_id
    and resale.period_end = first.period_end and first.is_first
  where resale.retail_price > 0
),
product as (
  select
    period.period_end, report.company_id, report.customer_id, report.product_id, count(*)::bigint as months, max(report.retail_price)::decimal(18, 6) as price,
    sum(report.sold_qty)::decimal(18, 4) as sold_qty,
    (coalesce(min_by(report.opening_qty, report.month_end), 0) + sum(coalesce(report.received_qty, 0)))::decimal(18, 4) as had_qty
  from report
  cross join params.behaviour as setting
  inner join marts.period as period
    on report.company_id = period.company_id and period.is_told and report.known_on <= period.period_end
    and report.month_end + to_months(setting.resale_months) > period.period_end
  group by period.period_end, report.company_id, report.customer_id, report.product_id
)
select
  period_end, company_id, customer_id, max(months)::bigint as resale_months,
  (sum(sold_qty * price)::double / nullif(sum(had_qty * price), 0)::double)::decimal(12, 6) as resold_share
from product
group by period_end, company_id, customer_id
