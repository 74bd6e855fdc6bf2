-- One row per promise to pay and receipt that goes towards it: one of the customer between the day it was made and the last on which money keeps it, in its currency. received: in that currency
-- (the ledger's where none is named), positive; used_later: the part of it that pays documents dated after the one the promise is about (0 where it is about none). Known from known_from until
-- known_until (NULL: for good) as in marts.behaviour_receipt.
with receipt as (
  select
    promise.company_id, promise.customer_id, promise.log_id, promise.doc_id, receipt.payment_id,
    case when promise.currency is null then receipt.amount_local else receipt.amount_doc end as received, receipt.amount_doc, receipt.known_from, receipt.known_until
  from marts.promise as promise
  inner join marts.behaviour_receipt as receipt
    on promise.company_id = receipt.company_id and promise.customer_id = receipt.customer_id and receipt.counts_from between promise.made_on and promise.due_on
    and (promise.currency is null or promise.currency = receipt.currency) and receipt.amount_local > 0
),
later as (
  select receipt.company_id, receipt.log_id, receipt.payment_id, sum(allocation.from_leg_doc) as used_doc
  from receipt
  inner join core.document as document on receipt.company_id = document.company_id and receipt.doc_id = document.doc_id
  inner join core.allocation as allocation
    on receipt.company_id = allocation.company_id and receipt.payment_id = allocation.from_payment_id
    and counts_on(getvariable('as_of'), allocation.effective_from, allocation.effective_until)
  inner join core.document as other on allocation.company_id = other.company_id and allocation.to_doc_id = other.doc_id and other.doc_date > document.doc_date
  group by receipt.company_id, receipt.log_id, receipt.payment_id
)
select
  receipt.company_id, receipt.customer_id, receipt.log_id, receipt.payment_id, receipt.received::decimal(18, 4) as received, prorate(coalesce(later.used_doc, 0), receipt.received, receipt.amount_doc) as used_later,
  receipt.known_from, receipt.known_until
from receipt
left join later on receipt.company_id = later.company_id and receipt.log_id = later.log_id and receipt.payment_id = later.payment_id
