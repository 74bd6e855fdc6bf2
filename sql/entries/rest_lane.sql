-- One row per entry with a rest, laid end to end with the others of its lane and side, from starts_at to ends_at: oldest due first, what the ERP told as settled
-- before what only a match key joins. A lane is what one match key joins, else what one customer has in one currency. Sizes in document currency where the
-- lane has only one, else in ledger currency. matched: how much of the entry the other side settles; matched_doc, matched_local: the same in the entry's
-- own amounts. Amounts positive.
with rest as (
  select
    *, case when match_key is not null then 'match/' || match_key else 'customer/' || coalesce(customer, '') || '/' || currency end as lane_key,
    prorate(rest_doc, amount_local, amount_doc) as rest_local
  from entries.rest
  where rest_doc > 0
),
lane as (
  select company_id, source_system, lane_key, min(currency) = max(currency) as is_one_currency
  from rest
  group by company_id, source_system, lane_key
),
sized as (
  select rest.*, case when lane.is_one_currency then rest.rest_doc else rest.rest_local end as size
  from rest
  inner join lane on rest.company_id = lane.company_id and rest.source_system = lane.source_system and rest.lane_key = lane.lane_key
),
total as (
  select
    company_id, source_system, lane_key, sum(case when side > 0 then size else 0 end) as debit, sum(case when side > 0 then 0 else size end) as credit
  from sized
  group by company_id, source_system, lane_key
),
laid as (
  select
    sized.* exclude (excess_doc, open_doc), least(total.debit, total.credit) as reach,
    sum(sized.size) over (
      partition by sized.company_id, sized.source_system, sized.lane_key, sized.side
      order by sized.is_told desc, sized.due_date, sized.posted_on, sized.line_no, sized.row_key, sized.seq
      rows between unbounded preceding and current row
    ) as ends_at,
    row_number() over (
      partition by sized.company_id, sized.source_system, sized.lane_key, sized.side
      order by sized.is_told desc, sized.due_date, sized.posted_on, sized.line_no, sized.row_key, sized.seq
    )::bigint as place
  from sized
  inner join total on sized.company_id = total.company_id and sized.source_system = total.source_system and sized.lane_key = total.lane_key
),
reached as (
  select *, ends_at - size as starts_at, least(greatest(reach - (ends_at - size), 0), size) as matched
  from laid
)
select
  * replace (ends_at::decimal(18, 4) as ends_at, starts_at::decimal(18, 4) as starts_at, matched::decimal(18, 4) as matched),
  prorate(matched, rest_doc, size) as matched_doc, prorate(matched, rest_local, size) as matched_local
from reached
