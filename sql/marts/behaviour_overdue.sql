-- One row per instalment of a debt that was overdue at a month end or is at the as-of date: overdue from from_day until until_day (NULL: still), as known then; touched_on: when something of it was
-- first known to be taken. amount_local: ledger currency, positive.
with closing as (
  select
    company_id, doc_id, seq, sum(case when known_until is null then amount_local else 0 end) as taken_local,
    max(greatest(known_from, coalesce(known_until, known_from))) as settled_on, min(known_from) as touched_on
  from marts.behaviour_piece
  group by company_id, doc_id, seq
),
late as (
  select
    debt.company_id, debt.customer_id, debt.doc_id, debt.seq, debt.due_date, debt.amount_local, closing.touched_on, greatest(debt.due_date + 1, debt.known_from) as from_day,
    case when closing.taken_local >= debt.amount_local then at_most(closing.settled_on, debt.known_until) else debt.known_until end as until_day
  from marts.behaviour_debt as debt
  left join closing on debt.company_id = closing.company_id and debt.doc_id = closing.doc_id and debt.seq = closing.seq
)
select * from late
where from_day <= getvariable('as_of') and (until_day is null or least(last_day(from_day), getvariable('as_of')) < until_day)
