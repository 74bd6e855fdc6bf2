-- One row per customer and period end since the customer was first known: the sums of marts.behaviour_settled and marts.behaviour_balance so far, with what is overdue then
-- (marts.behaviour_open) at the lateness it has reached, young disputes apart. items and the late parts take in overdue instalments of any age. max_days_late: of any piece
-- or open debt, 0 where none was late.
with member as (
  select company_id, customer_id, min(first_day) as first_day from marts.behaviour_balance group by company_id, customer_id
),
late as (
  select
    item.period_end, item.company_id, item.customer_id, sum(item.open_local) as overdue_local,
    sum(case when item.days_overdue > 90 then item.open_local else 0 end) as over_90_local, max(item.days_overdue) as max_days_late,
    sum(case when item.is_young_dispute then 0 else item.open_local end) as index_local,
    sum(case when item.is_young_dispute then 0 else item.open_local::decimal(22, 4) * score.score end) as index_points,
    sum(case when item.is_young_dispute then 0 else item.open_local::decimal(26, 4) * item.days_overdue end) as open_days,
    sum(case when not item.is_young_dispute and item.due_date + to_months(setting.recent_months) > item.period_end then item.open_local else 0 end) as recent_local,
    sum(case when not item.is_young_dispute and item.due_date + to_months(setting.recent_months) > item.period_end then item.open_local::decimal(26, 4) * item.days_overdue else 0 end) as recent_days,
    sum(case when not item.is_young_dispute and item.days_overdue > 30 then item.open_local else 0 end) as late_30_local,
    sum(case when item.due_date + to_months(setting.window_months) > item.period_end then 0 else 1 end)::bigint as older_items,
    sum(item.parts)::bigint as late_parts, sum(case when item.days_overdue > 7 then item.parts else 0 end)::bigint as late_7_parts,
    sum(case when item.days_overdue > 30 then item.parts else 0 end)::bigint as late_30_parts
  from marts.behaviour_open as item
  cross join params.behaviour as setting
  inner join params.payment_score as score on least(item.days_overdue, setting.last_scored_day) = score.days_late
  group by item.period_end, item.company_id, item.customer_id
),
total as (
  select
    period.period_end, member.company_id, member.customer_id, member.first_day,
    sum(settled.index_local) over past as index_local, sum(settled.index_points) over past as index_points,
    sum(settled.paid_local) over past as paid_local, sum(settled.paid_days) over past as paid_days,
    sum(settled.recent_local) over past as recent_local, sum(settled.recent_days) over past as recent_days,
    sum(settled.late_30_local) over past as late_30_local, sum(settled.loss_local) over past as loss_local,
    sum(settled.late_parts) over past as late_parts, sum(settled.late_7_parts) over past as late_7_parts, sum(settled.late_30_parts) over past as late_30_parts,
    sum(balance.items) over past as items, sum(balance.open_local) over past as open_local,
    sum(balance.purchases_local) over past as purchases_local, sum(balance.recent_purchases_local) over past as recent_purchases_local
  from member
  inner join marts.period as period on member.company_id = period.company_id and period.is_told
  left join marts.behaviour_settled as settled
    on member.company_id = settled.company_id and member.customer_id = settled.customer_id and period.period_end = settled.period_end
  left join marts.behaviour_balance as balance
    on member.company_id = balance.company_id and member.customer_id = balance.customer_id and period.period_end = balance.period_end
  window past as (partition by member.company_id, member.customer_id order by period.period_end rows between unbounded preceding and current row)
)
select
  total.period_end, total.company_id, total.customer_id, total.first_day,
  (coalesce(total.index_local, 0) + coalesce(late.index_local, 0))::decimal(22, 4) as index_local,
  (coalesce(total.index_points, 0) + coalesce(late.index_points, 0))::decimal(36, 12) as index_points,
  (coalesce(total.paid_local, 0) + coalesce(late.index_local, 0))::decimal(22, 4) as paid_local,
  (coalesce(total.paid_days, 0) + coalesce(late.open_days, 0))::decimal(30, 4) as paid_days,
  (coalesce(total.recent_local, 0) + coalesce(late.recent_local, 0))::decimal(22, 4) as recent_local,
  (coalesce(total.recent_days, 0) + coalesce(late.recent_days, 0))::decimal(30, 4) as recent_days,
  (coalesce(total.late_30_local, 0) + coalesce(late.late_30_local, 0))::decimal(22, 4) as late_30_local,
  coalesce(total.loss_local, 0)::decimal(18, 4) as loss_local,
  (coalesce(total.late_parts, 0) + coalesce(late.late_parts, 0))::bigint as late_parts,
  (coalesce(total.late_7_parts, 0) + coalesce(late.late_7_parts, 0))::bigint as late_7_parts,
  (coalesce(total.late_30_parts, 0) + coalesce(late.late_30_parts, 0))::bigint as late_30_parts,
  (coalesce(total.items, 0) + coalesce(late.older_items, 0))::bigint as items,
  coalesce(total.open_local, 0)::decimal(18, 4) as open_local, coalesce(late.overdue_local, 0)::decimal(18, 4) as overdue_local,
  coalesce(late.over_90_local, 0)::decimal(18, 4) as over_90_local,
  coalesce(total.purchases_local, 0)::decimal(18, 4) as purchases_local, coalesce(total.recent_purchases_local, 0)::decimal(18, 4) as recent_purchases_local,
  greatest(coalesce(late.max_days_late, 0), coalesce(past.max_days_late, 0))::integer as max_days_late
from total
left join late on total.period_end = late.period_end and total.company_id = late.company_id and total.customer_id = late.customer_id
left join marts.behaviour_latest as past
  on total.period_end = past.period_end and total.company_id = past.company_id and total.customer_id = past.customer_id
where total.first_day <= total.period_end
