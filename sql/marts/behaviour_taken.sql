-- One row per period end and instalment of a debt overdue then of which something was known to be taken: taken_local, ledger currency, positive.
select period.period_end, late.company_id, late.doc_id, late.seq, sum(piece.amount_local)::decimal(18, 4) as taken_local
from marts.behaviour_overdue as late
inner join marts.period as period
  on late.company_id = period.company_id and period.is_told and counts_on(period.period_end, late.from_day, late.until_day) and late.touched_on <= period.period_end
inner join marts.behaviour_piece as piece
  on late.company_id = piece.company_id and late.doc_id = piece.doc_id and late.seq = piece.seq and counts_on(period.period_end, piece.known_from, piece.known_until)
group by period.period_end, late.company_id, late.doc_id, late.seq
