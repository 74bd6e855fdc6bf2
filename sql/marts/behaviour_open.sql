-- One row per period end and instalment of a debt then overdue, as known by then: open_local, ledger currency, positive, and days_overdue from the original
-- due date. parts: millionths of the instalment that are open. is_young_dispute: a dispute about it is younger than a setting, so that its lateness says nothing yet. Rests within the closing tolerance are no debt.
with closing as (
  select
    piece.company_id, piece.doc_id, piece.seq,
    sum(case when piece.known_until is null then piece.amount_local else 0 end) as taken_local, max(greatest(piece.known_from, coalesce(piece.known_until, piece.known_from))) as settled_on
  from marts.behaviour_piece as piece
  group by piece.company_id, piece.doc_id, piece.seq
),
candidate as (
  select
    period.period_end, debt.company_id, debt.customer_id, debt.doc_id, debt.seq, debt.due_date, debt.amount_local,
    greatest(setting.closing_tolerance_amount, setting.closing_tolerance_share * debt.amount_local::decimal(28, 4)) as tolerance_local
  from marts.behaviour_debt as debt
  left join closing on debt.company_id = closing.company_id and debt.doc_id = closing.doc_id and debt.seq = closing.seq
  inner join marts.period as period
    on debt.company_id = period.company_id and period.is_told and debt.due_date < period.period_end and debt.known_from <= period.period_end
    and (debt.known_until is null or debt.known_until > period.period_end)
    and (closing.taken_local is null or closing.taken_local < debt.amount_local or closing.settled_on > period.period_end)
  cross join params.ledger as setting
),
rest as (
  select
    candidate.period_end, candidate.company_id, candidate.customer_id, candidate.doc_id, candidate.seq, candidate.due_date, candidate.amount_local, candidate.tolerance_local,
    (candidate.amount_local - coalesce(sum(piece.amount_local), 0))::decimal(18, 4) as open_local, count(piece.doc_id)::bigint as pieces
  from candidate
  left join marts.behaviour_piece as piece
    on candidate.company_id = piece.company_id and candidate.doc_id = piece.doc_id and candidate.seq = piece.seq
    and counts_on(candidate.period_end, piece.known_from, piece.known_until)
  group by
    candidate.period_end, candidate.company_id, candidate.customer_id, candidate.doc_id, candidate.seq, candidate.due_date, candidate.amount_local,
    candidate.tolerance_local
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
)
select
  rest.period_end, rest.company_id, rest.customer_id, rest.doc_id, rest.seq, rest.due_date, rest.open_local,
  round(1000000 * (rest.open_local::double / rest.amount_local))::bigint as parts,
  date_diff('day', rest.due_date, rest.period_end)::integer as days_overdue,
  coalesce(bool_or(disputed.days_disputed < setting.dispute_days), false) as is_young_dispute
from rest
cross join params.behaviour as setting
left join disputed
  on rest.period_end = disputed.period_end and rest.company_id = disputed.company_id and rest.doc_id = disputed.doc_id
  and coalesce(disputed.seq, rest.seq) = rest.seq
where rest.open_local > case when rest.pieces > 0 then rest.tolerance_local else 0 end
group by rest.period_end, rest.company_id, rest.customer_id, rest.doc_id, rest.seq, rest.due_date, rest.open_local, rest.amount_local
