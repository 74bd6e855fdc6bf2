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
    round(1000000 * (piece.amount_local::double / debt.amount_local))::bigint as parts
  from marts.behaviour_piece as piece
  inner join marts.behaviour_debt as debt on piece.company_id = debt.company_id and piece.doc_id = debt.doc_id and piece.seq = debt.seq
  cross join params.behaviour as setting
  left join params.payment_score as score on greatest(least(piece.days_late, setting.last_scored_day), setting.first_scored_day) = score.days_late
  where piece.cause in (1, 2, 4)
),
stretch as (
  select
    company_id, customer_id, from_day, least(recent_until, known_until) as recent_until, least(window_until, known_until) as window_until,
    amount_local as index_local, amount_local::decimal(22, 4) * score as index_points,
    case when cause <> 2 then amount_local else 0 end as paid_local,
    case when cause <> 2 then amount_local::decimal(26, 4) * days_late else 0 end as paid_days,
    case when cause = 2 or days_late > 30 then amount_local else 0 end as late_30_local,
    case when cause = 2 then amount_local else 0 end as loss_local,
    case when cause = 2 or days_late > 0 then parts else 0 end as late_parts,
    case when cause = 2 or days_late > 7 then parts else 0 end as late_7_parts,
    case when cause = 2 or days_late > 30 then parts else 0 end as late_30_parts
  from piece
  where window_until > from_day and (known_until is null or known_until > from_day)
),
event as (
  select *, from_day as day, 1 as whole, case when recent_until > from_day then 1 else 0 end as recent from stretch
  union all
  select *, recent_until, 0, -1 from stretch where recent_until > from_day
  union all
  select *, window_until, -1, 0 from stretch
)
select
  event.company_id, event.customer_id, period_of(event.day, first_period.period_end, getvariable('as_of')) as period_end,
  sum(event.whole * event.index_local) as index_local, sum(event.whole * event.index_points) as index_points,
  sum(event.whole * event.paid_local) as paid_local, sum(event.whole * event.paid_days) as paid_days,
  sum(event.recent * event.paid_local) as recent_local, sum(event.recent * event.paid_days) as recent_days,
  sum(event.whole * event.late_30_local) as late_30_local, sum(event.whole * event.loss_local) as loss_local,
  sum(event.whole * event.late_parts)::bigint as late_parts, sum(event.whole * event.late_7_parts)::bigint as late_7_parts,
  sum(event.whole * event.late_30_parts)::bigint as late_30_parts
from event
inner join (select company_id, min(period_end) as period_end from marts.period where is_told group by company_id) as first_period
  on event.company_id = first_period.company_id
where event.day <= getvariable('as_of')
group by event.company_id, event.customer_id, period_of(event.day, first_period.period_end, getvariable('as_of'))
