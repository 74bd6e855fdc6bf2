-- One row per customer and period end at which it can be rated: what the scorecard, the hard events and the credit limit ask, as known by then. Money in ledger currency.
-- is_watched: whether outside events are told of anybody in the company. high_credit_local: the most it ever owed at a period end told
-- here. agreed_days: net days of its terms. previous_limit_local: the limit in force, where the credit account is its own.
with whom as (
  select period_end, company_id, customer_id from marts.payment_behaviour
  union
  select period_end, company_id, customer_id from marts.integrity_fact
),
watched as (
  select distinct company_id from core.customer_event
),
one as (
  select company_id, customer_id, min(coalesce(credit_account_id, customer_id)) as credit_account_id, min(terms_id) as terms_id from core.customer
  group by company_id, customer_id
),
sharing as (
  select company_id, credit_account_id, count(*)::bigint as customers from one
  group by company_id, credit_account_id
),
event as (
  select
    period_end, company_id, customer_id,
    min(case when event = 'insolvency' then days_since end) as insolvency, min(case when event = 'closure' then days_since end) as closure,
    min(case when event = 'bounced_instrument' then days_since end) as bounced_instrument, min(case when event = 'broken_plan' then days_since end) as broken_plan,
    min(case when event = 'overdue_90' then days_since end) as overdue_90, min(case when event = 'default' then days_since end) as default_event,
    min(case when event = 'lawsuit' then days_since end) as lawsuit
  from marts.hard_event
  group by period_end, company_id, customer_id
)
select
  whom.period_end, whom.company_id, whom.customer_id,
  fact.years_trading, fact.paid_in_share, fact.fixed_assets_to_turnover, fact.return_on_operating_assets, fact.inventory_turnover, fact.debt_to_asset_ratio, fact.current_ratio,
  fact.paid_in_share_age, fact.fixed_assets_to_turnover_age, fact.return_on_operating_assets_age, fact.inventory_turnover_age, fact.debt_to_asset_ratio_age, fact.current_ratio_age,
  watched.company_id is not null as is_watched,
  behaviour.payment_index, behaviour.share_late_30, behaviour.max_days_late, behaviour.broken_promises, behaviour.trend_days, behaviour.days_beyond_terms,
  behaviour.purchases_local, behaviour.open_local, behaviour.limit_local,
  max(behaviour.open_local) over (partition by whom.company_id, whom.customer_id order by whom.period_end rows between unbounded preceding and current row) as high_credit_local,
  terms.net_days as agreed_days, case when sharing.customers = 1 then behaviour.limit_local end as previous_limit_local,
  event.insolvency, event.closure, event.bounced_instrument, event.broken_plan, event.overdue_90, event.default_event, event.lawsuit
from whom
left join marts.integrity_fact as fact
  on whom.period_end = fact.period_end and whom.company_id = fact.company_id and whom.customer_id = fact.customer_id
left join marts.payment_behaviour as behaviour
  on whom.period_end = behaviour.period_end and whom.company_id = behaviour.company_id and whom.customer_id = behaviour.customer_id
left join watched on whom.company_id = watched.company_id
left join one as customer on whom.company_id = customer.company_id and whom.customer_id = customer.customer_id
left join sharing on customer.company_id = sharing.company_id and customer.credit_account_id = sharing.credit_account_id
left join core.payment_terms as terms on customer.company_id = terms.company_id and customer.terms_id = terms.terms_id
left join event on whom.period_end = event.period_end and whom.company_id = event.company_id and whom.customer_id = event.customer_id
