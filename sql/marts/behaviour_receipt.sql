-- One row per receipt that ever counts: known from known_from, when it counted and had been told, until known_until (NULL: for good), when it was taken back and that had been told.
with telling as (
  select company_id, payment_id, recorded_day(recorded_at, extract_as_of) as told_on
  from lake.payment
  where is_first
  union all
  select company_id, company_id || ':' || row_key, max(told_on)
  from entries.item_told
  where entity = 'payment'
  group by company_id, row_key
),
reversal as (
  select company_id, payment_id, min(recorded_day(recorded_at, extract_as_of)) as told_on
  from lake.payment
  where reversal_date is not null
  group by company_id, payment_id
)
select
  payment.company_id, payment.customer_id, payment.payment_id, payment.kind, payment.state, payment.instrument_no, payment.currency, payment.amount_doc, payment.amount_local, payment.counts_from,
  greatest(payment.counts_from, telling.told_on) as known_from,
  case when payment.counts_until is not null then greatest(payment.counts_until, reversal.told_on) end as known_until
from core.payment as payment
left join telling on payment.company_id = telling.company_id and payment.payment_id = telling.payment_id
left join reversal on payment.company_id = reversal.company_id and payment.payment_id = reversal.payment_id
where payment.counts_from is not null
