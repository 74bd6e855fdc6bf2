-- One row per promise to pay that was not kept by its last day (and some of grace), and chain it stands in: one of all promises of the customer (chain ''), and one of those about the same document
-- (chain: doc_id). kept_before: promises of the chain kept by then; place: which of the broken ones it is. Money that pays other documents than the one promised does not keep a
-- promise. amount_local: promised, ledger currency, NULL where no amount was named.
with judged as (
  select
    promise.company_id, promise.customer_id, promise.log_id, promise.doc_id, promise.made_on, promise.promised_date, promise.due_on, promise.promised_amount, promise.currency,
    promise_is_kept(promise.promised_amount, count(case when receipt.used_elsewhere < receipt.received then 1 end)::bigint, sum(receipt.received - receipt.used_elsewhere)) as is_kept
  from marts.promise as promise
  left join marts.promise_receipt as receipt
    on promise.company_id = receipt.company_id and promise.log_id = receipt.log_id and counts_on(getvariable('as_of'), receipt.known_from, receipt.known_until)
  where promise.due_on < getvariable('as_of')
  group by
    promise.company_id, promise.customer_id, promise.log_id, promise.doc_id, promise.made_on, promise.promised_date, promise.due_on, promise.promised_amount, promise.currency
),
chained as (
  select judged.*, '' as chain from judged
  union all
  select judged.*, judged.doc_id as chain from judged where judged.doc_id is not null
),
run as (
  select
    *,
    sum(case when is_kept then 1 else 0 end) over (
      partition by company_id, customer_id, chain order by due_on, log_id rows between unbounded preceding and current row
    )::bigint as kept_before
  from chained
)
select
  run.company_id, run.customer_id, run.chain, run.log_id, run.doc_id, run.made_on, run.promised_date, run.due_on, run.kept_before,
  row_number() over (partition by run.company_id, run.customer_id, run.chain order by run.due_on, run.log_id)::bigint as place,
  case
    when coalesce(run.currency, company.local_currency) = company.local_currency then run.promised_amount
    when document.amount_doc > 0 then prorate(run.promised_amount, document.amount_local, document.amount_doc)
  end::decimal(18, 4) as amount_local
from run
inner join core.company as company on run.company_id = company.company_id
left join core.document as document on run.company_id = document.company_id and run.doc_id = document.doc_id and run.currency = document.currency
where not run.is_kept
