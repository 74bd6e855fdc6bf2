-- One row per customer and day on which it went bad as back-tests count it: an amount of its debt that counts (settings) over 90 days late at a month end, something written off, insolvency or
-- closure. Known from known_from until known_until (NULL: for good), when a write-off had come to nothing.
select company_id, customer_id, period_end as day, period_end as known_from, cast(null as date) as known_until
from marts.hard_event
where event = 'overdue_90'
union
select company_id, customer_id, (period_end - days_since)::date, (period_end - days_since)::date, cast(null as date)
from marts.hard_event
where event in ('insolvency', 'closure')
union
select company_id, customer_id, (due_date + days_late)::date, known_from, known_until
from marts.behaviour_piece
where cause = 2
