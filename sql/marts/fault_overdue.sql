-- One row per fault of our own that was open too long (marts.own_fault) while debt was overdue for some days (a setting): of the document it is about, where one is named and it is no matter
-- of service, else of the customer. seen_on: the first such day, last_on: the last one (the as-of date where it lasts: is_lasting); overdue_local: what was overdue on that one, ledger
-- currency, positive; oldest_due: the due date of the oldest of it, doc_id its document.
with fault as (
  select * from marts.own_fault where open_from <= getvariable('as_of') and coalesce(closed_on > open_from, true)
),
debt as (
  select
    document.company_id, document.customer_id, document.doc_id, instalment.due_date, (instalment.due_date + setting.fault_overdue_days)::date as held_from,
    case when leaving.cause <> 0 then coalesce(receipt.pay_date, leaving.exit_date) end as left_on,
    prorate(leaving.part_doc, document.amount_local, document.amount_doc) as part_local
  from (select distinct company_id, customer_id from fault) as customer
  cross join params.anomaly_conduct as setting
  inner join core.document as document
    on customer.company_id = document.company_id and customer.customer_id = document.customer_id and document.amount_doc > 0
    and counts_on(getvariable('as_of'), document.counts_from, document.counts_until)
  inner join core.instalment as instalment
    on document.company_id = instalment.company_id and document.doc_id = instalment.doc_id and instalment.due_date + setting.fault_overdue_days < getvariable('as_of')
  inner join marts.instalment_exit as leaving on instalment.company_id = leaving.company_id and instalment.doc_id = leaving.doc_id and instalment.seq = leaving.seq
  left join core.allocation as allocation on leaving.company_id = allocation.company_id and leaving.allocation_id = allocation.allocation_id
  left join core.payment as receipt on allocation.company_id = receipt.company_id and allocation.from_payment_id = receipt.payment_id
),
beside as (
  select
    fault.company_id, fault.customer_id, fault.source, fault.fault_id, debt.doc_id, debt.due_date, debt.held_from, debt.left_on, debt.part_local,
    greatest(min(debt.held_from + 1) over one, fault.open_from) as seen_on,
    least(fault.closed_on - 1, max(coalesce(debt.left_on - 1, getvariable('as_of'))) over one, getvariable('as_of')) as last_on
  from fault
  inner join debt
    on fault.company_id = debt.company_id and fault.customer_id = debt.customer_id
    and (fault.doc_id is null or fault.source = 'service_issue' or fault.doc_id = debt.doc_id)
    and debt.held_from < coalesce(fault.closed_on - 1, getvariable('as_of')) and coalesce(debt.left_on > greatest(fault.open_from, debt.held_from + 1), true)
  window one as (partition by fault.company_id, fault.source, fault.fault_id)
)
select
  company_id, customer_id, source, fault_id, seen_on::date as seen_on, last_on::date as last_on, last_on = getvariable('as_of') as is_lasting,
  sum(part_local)::decimal(18, 4) as overdue_local, min(due_date) as oldest_due, min_by(doc_id, (due_date, doc_id)) as doc_id
from beside
where held_from < last_on and coalesce(left_on > last_on, true) and last_on >= seen_on
group by company_id, customer_id, source, fault_id, seen_on, last_on
