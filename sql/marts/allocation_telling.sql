-- One row per allocation with the day by which it was first told (recorded_day), and by which it was told to be void (NULL: never). Of one that entries make, the day by
-- which what makes it had been told.
with void as (
  select company_id, allocation_id, min(recorded_day(recorded_at, extract_as_of)) as void_told_on
  from lake.allocation
  where voided_date is not null
  group by company_id, allocation_id
)
select told.company_id, told.allocation_id, recorded_day(told.recorded_at, told.extract_as_of) as told_on, void.void_told_on
from lake.allocation as told
left join void on told.company_id = void.company_id and told.allocation_id = void.allocation_id
where told.is_first
union all
select company_id, allocation_id, told_on, null
from entries.allocation_told
