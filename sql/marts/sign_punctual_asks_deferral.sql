-- One row per request to pay later of a customer that paid punctually before, where several follow each other (marts.favour_of_punctual). measured: which of them it is; usual: its payment
-- index of the months before, 0 to 100. A sign (detectors/detector.py).
select
  company_id, customer_id, subject,
  case when doc_id is null then 'punctual_asks_deferral' else 'punctual_asks_deferral_of_document' end as code,
  case when place > 2 then 'high' else 'medium' end as severity, greatest(asked_on, sign_on) as seen_on, greatest(asked_on, sign_on) as until,
  record_id as item_id, doc_id as other_id, asked_on as day, null::date as other_day, place::decimal(18, 4) as measured, payment_index as usual,
  null::decimal(18, 4) as amount_local, null::varchar as word, null::varchar as other_word
from marts.favour_of_punctual
where kind = 'deferral' and sign_on is not null
