-- One row per customer and period end at which a settled piece of the months before (a setting says how many) was late: max_days_late, of the latest.
with piece as (
  select
    piece.company_id, piece.customer_id, piece.days_late, first_period.period_end as first_period, greatest(piece.due_date, piece.known_from) as from_day,
    least((piece.due_date + to_months(setting.window_months))::date, piece.known_until) as until_day
  from marts.behaviour_piece as piece
  cross join params.behaviour as setting
  inner join (select company_id, min(period_end) as period_end from marts.period where is_told group by company_id) as first_period
    on piece.company_id = first_period.company_id
  where piece.cause in (1, 2, 4) and piece.days_late > 0
),
cell as (
  select
    company_id, customer_id, period_of(from_day, first_period, getvariable('as_of')) as from_period,
    case when until_day <= getvariable('as_of') then period_of(until_day, first_period, getvariable('as_of')) end as until_period, max(days_late) as days_late
  from piece
  where from_day <= getvariable('as_of') and until_day > from_day
  group by
    company_id, customer_id, period_of(from_day, first_period, getvariable('as_of')),
    case when until_day <= getvariable('as_of') then period_of(until_day, first_period, getvariable('as_of')) end
)
select period.period_end, cell.company_id, cell.customer_id, max(cell.days_late)::integer as max_days_late
from cell
inner join marts.period as period
  on cell.company_id = period.company_id and period.is_told and period.period_end >= cell.from_period
  and (cell.until_period is null or period.period_end < cell.until_period)
group by period.period_end, cell.company_id, cell.customer_id
