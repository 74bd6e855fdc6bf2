-- One row per receipt that ever counts: known from known_from, when it counted and had been told, until known_until (NULL: for good), when it was taken back and that had been told.
with told as (
  select
    company_id, payment_id, min(recorded_day(recorded_at, extract_as_of)) as recorded_on,
    min(case when reversal_date is not null then recorded_day(recorded_at, extract_as_of) end) as end_recorded_on
  from lake.payment
  group by company_id, payment_id
)
select
  payment.company_id, payment.customer_id, payment.payment_id, payment.kind, payment.state, payment.instrument_no, payment.currency, payment.amount_doc, payment.amount_local, payment.counts_from,
  greatest(payment.counts_from, told.recorded_on) as known_from,
  case when payment.counts_until is not null then greatest(payment.counts_until, told.end_recorded_on) end as known_until
from core.payment as payment
left join told on payment.company_id = told.company_id and payment.payment_id = told.payment_id
where payment.counts_from is not null
