-- One row per customer and period end of marts.behaviour_window at which single instalments would weigh more in the payment index than a setting allows: how many (capped),
-- their index_local and index_points, and the sum of their scores. Looked at are the largest of each due month and every one whose weight is not simply its amount.
with plain as (
  select debt.*, coalesce(piece.is_plain, true) and not coalesce(disputed.is_disputed, false) and debt.known_until is null and debt.known_from <= debt.due_date as is_plain
  from marts.behaviour_debt as debt
  left join (
    select company_id, doc_id, seq, bool_and(known_until is null and cause <> 3 and known_from <= getvariable('as_of')) as is_plain
    from marts.behaviour_piece
    group by company_id, doc_id, seq
  ) as piece on debt.company_id = piece.company_id and debt.doc_id = piece.doc_id and debt.seq = piece.seq
  left join (select distinct company_id, doc_id, true as is_disputed from lake.dispute) as disputed
    on debt.company_id = disputed.company_id and debt.doc_id = disputed.doc_id
),
large as (
  select
    company_id, customer_id, doc_id, seq, is_plain,
    row_number() over (
      partition by company_id, customer_id, is_plain, date_trunc('month', due_date) order by amount_local desc, doc_id, seq
    )::bigint as place
  from plain
),
candidate as (
  select large.company_id, large.customer_id, large.doc_id, large.seq
  from large
  cross join params.behaviour as setting
  where not large.is_plain or large.place <= setting.capped_max
),
part as (
  select period.period_end, piece.company_id, piece.customer_id, piece.doc_id, piece.seq, piece.amount_local,
    piece.amount_local::decimal(22, 4) * case when piece.cause = 2 then setting.loss_score else score.score end as points
  from candidate
  cross join params.behaviour as setting
  inner join marts.behaviour_piece as piece on candidate.company_id = piece.company_id and candidate.doc_id = piece.doc_id and candidate.seq = piece.seq and piece.cause in (1, 2, 4)
  inner join params.payment_score as score on greatest(least(piece.days_late, setting.last_scored_day), setting.first_scored_day) = score.days_late
  inner join marts.period as period
    on candidate.company_id = period.company_id and period.is_told and counts_on(period.period_end, greatest(piece.due_date, piece.known_from), piece.known_until)
    and piece.due_date + to_months(setting.window_months) > period.period_end
  union all
  select item.period_end, item.company_id, item.customer_id, item.doc_id, item.seq, item.open_local, item.open_local::decimal(22, 4) * score.score
  from candidate
  cross join params.behaviour as setting
  inner join marts.behaviour_open as item on candidate.company_id = item.company_id and candidate.doc_id = item.doc_id and candidate.seq = item.seq and not item.is_young_dispute
  inner join params.payment_score as score on least(item.days_overdue, setting.last_scored_day) = score.days_late
),
weight as (
  select period_end, company_id, customer_id, doc_id, seq, sum(amount_local) as index_local, sum(points) as index_points
  from part
  group by period_end, company_id, customer_id, doc_id, seq
),
ranked as (
  select
    weight.*, row_number() over largest::bigint as place,
    coalesce(sum(weight.index_local) over (
      partition by weight.company_id, weight.customer_id, weight.period_end order by weight.index_local desc, weight.doc_id, weight.seq rows between unbounded preceding and 1 preceding
    ), 0) as larger_local
  from weight
  window largest as (partition by weight.company_id, weight.customer_id, weight.period_end order by weight.index_local desc, weight.doc_id, weight.seq)
)
select
  ranked.period_end, ranked.company_id, ranked.customer_id, count(*)::bigint as capped,
  sum(ranked.index_local)::decimal(22, 4) as index_local, sum(ranked.index_points)::decimal(36, 12) as index_points,
  sum((ranked.index_points::double / ranked.index_local)::decimal(18, 10))::decimal(22, 10) as scores
from ranked
inner join marts.behaviour_window as total
  on ranked.period_end = total.period_end and ranked.company_id = total.company_id and ranked.customer_id = total.customer_id
cross join params.behaviour as setting
where ranked.place <= setting.capped_max
  and ranked.index_local * (1 - (ranked.place - 1) * setting.item_share_max) > setting.item_share_max * (total.index_local - ranked.larger_local)
group by ranked.period_end, ranked.company_id, ranked.customer_id
