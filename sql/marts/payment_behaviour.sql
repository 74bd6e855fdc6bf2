-- One row per customer and period end (the as-of date and the month ends told with it) since the customer was first known: how it paid what fell due in the months before (a setting says how
-- many) and how it stands, from what had been told by then. payment_index: 0 to 100, amount-weighted (methods: anchors in params.payment_score), NULL where index_state is insufficient: too few
-- instalments or days of history. Shares of 1; *_share of instalments, in part where paid in part. trend_days: days beyond terms of the last months due less those of the earlier.
-- utilisation: what all customers of the credit account owe over its limit. order_trend: purchases of the last three months over a quarter of the last twelve.
with account_limit as (
  select
    period.period_end, told.company_id, told.credit_account_id, max_by(told.limit_amount, told.valid_from) as limit_local,
    max_by(coalesce(told.blocked, false), told.valid_from) as is_blocked
  from core.credit_limit as told
  inner join core.company as company on told.company_id = company.company_id and told.currency = company.local_currency
  inner join (
    select company_id, credit_account_id, valid_from, min(recorded_day(recorded_at, extract_as_of)) as recorded_on
    from lake.credit_limit
    group by company_id, credit_account_id, valid_from
  ) as first on told.company_id = first.company_id and told.credit_account_id = first.credit_account_id and told.valid_from = first.valid_from
  inner join marts.period as period
    on told.company_id = period.company_id and period.is_told and greatest(told.valid_from, first.recorded_on) <= period.period_end
    and (told.valid_to is null or told.valid_to >= period.period_end)
  group by period.period_end, told.company_id, told.credit_account_id
),
account as (
  select company_id, customer_id, min(coalesce(credit_account_id, customer_id)) as credit_account_id from core.customer
  group by company_id, customer_id
),
placed as (
  select
    behaviour.*, coalesce(account.credit_account_id, behaviour.customer_id) as credit_account_id,
    sum(behaviour.open_local) over (partition by behaviour.period_end, behaviour.company_id, coalesce(account.credit_account_id, behaviour.customer_id)) as account_open_local,
    sum(greatest(behaviour.purchases_local, 0)) over (partition by behaviour.period_end, behaviour.company_id) as company_purchases_local
  from marts.behaviour_window as behaviour
  left join account on behaviour.company_id = account.company_id and behaviour.customer_id = account.customer_id
),
judged as (
  select
    placed.*, coalesce(capped.capped, 0) * setting.item_share_max as capped_share, capped.index_points as capped_points, capped.index_local as capped_local,
    capped.scores, capped.capped,
    placed.items >= setting.items_min and date_diff('day', placed.first_day, placed.period_end) >= setting.history_days_min and placed.index_local > 0 as is_sufficient
  from placed
  cross join params.behaviour as setting
  left join marts.behaviour_capped as capped
    on placed.period_end = capped.period_end and placed.company_id = capped.company_id and placed.customer_id = capped.customer_id
)
select
  judged.period_end, judged.company_id, judged.customer_id, judged.items, date_diff('day', judged.first_day, judged.period_end)::integer as history_days,
  case when judged.is_sufficient then 'sufficient' else 'insufficient' end as index_state,
  case
    when not judged.is_sufficient then null
    when judged.capped is null then judged.index_points::double / judged.index_local
    when judged.index_local > judged.capped_local
      then judged.scores * setting.item_share_max + (1 - judged.capped_share) * ((judged.index_points - judged.capped_points)::double / (judged.index_local - judged.capped_local))
    else judged.scores::double / judged.capped
  end::decimal(12, 6) as payment_index,
  (judged.paid_days::double / nullif(judged.paid_local, 0))::decimal(12, 6) as days_beyond_terms,
  (judged.recent_days::double / nullif(judged.recent_local, 0) - (judged.paid_days - judged.recent_days)::double / nullif(judged.paid_local - judged.recent_local, 0))::decimal(12, 6) as trend_days,
  (judged.late_30_local::double / nullif(judged.index_local, 0))::decimal(12, 6) as share_late_30,
  (judged.late_parts::double / nullif(judged.items, 0) / 1000000)::decimal(12, 6) as late_share,
  (judged.late_7_parts::double / nullif(judged.items, 0) / 1000000)::decimal(12, 6) as late_7_share,
  (judged.late_30_parts::double / nullif(judged.items, 0) / 1000000)::decimal(12, 6) as late_30_share,
  judged.max_days_late, judged.loss_local,
  coalesce(record.promises, 0) as promises, coalesce(record.broken_promises, 0) as broken_promises, coalesce(record.excuses, 0) as excuses,
  coalesce(record.deferral_requests, 0) as deferral_requests, coalesce(record.upstream_debtors, 0) as upstream_debtors, coalesce(record.soft_signals, 0) as soft_signals,
  coalesce(record.disputes, 0) as disputes, coalesce(record.bounces, 0) as bounces,
  coalesce(record.excuses_no_money, 0) as excuses_no_money, coalesce(record.excuses_own_debtor, 0) as excuses_own_debtor,
  coalesce(record.excuses_absent, 0) as excuses_absent, coalesce(record.excuses_procedure, 0) as excuses_procedure, coalesce(record.excuses_our_fault, 0) as excuses_our_fault,
  coalesce(record.payment_claims, 0) as payment_claims, coalesce(record.personal_contacts, 0) as personal_contacts, coalesce(record.unanswered, 0) as unanswered,
  coalesce(resale.resale_months, 0) as resale_months, resale.resold_share,
  judged.open_local, judged.overdue_local, judged.over_90_local, judged.credit_account_id, judged.account_open_local::decimal(18, 4) as account_open_local,
  account_limit.limit_local::decimal(18, 4) as limit_local, account_limit.is_blocked,
  (judged.account_open_local::double / nullif(account_limit.limit_local, 0))::decimal(18, 6) as utilisation,
  judged.purchases_local, judged.recent_purchases_local,
  (4 * (judged.recent_purchases_local::double / nullif(judged.purchases_local, 0)))::decimal(18, 6) as order_trend,
  (greatest(judged.purchases_local, 0)::double / nullif(judged.company_purchases_local, 0))::decimal(12, 6) as purchases_share,
  date_diff('month', judged.first_day, judged.period_end)::integer as tenure_months
from judged
cross join params.behaviour as setting
left join marts.behaviour_record as record
  on judged.period_end = record.period_end and judged.company_id = record.company_id and judged.customer_id = record.customer_id
left join marts.behaviour_resale as resale
  on judged.period_end = resale.period_end and judged.company_id = resale.company_id and judged.customer_id = resale.customer_id
left join account_limit
  on judged.period_end = account_limit.period_end and judged.company_id = account_limit.company_id and judged.credit_account_id = account_limit.credit_account_id
