-- One row per open instalment, unallocated credit note or unapplied receipt at the as-of date. open_doc in document, open_local in ledger currency at the
-- booking rate, both signed. days_overdue: negative before the due date, 0 on it, NULL without one.
select
  period_end as as_of,
  * exclude (period_end)
from marts.period_item
where period_end = getvariable('as_of')
