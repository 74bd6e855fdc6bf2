-- One row per current entry: the day by which it was first told (told_on), and since when it has been told with the clearing it has now (cleared_on), with what
-- it names or is matched by now (named_on), and with what the ERP now calls open of it (open_on). Days as in recorded_day: of a first load each posting's own.
with now as (
  select
    company_id, source_system, entry_key, doc_key, level, clearing_no, clearing_date, applies_to, match_key, settled_date, open_doc, open_local,
    recorded_day(recorded_at, extract_as_of) as day
  from lake.entry
  where is_current
),
earlier as (
  select
    now.company_id, now.source_system, now.entry_key, min(recorded_day(told.recorded_at, told.extract_as_of)) as told_on,
    min(case
      when told.clearing_no is not distinct from now.clearing_no and told.clearing_date is not distinct from now.clearing_date
        then recorded_day(told.recorded_at, told.extract_as_of)
    end) as cleared_on,
    min(case
      when told.applies_to is not distinct from now.applies_to and told.match_key is not distinct from now.match_key
        then recorded_day(told.recorded_at, told.extract_as_of)
    end) as named_on,
    min(case
      when told.settled_date is not distinct from now.settled_date and told.open_doc is not distinct from now.open_doc
        and told.open_local is not distinct from now.open_local and told.match_key is not distinct from now.match_key
        then recorded_day(told.recorded_at, told.extract_as_of)
    end) as open_on
  from now
  inner join lake.entry as told
    on now.company_id = told.company_id and now.source_system = told.source_system and now.entry_key = told.entry_key and not told.is_current
  group by now.company_id, now.source_system, now.entry_key
)
select
  now.company_id, now.source_system, now.entry_key, now.doc_key, now.level = 'document' as is_header,
  least(now.day, coalesce(earlier.told_on, now.day)) as told_on, least(now.day, coalesce(earlier.cleared_on, now.day)) as cleared_on,
  least(now.day, coalesce(earlier.named_on, now.day)) as named_on, least(now.day, coalesce(earlier.open_on, now.day)) as open_on
from now
left join earlier
  on now.company_id = earlier.company_id and now.source_system = earlier.source_system and now.entry_key = earlier.entry_key
