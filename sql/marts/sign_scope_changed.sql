-- One row per record that tells that a customer's line of business changed (marts.customer_change). A sign (detectors/detector.py).
select
  company_id, customer_id, subject, code, severity, seen_on, seen_on as until, item_id, other_id, day, other_day, measured, null::decimal(18, 4) as usual, amount_local, word, other_word
from marts.customer_change
where field = 'scope'
