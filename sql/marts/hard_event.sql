-- One row per customer, period end and event that caps its grade, as known by then: days_since it last was so, 0 where it still is. bounced_instrument: a cheque, bill or direct debit
-- that came back, or one in the integrity record; broken_plan: a debt granted in parts that was open at a period end after the last day agreed; overdue_90: debt over 90 days late of an amount
-- and share of what is owed that count (settings).
with plan as (
  select told.company_id, told.customer_id, told.doc_id, told.concession_id, max(told.new_due) as new_due, min(recorded_day(told.recorded_at, told.extract_as_of)) as recorded_on
  from lake.concession as told
  where told.granted is not null and told.new_due is not null and told.doc_id is not null and told.kind = 'instalments'
  group by told.company_id, told.customer_id, told.doc_id, told.concession_id
),
happened as (
  select told.company_id, told.customer_id, told.kind as event, told.known_on as day
  from marts.registry_event as told
  cross join params.provision as setting
  where told.kind in ('insolvency', 'closure') and coalesce(told.confidence, 1) >= setting.event_confidence_min
  union all
  select
    told.company_id, told.customer_id, told.event_kind, greatest(told.event_date, min(recorded_day(first.recorded_at, first.extract_as_of)))
  from core.integrity_record as told
  inner join lake.integrity_record as first on told.company_id = first.company_id and told.record_id = first.record_id
  where told.event_kind in ('default', 'lawsuit', 'bounced_instrument')
  group by told.company_id, told.customer_id, told.event_kind, told.event_date, told.record_id
  union all
  select company_id, customer_id, 'bounced_instrument', known_until
  from marts.behaviour_receipt
  where state = 'reversed' and known_until is not null and customer_id is not null and (kind in ('bill_received', 'direct_debit') or instrument_no is not null)
  union all
  select item.company_id, item.customer_id, 'broken_plan', item.period_end
  from plan
  cross join params.behaviour as setting
  inner join marts.behaviour_open as item
    on plan.company_id = item.company_id and plan.doc_id = item.doc_id and plan.recorded_on <= item.period_end
    and plan.new_due + setting.promise_grace_days < item.period_end
),
standing as (
  select behaviour.period_end, behaviour.company_id, behaviour.customer_id, 'overdue_90' as event
  from marts.payment_behaviour as behaviour
  cross join params.rating as setting
  where behaviour.over_90_local >= setting.material_amount and behaviour.over_90_local >= setting.material_share * behaviour.open_local::decimal(28, 4)
    and behaviour.over_90_local > 0
)
select period.period_end, happened.company_id, happened.customer_id, happened.event, min(date_diff('day', happened.day, period.period_end))::integer as days_since
from happened
inner join marts.period as period on happened.company_id = period.company_id and period.is_told and happened.day <= period.period_end
group by period.period_end, happened.company_id, happened.customer_id, happened.event
union all
select period_end, company_id, customer_id, event, 0 as days_since
from standing
group by period_end, company_id, customer_id, event
