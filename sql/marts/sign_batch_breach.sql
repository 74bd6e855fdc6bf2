-- One row per delivery to a customer that pays batch for batch, made while a lot delivered and invoiced before was still unpaid some days later (a setting): item_id the invoice of the lot,
-- other_id the oldest unpaid one; day and other_day: when each was delivered; until: the day the earlier lots were paid. amount_local: invoiced with the new lot, ledger currency; measured:
-- how many lots were unpaid; word: who released the delivery. subject: the first of the deliveries that follow each other within some days. A sign (detectors/detector.py).
with lot as (
  select * from marts.lot_paid where settlement_mode = 'batch_for_batch'
),
breach as (
  select
    lot.company_id, lot.customer_id, lot.delivery_id, lot.doc_id, lot.delivered_on, lot.released_by, lot.invoiced_local, (lot.delivered_on + setting.batch_grace_days)::date as seen_on,
    setting.amount_high, setting.breaches_high, setting.breach_days,
    min_by(early.doc_id, (early.delivered_on, early.delivery_id)) as early_doc_id, min(early.delivered_on) as early_on, count(*)::bigint as lots,
    sum(early.invoiced_local)::decimal(18, 4) as unpaid_local, case when bool_or(early.paid_on is null) then null else max(early.paid_on) end as paid_on
  from lot
  cross join params.anomaly_conduct as setting
  inner join lot as early
    on lot.company_id = early.company_id and lot.customer_id = early.customer_id and early.delivered_on < lot.delivered_on and early.doc_date < lot.doc_date
    and coalesce(early.paid_on > greatest(lot.delivered_on, early.asked_from) + setting.batch_grace_days, early.asked_from + setting.batch_grace_days < getvariable('as_of'))
  where lot.delivered_on + setting.batch_grace_days <= getvariable('as_of')
  group by
    lot.company_id, lot.customer_id, lot.delivery_id, lot.doc_id, lot.delivered_on, lot.released_by, lot.invoiced_local,
    setting.batch_grace_days, setting.amount_high, setting.breaches_high, setting.breach_days
),
stretch as (
  select
    *, date_diff('day', lag(delivered_on) over (partition by company_id, customer_id order by delivered_on, delivery_id), delivered_on) <= breach_days as is_continued
  from breach
),
episode as (
  select
    *,
    sum(case when is_continued then 0 else 1 end) over (
      partition by company_id, customer_id order by delivered_on, delivery_id rows between unbounded preceding and current row
    )::bigint as episode
  from stretch
),
placed as (
  select
    *, row_number() over (partition by company_id, customer_id, episode order by delivered_on, delivery_id)::bigint as place,
    min(delivered_on) over (partition by company_id, customer_id, episode) as first_day
  from episode
)
select
  company_id, customer_id, 'lot ' || first_day as subject,
  case when released_by is null then 'batch_breach' else 'batch_breach_released' end as code,
  case when place >= breaches_high or unpaid_local + invoiced_local >= amount_high then 'high' else 'medium' end as severity, seen_on, paid_on as until,
  doc_id as item_id, early_doc_id as other_id, delivered_on as day, early_on as other_day,
  lots::decimal(18, 4) as measured, null::decimal(18, 4) as usual, invoiced_local as amount_local, released_by as word, null::varchar as other_word
from placed
