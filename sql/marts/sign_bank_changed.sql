-- One row per record that tells that a customer's bank account was replaced, or that it pays from one that is not on file (marts.customer_change). A sign (detectors/detector.py). measured:
-- receipts from an account not on file, amount_local: their sum, ledger currency.
select
  company_id, customer_id, subject, code, severity, seen_on, case when source = 'receipt' then other_day else seen_on end as until,
  item_id, other_id, day, other_day, measured, null::decimal(18, 4) as usual, amount_local, word, other_word
from marts.customer_change
where field = 'bank'
