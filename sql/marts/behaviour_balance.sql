-- One row per customer and period end: how what it owes and what it buys change with that period, as known by then. items: instalments due in the months before (a setting says
-- how many); open_local: debts not yet taken, due or not, ledger currency; purchases_local: invoices and credit notes of the last twelve months, recent_purchases_local: of the last
-- three; first_day: when the first debt became known.
with bought as (
  select company_id, customer_id, amount_local, known_from, least((counts_from + to_months(12))::date, known_until) as year_until, least((counts_from + to_months(3))::date, known_until) as quarter_until
  from marts.behaviour_document
  where is_sale(kind)
),
due as (
  select
    debt.company_id, debt.customer_id, greatest(debt.due_date, debt.known_from) as from_day,
    least((debt.due_date + to_months(setting.window_months))::date, debt.known_until) as until_day
  from marts.behaviour_debt as debt
  cross join params.behaviour as setting
),
event as (
  select company_id, customer_id, known_from as day, 0 as items, amount_local as open_local, 0 as year_local, 0 as quarter_local, known_from as first_day from marts.behaviour_debt
  union all
  select company_id, customer_id, known_until, 0, -amount_local, 0, 0, null from marts.behaviour_debt where known_until is not null
  union all
  select company_id, customer_id, known_from, 0, -amount_local, 0, 0, null from marts.behaviour_piece
  union all
  select company_id, customer_id, known_until, 0, amount_local, 0, 0, null from marts.behaviour_piece where known_until is not null
  union all
  select company_id, customer_id, from_day, 1, 0, 0, 0, null from due where until_day is null or until_day > from_day
  union all
  select company_id, customer_id, until_day, -1, 0, 0, 0, null from due where until_day > from_day
  union all
  select company_id, customer_id, known_from, 0, 0, amount_local, 0, known_from from bought where year_until > known_from
  union all
  select company_id, customer_id, year_until, 0, 0, -amount_local, 0, null from bought where year_until > known_from
  union all
  select company_id, customer_id, known_from, 0, 0, 0, amount_local, null from bought where quarter_until > known_from
  union all
  select company_id, customer_id, quarter_until, 0, 0, 0, -amount_local, null from bought where quarter_until > known_from
)
select
  event.company_id, event.customer_id, period_of(event.day, first_period.period_end, getvariable('as_of')) as period_end,
  sum(event.items)::bigint as items, sum(event.open_local) as open_local, sum(event.year_local) as purchases_local,
  sum(event.quarter_local) as recent_purchases_local, min(event.first_day) as first_day
from event
inner join (select company_id, min(period_end) as period_end from marts.period where is_told group by company_id) as first_period
  on event.company_id = first_period.company_id
where event.day <= getvariable('as_of')
group by event.company_id, event.customer_id, period_of(event.day, first_period.period_end, getvariable('as_of'))
