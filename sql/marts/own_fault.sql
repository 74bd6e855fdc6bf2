-- One row per fault of our own that a customer may hold against us, up to the as-of date: source (dispute of a reason that our departments settle, excuse of that kind about a document
-- without such a dispute, benefit due and neither given nor withheld, service_issue), opened, closed_on (NULL: open) and open_from, the day from which it is open too long (settings). what:
-- the reason or kind; department: whose it is. doc_id: the document it is about (NULL: none named). amount_local: what is disputed or due, ledger currency, positive (NULL: no amount).
with dispute as (
  select
    dispute.company_id, document.customer_id, dispute.dispute_id, dispute.doc_id, dispute.opened, case when dispute.closed <= getvariable('as_of') then dispute.closed end as closed_on,
    dispute.reason_code, dispute.owner, prorate(coalesce(abs(dispute.amount_doc), document.amount_doc), document.amount_local, document.amount_doc) as amount_local
  from core.dispute as dispute
  cross join params.anomaly_conduct as setting
  inner join core.document as document on dispute.company_id = document.company_id and dispute.doc_id = document.doc_id and document.amount_doc > 0
  where dispute.opened <= getvariable('as_of') and list_contains(setting.fault_reasons, dispute.reason_code)
),
excuse as (
  select log.company_id, log.customer_id, log.doc_id, min(log.log_id) as log_id, min(log.logged_at::date) as opened, min_by(log.excuse_code, log.log_id) as excuse_code
  from core.collection_log as log
  inner join params.excuse_kind as kind on log.excuse_code = kind.excuse_code and kind.excuse_kind = 'our_fault'
  where log.entry_kind = 'excuse' and log.doc_id is not null and log.logged_at::date <= getvariable('as_of')
  group by log.company_id, log.customer_id, log.doc_id
),
every as (
  select
    company_id, customer_id, 'dispute' as source, dispute_id as fault_id, doc_id, opened, closed_on, coalesce(reason_code, 'dispute') as what, owner as department, amount_local
  from dispute
  union all
  select excuse.company_id, excuse.customer_id, 'excuse', excuse.log_id::varchar, excuse.doc_id, excuse.opened, null, excuse.excuse_code, null, null
  from excuse
  left join (select distinct company_id, doc_id from dispute) as disputed on excuse.company_id = disputed.company_id and excuse.doc_id = disputed.doc_id
  where disputed.doc_id is null
  union all
  select
    benefit.company_id, benefit.customer_id, 'benefit', benefit.benefit_id, null, benefit.due,
    case when least(benefit.paid, benefit.withheld) <= getvariable('as_of') then least(benefit.paid, benefit.withheld) end,
    benefit.kind, null, benefit.amount_local
  from core.benefit_ledger as benefit
  cross join params.anomaly_conduct as setting
  where benefit.due <= getvariable('as_of') and benefit.amount_local > 0 and list_contains(setting.fault_benefits, benefit.kind)
  union all
  select
    company_id, customer_id, 'service_issue', issue_id, doc_id, opened, case when closed <= getvariable('as_of') then closed end, coalesce(kind, 'service'), department, null
  from core.service_issue
  where opened <= getvariable('as_of')
)
select
  every.company_id, every.customer_id, every.source, every.fault_id, every.doc_id, every.opened, every.closed_on,
  (every.opened + case when every.source = 'service_issue' then setting.service_days else setting.fault_days end)::date as open_from,
  every.what, coalesce(every.department, '') as department, every.amount_local::decimal(18, 4) as amount_local
from every
cross join params.anomaly_conduct as setting
