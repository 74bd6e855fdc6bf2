-- One row per customer and period end: how the sums over its settled pieces of debts due in the months before (settings say how many) change with that period. *_local: ledger
-- currency. index_local, index_points: the weight of cash, transfers and losses, and weight times score; paid_local, paid_days: of cash and transfers alone, with days beyond
-- terms; recent_*: the same of the last months due; late_30_local: later than 30 days, losses always; loss_local: written off; late_parts, late_7_parts, late_30_parts: millionths of instalments
-- later than so many days.
with piece as (
  select
    piece.company_id, piece.customer_id, piece.amount_local, piece.cause, piece.days_late, piece.known_until,
    greatest(piece.due_date, piece.known_from) as from_day,
    (piece.due_date + to_months(setting.window_months))::date as window_until,
    (piece.due_date + to_months(setting.recent_months))::date as recent_until,
    case when piece.cause = 2 then setting.loss_score else score.score end as score,
    round(1000000 * (piece.amount_local::double / piece.instalment_local))::bigint as parts
  from marts.behaviour_piece as piece
  cross join params.behaviour as setting
  left join params.payment_score as score on greatest(least(piece.days_late, setting.last_scored_day), setting.first_scored_day) = score.days_late
  where piece.cause in (1, 2, 4)
),
stretch as (
  select
    piece.*, least(piece.recent_until, piece.known_until) as recent_end, least(piece.window_until, piece.known_until) as window_end, first_period.period_end as first_period
  from piece
  inner join (select company_id, min(period_end) as period_end from marts.period where is_told group by company_id) as first_period
    on piece.company_id = first_period.company_id
  where piece.window_until > piece.from_day and (piece.known_until is null or piece.known_until > piece.from_day) and piece.from_day <= getvariable('as_of')
),
placed as (
  select
    *, period_of(from_day, first_period, getvariable('as_of')) as from_period,
    case when recent_end <= getvariable('as_of') then period_of(greatest(recent_end, from_day), first_period, getvariable('as_of')) end as recent_period,
    case when window_end <= getvariable('as_of') then period_of(window_end, first_period, getvariable('as_of')) end as window_period
  from stretch
),
summed as (
  select
    company_id, customer_id, from_period, recent_period, window_period,
    sum(amount_local) as index_local, sum(amount_local::decimal(22, 4) * score) as index_points,
    sum(case when cause <> 2 then amount_local else 0 end) as paid_local,
    sum(case when cause <> 2 then amount_local::decimal(26, 4) * days_late else 0 end) as paid_days,
    sum(case when cause = 2 or days_late > 30 then amount_local else 0 end) as late_30_local,
    sum(case when cause = 2 then amount_local else 0 end) as loss_local,
    sum(case when cause = 2 or days_late > 0 then parts else 0 end) as late_parts,
    sum(case when cause = 2 or days_late > 7 then parts else 0 end) as late_7_parts,
    sum(case when cause = 2 or days_late > 30 then parts else 0 end) as late_30_parts
  from placed
  where window_period is null or window_period > from_period
  group by company_id, customer_id, from_period, recent_period, window_period
),
event as (
  select *, from_period as period_end, 1 as whole, 1 as recent from summed
  union all
  select *, recent_period, 0, -1 from summed where recent_period is not null
  union all
  select *, window_period, -1, 0 from summed where window_period is not null
)
select
  company_id, customer_id, period_end,
  sum(whole * index_local) as index_local, sum(whole * index_points) as index_points,
  sum(whole * paid_local) as paid_local, sum(whole * paid_days) as paid_days,
  sum(recent * paid_local) as recent_local, sum(recent * paid_days) as recent_days,
  sum(whole * late_30_local) as late_30_local, sum(whole * loss_local) as loss_local,
  sum(whole * late_parts)::bigint as late_parts, sum(whole * late_7_parts)::bigint as late_7_parts,
  sum(whole * late_30_parts)::bigint as late_30_parts
from event
group by company_id, customer_id, period_end
