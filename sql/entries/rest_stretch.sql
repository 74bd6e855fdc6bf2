-- One row per stretch of a lane of rests that a debit and a credit share: that much of each settles the other. amount_to_doc in the debit's, amount_from_doc
-- in the credit's currency; amount_local: value of the credit; dated as the debit was called settled, else when both were there, never after the extract.
with point as (
  select
    company_id, source_system, lane_key, side, place, starts_at + matched as reached_at,
    min(case when side > 0 then place end) over (
      partition by company_id, source_system, lane_key order by starts_at + matched, side, place rows between current row and unbounded following
    ) as debit_place,
    min(case when side < 0 then place end) over (
      partition by company_id, source_system, lane_key order by starts_at + matched, side, place rows between current row and unbounded following
    ) as credit_place,
    coalesce(lag(starts_at + matched) over (partition by company_id, source_system, lane_key order by starts_at + matched, side, place), 0) as reached_before
  from entries.rest_lane
  where matched > 0
),
shared as (
  select debit.*, point.reached_before as first, point.reached_at as last,
    credit.entity as from_entity, credit.row_key as from_row_key, credit.seq as from_seq, credit.currency as from_currency, credit.size as from_size,
    credit.starts_at as from_starts_at, credit.rest_doc as from_doc, credit.rest_local as from_local, credit.posted_on as from_posted_on
  from point
  inner join entries.rest_lane as debit
    on point.company_id = debit.company_id and point.source_system = debit.source_system and point.lane_key = debit.lane_key
    and point.debit_place = debit.place and debit.side > 0
  inner join entries.rest_lane as credit
    on point.company_id = credit.company_id and point.source_system = credit.source_system and point.lane_key = credit.lane_key
    and point.credit_place = credit.place and credit.side < 0
  where point.reached_at > point.reached_before
)
select
  company_id, company_id || ':rest/' || row_key || '/' || seq || '-' || from_row_key || '/' || from_seq as allocation_id,
  case when entity = 'document' and from_entity = 'document' then 'credit_note' else 'payment' end as kind,
  entity as to_entity, row_key as to_row_key, seq as to_seq, currency as to_currency, from_entity, from_row_key, from_currency,
  prorate(last - starts_at, rest_doc, size) - prorate(first - starts_at, rest_doc, size) as amount_to_doc,
  prorate(last - from_starts_at, from_doc, from_size) - prorate(first - from_starts_at, from_doc, from_size) as amount_from_doc,
  prorate(last - from_starts_at, from_local, from_size) - prorate(first - from_starts_at, from_local, from_size) as amount_local,
  least(coalesce(settled_date, greatest(posted_on, from_posted_on)), extract_as_of) as alloc_date,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
from shared
