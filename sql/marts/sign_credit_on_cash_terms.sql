-- One row per delivery to a customer that pays cash whose invoice was not paid within some days (a setting), by who released it (word). day: delivered, other_day: paid (until); measured:
-- days it took, or has taken so far; amount_local: invoiced, ledger currency. subject: the first of the deliveries that follow each other within some days. A sign (detectors/detector.py).
with unpaid as (
  select
    lot.*, setting.amount_high, setting.breaches_high, (lot.asked_from + setting.cash_grace_days + 1)::date as seen_on,
    date_diff('day', lag(lot.delivered_on) over (partition by lot.company_id, lot.customer_id order by lot.delivered_on, lot.delivery_id), lot.delivered_on) <= setting.breach_days as is_continued
  from marts.lot_paid as lot
  cross join params.anomaly_conduct as setting
  where lot.settlement_mode = 'cash' and lot.asked_from + setting.cash_grace_days < coalesce(lot.paid_on, getvariable('as_of'))
),
episode as (
  select
    *,
    sum(case when is_continued then 0 else 1 end) over (
      partition by company_id, customer_id order by delivered_on, delivery_id rows between unbounded preceding and current row
    )::bigint as episode
  from unpaid
),
placed as (
  select
    *, row_number() over (partition by company_id, customer_id, episode order by delivered_on, delivery_id)::bigint as place,
    min(delivered_on) over (partition by company_id, customer_id, episode) as first_day
  from episode
)
select
  company_id, customer_id, 'cash ' || first_day as subject,
  case when released_by is null then 'credit_on_cash_terms' else 'credit_on_cash_terms_released' end as code,
  case when place >= breaches_high or invoiced_local >= amount_high then 'high' else 'medium' end as severity, seen_on, paid_on as until,
  doc_id as item_id, delivery_id as other_id, delivered_on as day, paid_on as other_day,
  date_diff('day', delivered_on, coalesce(paid_on, getvariable('as_of')))::decimal(18, 4) as measured, null::decimal(18, 4) as usual, invoiced_local as amount_local,
  released_by as word, null::varchar as other_word
from placed
