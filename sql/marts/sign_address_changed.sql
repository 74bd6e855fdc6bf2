-- One row per record of a change of address that the master data or a collector tells (marts.customer_change); a move known from outside alone is a sign of relocation. A sign
-- (detectors/detector.py).
with told as (
  select company_id, customer_id, subject, min(seen_on) as seen_on from marts.customer_change
  where field = 'address' and source in ('customer', 'log')
  group by company_id, customer_id, subject
)
select
  change.company_id, change.customer_id, change.subject, change.code, change.severity, greatest(change.seen_on, told.seen_on) as seen_on, greatest(change.seen_on, told.seen_on) as until,
  change.item_id, change.other_id, change.day, change.other_day, change.measured, null::decimal(18, 4) as usual, change.amount_local, change.word, change.other_word
from marts.customer_change as change
inner join told on change.company_id = told.company_id and change.customer_id = told.customer_id and change.subject = told.subject
