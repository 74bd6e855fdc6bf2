-- One row per word of a customer that it has paid (collection log), with the days in which money may bear it out (from_day, until_day; settings), once they are over: is_borne_out, whether a
-- receipt of those days paid the document it was about, or such receipts are still unapplied with a sum near to what is open of it (a setting); any receipt, where it was about the
-- account. open_local: what was open of the document then, ledger currency,
-- positive (NULL: about the account).
with claim as (
  select
    log.company_id, log.customer_id, log.log_id, log.doc_id, log.logged_at::date as said_on, log.logged_at::date - setting.claim_before_days as from_day,
    log.logged_at::date + setting.claim_grace_days as until_day
  from core.collection_log as log
  cross join params.anomaly_conduct as setting
  where log.entry_kind = 'payment_claim' and log.logged_at::date + setting.claim_grace_days < getvariable('as_of')
),
came as (
  select
    claim.company_id, claim.log_id, count(allocation.allocation_id)::bigint as applied,
    coalesce(sum(case when allocation.allocation_id is null then -item.open_local end), 0) as unapplied_local
  from claim
  inner join core.payment as receipt
    on claim.company_id = receipt.company_id and claim.customer_id = receipt.customer_id and receipt.pay_date between claim.from_day and claim.until_day
    and receipt.amount_local > 0 and counts_on(getvariable('as_of'), receipt.counts_from, receipt.counts_until)
  left join core.allocation as allocation
    on receipt.company_id = allocation.company_id and receipt.payment_id = allocation.from_payment_id and claim.doc_id = allocation.to_doc_id
    and counts_on(getvariable('as_of'), allocation.effective_from, allocation.effective_until)
  left join marts.open_item as item on receipt.company_id = item.company_id and receipt.payment_id = item.item_id and item.item_kind = 'payment'
  group by claim.company_id, claim.log_id
),
open as (
  select
    claim.company_id, claim.log_id, sum(prorate(leaving.part_doc, document.amount_local, document.amount_doc)) as open_local
  from claim
  inner join core.document as document on claim.company_id = document.company_id and claim.doc_id = document.doc_id and document.amount_doc > 0
  inner join marts.instalment_exit as leaving
    on claim.company_id = leaving.company_id and claim.doc_id = leaving.doc_id and (leaving.cause = 0 or leaving.exit_date > claim.until_day)
  group by claim.company_id, claim.log_id
)
select
  claim.company_id, claim.customer_id, claim.log_id, claim.doc_id, claim.said_on, claim.from_day, claim.until_day,
  came.log_id is not null and (
    claim.doc_id is null or came.applied > 0
    or (came.unapplied_local > 0 and came.unapplied_local >= setting.claim_share_min * coalesce(open.open_local, 0))
  ) as is_borne_out,
  case when claim.doc_id is not null then coalesce(open.open_local, 0) end::decimal(18, 4) as open_local
from claim
cross join params.anomaly_conduct as setting
left join came on claim.company_id = came.company_id and claim.log_id = came.log_id
left join open on claim.company_id = open.company_id and claim.log_id = open.log_id
