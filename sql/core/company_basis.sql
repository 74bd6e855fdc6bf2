-- One row per company: how its open amounts are known. basis replay: from documents less allocations; reported: the export's own open amounts,
-- where no allocation was ever told. only_as_of: the one date a company without history can be aged at; NULL: any date.
with sources as (
  select
    company_id,
    bool_and(source_mode = 'open_items') as is_open_items,
    bool_or(reported_open_doc is not null) as has_reported,
    max(extract_as_of) as extract_as_of
  from staging.document
  group by company_id
),
reported_parts as (
  select distinct company_id from staging.instalment where reported_open_doc is not null
),
allocated as (
  select distinct company_id from staging.allocation
)
select
  sources.company_id,
  case
    when allocated.company_id is null and (sources.has_reported or reported_parts.company_id is not null) then 'reported'
    else 'replay'
  end as basis,
  case
    when sources.is_open_items or (allocated.company_id is null and (sources.has_reported or reported_parts.company_id is not null))
      then sources.extract_as_of
  end as only_as_of
from sources
left join reported_parts on sources.company_id = reported_parts.company_id
left join allocated on sources.company_id = allocated.company_id
