-- One row per request of a customer to pay later (kind deferral) or in parts (instalments), from the collection log and the register of concessions, told once where both tell it: asked_on,
-- the document it was about (NULL: the account), the day it was granted (NULL: not) and the amount, document currency. record_id: the concession, else the log entry.
with register as (
  select company_id, customer_id, kind, requested as asked_on, doc_id, concession_id as record_id, granted, amount_doc
  from core.concession
  where kind in ('deferral', 'instalments') and requested <= getvariable('as_of')
),
logged as (
  select
    log.company_id, log.customer_id, case log.entry_kind when 'deferral_request' then 'deferral' else 'instalments' end as kind, log.logged_at::date as asked_on, log.doc_id,
    log.log_id::varchar as record_id
  from core.collection_log as log
  where log.entry_kind in ('deferral_request', 'instalment_request') and log.logged_at::date <= getvariable('as_of')
),
-- a request to pay less is logged as one to pay in parts: what the register knows of that day and document is told there
alone as (
  select logged.*, null::date as granted, null::decimal(18, 4) as amount_doc
  from logged
  left join core.concession as told
    on logged.company_id = told.company_id and logged.customer_id = told.customer_id and logged.asked_on = told.requested
    and coalesce(logged.doc_id, '') = coalesce(told.doc_id, '')
  where told.concession_id is null
)
select * from register
union all by name
select * from alone
