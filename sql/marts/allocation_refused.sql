-- One row per period end and allocation that then takes more than an item has: it has no effect, and what it would have cleared stays open.
-- Per item the allocations in effect are added up by (effective_from, allocation_id); all whose running sum passes the amount are refused.
with leg as (
  select question.*, period.period_end
  from marts.allocation_in_question as question
  inner join marts.period as period
    on question.company_id = period.company_id and counts_on(period.period_end, question.effective_from, question.effective_until)
),
running as (
  select
    *,
    sum(leg_doc) over (
      partition by period_end, company_id, item_kind, item_id
      order by effective_from, allocation_id, side
      rows between unbounded preceding and current row
    ) as taken_doc
  from leg
)
select distinct period_end, company_id, allocation_id
from running
where taken_doc > most_doc
