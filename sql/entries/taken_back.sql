-- One row per told use that a later row takes back, with the day it does: the n-th row that takes back voids the n-th use of the same ends and amount.
-- allocation_key NULL: there is no such use (taking_key says which row takes back nothing).
with told as (
  select
    *, concat_ws('|', coalesce(group_key, ''), coalesce(to_entity, ''), coalesce(to_row_key, to_key), coalesce(to_seq, 0), coalesce(from_entity, ''),
      coalesce(from_row_key, from_key, '')) as ends
  from entries.use
),
taking as (
  select
    *, row_number() over (partition by company_id, source_system, ends, amount_to_doc order by alloc_date, allocation_key)::bigint as place
  from told
  where is_taken_back
),
affected as (
  select distinct company_id, source_system, ends from taking
),
given as (
  select
    told.*, row_number() over (
      partition by told.company_id, told.source_system, told.ends, told.amount_to_doc order by told.alloc_date, told.allocation_key
    )::bigint as place
  from told
  inner join affected on told.company_id = affected.company_id and told.source_system = affected.source_system and told.ends = affected.ends
  where not told.is_taken_back
)
select
  taking.company_id, taking.source_system, given.allocation_key, taking.allocation_key as taking_key, taking.alloc_date as voided_date,
  taking.amount_to_doc, taking.batch_id, taking.line_no
from taking
left join given
  on taking.company_id = given.company_id and taking.source_system = given.source_system and taking.ends = given.ends
  and taking.amount_to_doc = given.amount_to_doc and taking.place = given.place
