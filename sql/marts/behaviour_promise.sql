-- One row per promise of a customer to pay and period end of the twelve months after it fell due, as known by then: is_kept, whether receipts between the day it was made and some days
-- after the one promised (a setting) reach the amount; any receipt will do where none was named.
with due as (
  select period.period_end, promise.company_id, promise.customer_id, promise.log_id, promise.promised_amount
  from marts.promise as promise
  inner join marts.period as period
    on promise.company_id = period.company_id and period.is_told and greatest(promise.due_on, promise.recorded_on) < period.period_end
    and promise.promised_date + to_months(12) > period.period_end
)
select due.period_end, due.company_id, due.customer_id, due.log_id, promise_is_kept(due.promised_amount, count(receipt.payment_id)::bigint, sum(receipt.received)) as is_kept
from due
left join marts.promise_receipt as receipt
  on due.company_id = receipt.company_id and due.log_id = receipt.log_id and counts_on(due.period_end, receipt.known_from, receipt.known_until)
group by due.period_end, due.company_id, due.customer_id, due.log_id, due.promised_amount
