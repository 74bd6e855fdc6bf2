-- One row per promise of a customer to pay and period end of the twelve months after it fell due, as known by then: is_kept, whether receipts between the day it was made and some days
-- after the one promised (a setting) reach the amount; any receipt will do where none was named.
with promise as (
  select
    company_id, customer_id, log_id, max(logged_at::date) as made_on, max(promised_date) as promised_date, max(promised_amount) as promised_amount,
    max(currency) as currency, min(recorded_day(recorded_at, extract_as_of)) as recorded_on
  from lake.collection_log
  where entry_kind = 'promise' and promised_date is not null
  group by company_id, customer_id, log_id
),
due as (
  select period.period_end, promise.*, (promise.promised_date + setting.promise_grace_days)::date as due_on
  from promise
  cross join params.behaviour as setting
  inner join marts.period as period
    on promise.company_id = period.company_id and period.is_told
    and greatest(promise.promised_date + setting.promise_grace_days, promise.recorded_on) < period.period_end
    and promise.promised_date + to_months(12) > period.period_end
),
came as (
  select
    due.period_end, due.company_id, due.customer_id, due.log_id, due.promised_amount, count(receipt.payment_id)::bigint as receipts,
    coalesce(sum(case when due.currency is null then receipt.amount_local else receipt.amount_doc end), 0) as received
  from due
  left join marts.behaviour_receipt as receipt
    on due.company_id = receipt.company_id and due.customer_id = receipt.customer_id and receipt.counts_from between due.made_on and due.due_on
    and (due.currency is null or due.currency = receipt.currency) and counts_on(due.period_end, receipt.known_from, receipt.known_until)
    and receipt.amount_local > 0
  group by due.period_end, due.company_id, due.customer_id, due.log_id, due.promised_amount
)
select
  period_end, company_id, customer_id, log_id, case when promised_amount is null then receipts > 0 else received >= promised_amount end as is_kept
from came
