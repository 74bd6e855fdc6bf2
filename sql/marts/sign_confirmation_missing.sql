-- One row per time a customer that owed money then did not confirm its balance in writing although it should have (marts.confirmation_missed). measured: statements unanswered one after
-- another; amount_local: owed on the day whose balance is meant, ledger currency, told of the first of them. until: the day it was plain, where nothing is owed any more. A sign
-- (detectors/detector.py).
select
  missed.company_id, missed.customer_id, missed.subject,
  case when missed.cause = 'change' then 'confirmation_missing_after_change' when missed.repeats > 1 then 'confirmation_missing_again' else 'confirmation_missing' end as code,
  case
    when missed.cause = 'change' and owed.owed_local >= setting.amount_high then 'high'
    when missed.cause = 'change' or missed.repeats > 1 then 'medium'
    else 'low'
  end as severity,
  missed.missed_on as seen_on,
  case when now.owed_local < setting.confirm_amount_min then missed.missed_on else missed.until end as until,
  missed.item_id, null::varchar as other_id, missed.day, missed.confirmed_on as other_day,
  missed.repeats::decimal(18, 4) as measured, null::decimal(18, 4) as usual, case when missed.repeats = 1 then owed.owed_local end as amount_local, null::varchar as word, null::varchar as other_word
from marts.confirmation_missed as missed
cross join params.anomaly_conduct as setting
inner join marts.owed_then as owed on missed.company_id = owed.company_id and missed.customer_id = owed.customer_id and missed.owed_on = owed.day
inner join marts.owed_then as now on missed.company_id = now.company_id and missed.customer_id = now.customer_id and now.day = getvariable('as_of')
where owed.owed_local >= setting.confirm_amount_min
