-- One row per customer and period end of marts.behaviour_window at which one of its instalments may weigh more in the payment index than a setting allows; where
-- none does, not even the largest that was due or taken in the months looked at, or was overdue, would.
with taken as (
  select company_id, customer_id, due_date, sum(amount_local) as amount_local
  from marts.behaviour_piece
  group by company_id, customer_id, doc_id, seq, due_date
),
month as (
  select company_id, customer_id, last_day(due_date) as month_end, max(amount_local) as amount_local
  from (
    select company_id, customer_id, due_date, amount_local from marts.behaviour_debt
    union all
    select company_id, customer_id, due_date, amount_local from taken
  ) as instalment
  where due_date <= getvariable('as_of')
  group by company_id, customer_id, last_day(due_date)
),
largest as (
  select total.period_end, total.company_id, total.customer_id, total.index_local, month.amount_local
  from marts.behaviour_window as total
  cross join params.behaviour as setting
  inner join month
    on total.company_id = month.company_id and total.customer_id = month.customer_id
    and month.month_end <= last_day(total.period_end) and month.month_end + to_months(setting.window_months) >= total.period_end
  union all
  select total.period_end, total.company_id, total.customer_id, total.index_local, item.open_local
  from marts.behaviour_window as total
  inner join marts.behaviour_open as item
    on total.period_end = item.period_end and total.company_id = item.company_id and total.customer_id = item.customer_id
)
select largest.period_end, largest.company_id, largest.customer_id
from largest
cross join params.behaviour as setting
group by largest.period_end, largest.company_id, largest.customer_id, setting.item_share_max
having max(largest.amount_local) > setting.item_share_max * max(largest.index_local)
