-- One row per credit account of a customer with a sales order far larger than its usual one (is_large of marts.customer_order), currency of its limits and day on which its debts
-- changed: open_amount, what invoices of all customers of the account then left open, before credits nobody has applied, in that currency, others at the average booking rate;
-- limit_amount: the limit then in force (NULL: none).
with account as (
  select distinct ordered.company_id, coalesce(customer.credit_account_id, customer.customer_id) as account_id
  from marts.customer_order as ordered
  inner join core.customer as customer on ordered.company_id = customer.company_id and ordered.customer_id = customer.customer_id
  where ordered.is_large
),
term as (
  select
    account.company_id, account.account_id, granted.currency, granted.limit_amount, granted.valid_from,
    least(granted.valid_to, lead(granted.valid_from) over (partition by granted.company_id, granted.credit_account_id order by granted.valid_from) - 1) as valid_to
  from core.credit_limit as granted
  inner join account on granted.company_id = account.company_id and granted.credit_account_id = account.account_id
),
rate as (
  select company_id, currency, sum(abs(amount_doc))::decimal(28, 4) as sum_doc, sum(abs(amount_local))::decimal(28, 4) as sum_local
  from core.document
  where counts_from <= getvariable('as_of') and amount_doc <> 0 and kind <> 'fx_revaluation'
  group by company_id, currency
),
debt as (
  select
    money.company_id, money.account_id, money.currency as limit_currency, document.doc_id, document.counts_from, document.counts_until, document.amount_doc,
    case
      when document.currency = money.currency then document.amount_doc
      else prorate(document.amount_local, rate.sum_doc, rate.sum_local)
    end as amount
  from (select distinct company_id, account_id, currency from term) as money
  inner join core.customer as customer on money.company_id = customer.company_id and money.account_id = coalesce(customer.credit_account_id, customer.customer_id)
  inner join core.document as document on customer.company_id = document.company_id and customer.customer_id = document.customer_id
  left join rate on money.company_id = rate.company_id and money.currency = rate.currency
  where is_debt(document.kind, document.amount_doc) and document.counts_from <= getvariable('as_of')
),
leg as (
  select debt.*, leg.effective_from, leg.effective_until, prorate(leg.cleared_doc, debt.amount, debt.amount_doc) as cleared
  from debt
  inner join marts.item_leg as leg on debt.company_id = leg.company_id and debt.doc_id = leg.item_id and leg.item_kind = 'document'
),
event as (
  select company_id, account_id, limit_currency, counts_from as day, amount from debt
  union all
  select company_id, account_id, limit_currency, counts_until, -amount from debt where counts_until is not null
  union all
  select company_id, account_id, limit_currency, effective_from, -cleared from leg
  union all
  select company_id, account_id, limit_currency, effective_until, cleared from leg where effective_until is not null
),
daily as (
  select
    company_id, account_id, limit_currency, day, sum(sum(amount)) over (partition by company_id, account_id, limit_currency order by day rows unbounded preceding) as open_amount
  from event
  where day <= getvariable('as_of')
  group by company_id, account_id, limit_currency, day
)
select
  daily.company_id, daily.account_id, daily.limit_currency, daily.day, daily.open_amount::decimal(18, 4) as open_amount, max(term.limit_amount)::decimal(18, 4) as limit_amount
from daily
left join term
  on daily.company_id = term.company_id and daily.account_id = term.account_id and daily.limit_currency = term.currency and term.limit_amount > 0
  and daily.day >= term.valid_from and daily.day <= coalesce(term.valid_to, daily.day)
group by daily.company_id, daily.account_id, daily.limit_currency, daily.day, daily.open_amount
