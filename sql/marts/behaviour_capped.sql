-- One row per customer and period end of marts.behaviour_window at which single instalments would weigh more in the payment index than a setting allows: how many (capped),
-- their index_local and index_points, and the sum of their scores. Where marts.behaviour_dominated says that one may, the largest of each month in which they were due and every one
-- whose weight is not simply its amount are looked at.
with plain as (
  select
    debt.company_id, debt.customer_id, debt.doc_id, debt.seq, debt.due_date, debt.amount_local,
    debt.due_date + to_months(setting.window_months) > getvariable('as_of') as is_in_window,
    coalesce(piece.amount_local = debt.amount_local and piece.is_plain, piece.doc_id is null)
    and not coalesce(disputed.is_disputed, false) and debt.known_until is null and debt.known_from <= debt.due_date as is_plain
  from marts.behaviour_debt as debt
  cross join params.behaviour as setting
  inner join (select distinct company_id, customer_id from marts.behaviour_dominated) as customer
    on debt.company_id = customer.company_id and debt.customer_id = customer.customer_id
  left join (
    select
      piece.company_id, piece.doc_id, piece.seq, sum(piece.amount_local) as amount_local,
      count(*)::bigint = 1 and bool_and(piece.known_until is null and piece.cause <> 3 and piece.known_from <= getvariable('as_of')) as is_plain
    from marts.behaviour_piece as piece
    inner join (select distinct company_id, customer_id from marts.behaviour_dominated) as customer
      on piece.company_id = customer.company_id and piece.customer_id = customer.customer_id
    group by piece.company_id, piece.doc_id, piece.seq
  ) as piece on debt.company_id = piece.company_id and debt.doc_id = piece.doc_id and debt.seq = piece.seq
  left join (select distinct company_id, doc_id, true as is_disputed from lake.dispute) as disputed
    on debt.company_id = disputed.company_id and debt.doc_id = disputed.doc_id
  where debt.due_date <= getvariable('as_of')
),
large as (
  select
    company_id, customer_id, doc_id, seq, is_plain,
    row_number() over (
      partition by company_id, customer_id, is_plain, date_trunc('month', due_date), is_in_window order by amount_local desc, doc_id, seq
    )::bigint as place
  from plain
),
candidate as (
  select large.company_id, large.customer_id, large.doc_id, large.seq
  from large
  cross join params.behaviour as setting
  where not large.is_plain or large.place <= setting.capped_max
),
scored as (
  select
    piece.company_id, piece.customer_id, piece.doc_id, piece.seq, piece.amount_local, piece.known_until, greatest(piece.due_date, piece.known_from) as from_day,
    (piece.due_date + to_months(setting.window_months))::date as window_until, case when piece.cause = 2 then setting.loss_score else score.score end as score
  from marts.behaviour_piece as piece
  inner join candidate on piece.company_id = candidate.company_id and piece.doc_id = candidate.doc_id and piece.seq = candidate.seq
  cross join params.behaviour as setting
  inner join params.payment_score as score on greatest(least(piece.days_late, setting.last_scored_day), setting.first_scored_day) = score.days_late
  where piece.cause in (1, 2, 4)
),
part as (
  select period.period_end, scored.company_id, scored.customer_id, scored.doc_id, scored.seq, scored.amount_local, scored.amount_local::decimal(22, 4) * scored.score as points
  from scored
  inner join marts.behaviour_dominated as period
    on scored.company_id = period.company_id and scored.customer_id = period.customer_id and counts_on(period.period_end, scored.from_day, scored.known_until)
    and scored.window_until > period.period_end
  union all
  select item.period_end, item.company_id, item.customer_id, item.doc_id, item.seq, item.open_local, item.open_local::decimal(22, 4) * score.score
  from marts.behaviour_open as item
  inner join marts.behaviour_dominated as period
    on item.period_end = period.period_end and item.company_id = period.company_id and item.customer_id = period.customer_id
  inner join candidate on item.company_id = candidate.company_id and item.doc_id = candidate.doc_id and item.seq = candidate.seq
  cross join params.behaviour as setting
  inner join params.payment_score as score on least(item.days_overdue, setting.last_scored_day) = score.days_late
  where not item.is_young_dispute
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
