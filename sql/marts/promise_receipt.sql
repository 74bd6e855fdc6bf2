-- One row per promise to pay and receipt that goes towards it: one of the customer between the day it was made and the last on which money keeps it, in its currency. received: in that
-- currency (the ledger's where none is named), positive; used_elsewhere: the part of it that was told to pay other documents than the one the promise is about (0 where it is about none;
-- what is only laid oldest first is not told). Known from known_from until known_until (NULL: for good) as in marts.behaviour_receipt.
with receipt as (
  select
    promise.company_id, promise.customer_id, promise.log_id, promise.doc_id, receipt.payment_id,
    case when promise.currency is null then receipt.amount_local else receipt.amount_doc end as received, receipt.amount_doc, receipt.known_from, receipt.known_until
  from marts.promise as promise
  inner join marts.behaviour_receipt as receipt
    on promise.company_id = receipt.company_id and promise.customer_id = receipt.customer_id and receipt.counts_from between promise.made_on and promise.due_on
    and (promise.currency is null or promise.currency = receipt.currency) and receipt.amount_local > 0
),
elsewhere as (
  select receipt.company_id, receipt.log_id, receipt.payment_id, sum(allocation.from_leg_doc) as used_doc
  from receipt
  inner join core.allocation as allocation
    on receipt.company_id = allocation.company_id and receipt.payment_id = allocation.from_payment_id and allocation.to_doc_id <> receipt.doc_id
    and allocation.origin <> 'derived_fifo' and counts_on(getvariable('as_of'), allocation.effective_from, allocation.effective_until)
  group by receipt.company_id, receipt.log_id, receipt.payment_id
)
select
  receipt.company_id, receipt.customer_id, receipt.log_id, receipt.payment_id, receipt.received::decimal(18, 4) as received,
  prorate(coalesce(elsewhere.used_doc, 0), receipt.received, receipt.amount_doc) as used_elsewhere, receipt.known_from, receipt.known_until
from receipt
left join elsewhere on receipt.company_id = elsewhere.company_id and receipt.log_id = elsewhere.log_id and receipt.payment_id = elsewhere.payment_id
