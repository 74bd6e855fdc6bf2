-- One row per report of a customer that it resold a product below floor: the lowest price its contract allows at the end of the period, where that is in ledger currency, else
-- what the product cost it at least in the twelve months before (floor_kind agreed or bought), by more than a tolerance (setting). is_clearance: (nearly) all it had was sold, and
-- several times what it sold in the months before (settings). Prices per unit in ledger currency, before tax. told_on: the day the report was told.
with report as (
  select
    company_id, customer_id, product_id, coalesce(period_start, date_trunc('month', period_end)::date) as period_start, period_end,
    coalesce(report_date, period_end) as told_on, retail_price, sold_qty,
    coalesce(opening_qty, 0) + coalesce(received_qty, 0) as had_qty, avg(sold_qty) over before as before_qty, count(sold_qty) over before::bigint as before_periods
  from core.sell_through
  where period_end <= getvariable('as_of')
  window before as (partition by company_id, customer_id, product_id order by period_end rows between 6 preceding and 1 preceding)
),
sold as (
  select * from report where sold_qty > 0 and retail_price > 0 and told_on <= getvariable('as_of')
),
agreed as (
  select sold.company_id, sold.customer_id, sold.product_id, sold.period_end, min(price.min_price) as floor
  from sold
  inner join core.company as company on sold.company_id = company.company_id
  inner join marts.agreed_price as price
    on sold.company_id = price.company_id and sold.customer_id = price.customer_id and sold.product_id = price.product_id and price.currency = company.local_currency
    and sold.period_end >= price.valid_from and sold.period_end <= coalesce(price.valid_to, sold.period_end)
  where price.min_price is not null
  group by sold.company_id, sold.customer_id, sold.product_id, sold.period_end
),
bought as (
  select sold.company_id, sold.customer_id, sold.product_id, sold.period_end, min((line.kept_local::double / line.kept_qty))::decimal(18, 6) as floor
  from sold
  inner join marts.kept_order_line as line on sold.company_id = line.company_id and sold.customer_id = line.customer_id and sold.product_id = line.product_id
  where line.order_date > (sold.period_end - to_months(12))::date and line.order_date <= sold.period_end and line.kept_local > 0
  group by sold.company_id, sold.customer_id, sold.product_id, sold.period_end
)
select
  sold.company_id, sold.customer_id, sold.product_id, sold.period_start, sold.period_end, sold.told_on, sold.retail_price::decimal(18, 6) as retail_price,
  coalesce(agreed.floor, bought.floor)::decimal(18, 6) as floor, case when agreed.floor is not null then 'agreed' else 'bought' end as floor_kind,
  sold.sold_qty::decimal(18, 4) as sold_qty, sold.had_qty::decimal(18, 4) as had_qty,
  coalesce(
    sold.before_periods >= setting.clearance_periods_min and sold.sold_qty >= setting.clearance_stock_share * sold.had_qty::decimal(28, 4)
    and sold.sold_qty >= setting.clearance_factor * sold.before_qty::decimal(28, 4), false
  ) as is_clearance
from sold
cross join params.anomaly_ledger as setting
left join agreed
  on sold.company_id = agreed.company_id and sold.customer_id = agreed.customer_id and sold.product_id = agreed.product_id and sold.period_end = agreed.period_end
left join bought
  on sold.company_id = bought.company_id and sold.customer_id = bought.customer_id and sold.product_id = bought.product_id and sold.period_end = bought.period_end
where sold.retail_price < coalesce(agreed.floor, bought.floor) * (1 - setting.resale_price_share)
