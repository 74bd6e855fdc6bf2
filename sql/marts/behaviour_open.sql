-- One row per period end and instalment of a debt then overdue, as known by then: open_local, ledger currency, positive, and days_overdue from the original
-- due date. parts: millionths of the instalment that are open. is_young_dispute: a dispute about it is younger than a setting, so that its lateness says nothing yet. Rests within the closing tolerance are no debt.
with rest as (
  select
    period.period_end, late.company_id, late.customer_id, late.doc_id, late.seq, late.due_date, late.amount_local,
    (late.amount_local - coalesce(taken.taken_local, 0))::decimal(18, 4) as open_local
  from marts.behaviour_overdue as late
  cross join params.ledger as setting
  inner join marts.period as period on late.company_id = period.company_id and period.is_told and counts_on(period.period_end, late.from_day, late.until_day)
  left join marts.behaviour_taken as taken
    on period.period_end = taken.period_end and late.company_id = taken.company_id and late.doc_id = taken.doc_id and late.seq = taken.seq
  where taken.taken_local is null
    or late.amount_local - taken.taken_local > greatest(setting.closing_tolerance_amount, setting.closing_tolerance_share * late.amount_local::decimal(28, 4))
),
disputed as (
  select period.period_end, dispute.company_id, dispute.doc_id, dispute.seq, min(date_diff('day', dispute.opened, period.period_end)) as days_disputed
  from (
    select company_id, dispute_id, doc_id, seq, opened, max(closed) as closed, min(recorded_day(recorded_at, extract_as_of)) as recorded_on,
      min(case when closed is not null then recorded_day(recorded_at, extract_as_of) end) as end_recorded_on
    from lake.dispute
    group by company_id, dispute_id, doc_id, seq, opened
  ) as dispute
  inner join marts.period as period
    on dispute.company_id = period.company_id and period.is_told
    and counts_on(period.period_end, greatest(dispute.opened, dispute.recorded_on), greatest(dispute.closed, dispute.end_recorded_on))
  group by period.period_end, dispute.company_id, dispute.doc_id, dispute.seq
),
young as (
  select distinct disputed.period_end, debt.company_id, debt.doc_id, debt.seq
  from disputed
  cross join params.behaviour as setting
  inner join marts.behaviour_debt as debt
    on disputed.company_id = debt.company_id and disputed.doc_id = debt.doc_id and coalesce(disputed.seq, debt.seq) = debt.seq
  where disputed.days_disputed < setting.dispute_days
)
select
  rest.period_end, rest.company_id, rest.customer_id, rest.doc_id, rest.seq, rest.due_date, rest.open_local,
  round(1000000 * (rest.open_local::double / rest.amount_local))::bigint as parts,
  date_diff('day', rest.due_date, rest.period_end)::integer as days_overdue, young.doc_id is not null as is_young_dispute
from rest
left join young on rest.period_end = young.period_end and rest.company_id = young.company_id and rest.doc_id = young.doc_id and rest.seq = young.seq
