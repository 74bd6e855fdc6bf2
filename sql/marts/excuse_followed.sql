-- One row per customer, excuse and day on which it gave it for not paying (collection log), faults of our own left out, once the days are over in which money may show that it held
-- (until_day; a setting): is_followed, whether money of the customer came in them. excuse_kind: what the excuse says (NULL: the settings do not name it). log_id: the first entry of the day.
with excuse as (
  select
    log.company_id, log.customer_id, log.excuse_code, kind.excuse_kind, log.logged_at::date as day, (log.logged_at::date + setting.excuse_paid_days)::date as until_day, min(log.log_id) as log_id
  from core.collection_log as log
  cross join params.anomaly_conduct as setting
  left join params.excuse_kind as kind on log.excuse_code = kind.excuse_code
  where log.entry_kind = 'excuse' and log.excuse_code is not null and log.logged_at::date + setting.excuse_paid_days < getvariable('as_of')
    and coalesce(kind.excuse_kind, '') <> 'our_fault'
  group by log.company_id, log.customer_id, log.excuse_code, kind.excuse_kind, log.logged_at::date, setting.excuse_paid_days
),
paid as (
  select distinct excuse.company_id, excuse.log_id
  from excuse
  inner join core.payment as receipt
    on excuse.company_id = receipt.company_id and excuse.customer_id = receipt.customer_id and receipt.pay_date between excuse.day and excuse.until_day
    and receipt.amount_local > 0 and counts_on(getvariable('as_of'), receipt.counts_from, receipt.counts_until)
)
select excuse.company_id, excuse.customer_id, excuse.log_id, excuse.excuse_code, excuse.excuse_kind, excuse.day, excuse.until_day, paid.log_id is not null as is_followed
from excuse
left join paid on excuse.company_id = paid.company_id and excuse.log_id = paid.log_id
