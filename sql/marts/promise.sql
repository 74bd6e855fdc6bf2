-- One row per promise of a customer to pay by a day: made_on, promised_date, and due_on, the last day on which money still keeps it (a setting); promised_amount in `currency` (NULL: the
-- ledger's), positive, NULL where none was named; recorded_on: the day by which it had been told.
select
  told.company_id, told.customer_id, told.log_id, max(told.doc_id) as doc_id, max(told.logged_at::date) as made_on, max(told.promised_date) as promised_date,
  (max(told.promised_date) + max(setting.promise_grace_days))::date as due_on, max(told.promised_amount) as promised_amount, max(told.currency) as currency,
  min(recorded_day(told.recorded_at, told.extract_as_of)) as recorded_on
from lake.collection_log as told
cross join params.behaviour as setting
where told.entry_kind = 'promise' and told.promised_date is not null
group by told.company_id, told.customer_id, told.log_id
