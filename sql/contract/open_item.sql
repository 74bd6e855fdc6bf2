-- One row per company with open items: rows beyond one per item and instalment, and how many days its due dates lie after and before the as-of date.
with keyed as (
  select company_id, item_kind, item_id, seq, count(*)::bigint as told, max(as_of) as as_of, min(due_date) as first_due, max(due_date) as last_due
  from marts.open_item
  group by company_id, item_kind, item_id, seq
)
select
  company_id, null::varchar as currency,
  (sum(told) - count(*)::bigint)::bigint as repeated_keys,
  date_diff('day', max(as_of), max(last_due)) as due_ahead_days,
  date_diff('day', min(first_due), max(as_of)) as due_behind_days
from keyed
group by company_id
order by company_id
