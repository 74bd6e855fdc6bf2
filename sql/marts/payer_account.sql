-- One row per customer whose bank accounts are on file and account that is not, but that it pays from up to the as-of date: day of the first such receipt, last_day of the latest, how many
-- receipts and their sum, ledger currency. An account it paid from before any account of it was on file is left out.
with registered as (
  select company_id, customer_id, min(valid_from) as first_day from core.customer_bank_account group by company_id, customer_id
),
paid as (
  select
    payment.company_id, payment.customer_id, payment.payer_account_hash, min(payment.pay_date) as day, max(payment.pay_date) as last_day,
    count(*)::bigint::decimal(18, 4) as receipts, sum(payment.amount_local)::decimal(18, 4) as amount_local
  from registered
  inner join core.payment as payment
    on registered.company_id = payment.company_id and registered.customer_id = payment.customer_id and payment.payer_account_hash is not null
    and payment.amount_local > 0 and counts_on(getvariable('as_of'), payment.counts_from, payment.counts_until)
  group by payment.company_id, payment.customer_id, payment.payer_account_hash
)
select paid.*
from paid
inner join registered on paid.company_id = registered.company_id and paid.customer_id = registered.customer_id and paid.day >= coalesce(registered.first_day, paid.day)
left join core.customer_bank_account as account
  on paid.company_id = account.company_id and paid.customer_id = account.customer_id and paid.payer_account_hash = account.account_hash
where account.account_hash is null
