-- One row per customer with something open at the as-of date or at the month end before it (since): what it owes and what of it is overdue, and what it owed and had
-- overdue then. Ledger currency, before anything unapplied; overdue goes by the due date. No row of a company that tells no such month end.
with before as (
  select company_id, max(period_end) as since
  from marts.period
  where is_told and not is_as_of
  group by company_id
),
item as (
  select
    item.company_id, item.customer_id, before.since, item.period_end = getvariable('as_of') as is_now,
    case when item.bucket = 'unapplied' then 0 else item.open_local end as owed,
    case when is_overdue(item.bucket, item.days_overdue) then item.open_local else 0 end as overdue
  from marts.period_item as item
  inner join before on item.company_id = before.company_id
  where item.period_end = getvariable('as_of') or item.period_end = before.since
)
select
  getvariable('as_of') as as_of, company_id, customer_id, since,
  sum(case when is_now then owed else 0 end)::decimal(18, 4) as owed_local,
  sum(case when is_now then overdue else 0 end)::decimal(18, 4) as overdue_local,
  sum(case when is_now then 0 else owed end)::decimal(18, 4) as owed_then_local,
  sum(case when is_now then 0 else overdue end)::decimal(18, 4) as overdue_then_local
from item
group by company_id, customer_id, since
