-- One row per person who left a customer, or change a collector reported that no record explains, where somebody left without a successor, or more than one thing changed within some days
-- (marts.customer_change); one person followed by another is ordinary. A sign (detectors/detector.py).
with told as (
  select company_id, customer_id, subject, min(seen_on) as seen_on from marts.customer_change
  where field = 'unknown' or (field = 'contact' and (is_repeated or code = 'person_gone'))
  group by company_id, customer_id, subject
)
select
  change.company_id, change.customer_id, change.subject, change.code, change.severity, greatest(change.seen_on, told.seen_on) as seen_on, greatest(change.seen_on, told.seen_on) as until,
  change.item_id, change.other_id, change.day, change.other_day, change.measured, null::decimal(18, 4) as usual, change.amount_local, change.word, change.other_word
from marts.customer_change as change
inner join told on change.company_id = told.company_id and change.customer_id = told.customer_id and change.subject = told.subject
