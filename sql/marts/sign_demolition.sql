-- One row per outside event by which a customer lost its premises to their demolition (marts.event_told). measured: its confidence, a share of 1; amount_local: what the customer owed on
-- that day, ledger currency (NULL: another source tells of it again). A sign (detectors/detector.py).
select
  event.company_id, event.customer_id, event.subject, case when event.place = 1 then 'demolition' else 'event_told_again' end as code,
  case when owed.owed_local >= setting.amount_high then 'high' else 'medium' end as severity, event.day as seen_on, event.day as until,
  event.event_id as item_id, null::varchar as other_id, event.day, null::date as other_day, event.confidence as measured, null::decimal(18, 4) as usual,
  case when event.place = 1 then owed.owed_local end as amount_local, event.told_by as word, event.what as other_word
from marts.event_told as event
cross join params.anomaly_conduct as setting
inner join marts.owed_then as owed on event.company_id = owed.company_id and event.customer_id = owed.customer_id and event.day = owed.day
where event.kind = 'demolition'
