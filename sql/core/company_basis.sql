-- One row per company: how its open amounts are known. basis replay: from documents less allocations; reported: the export's own open amounts,
-- where no allocation was ever told, or where all there is are lists of open items that tell what is open of each document and receipt, whatever part of the
-- allocations stands beside them; never where entries are. only_as_of: the one date a company without history can be aged at; NULL: any date.
with sources as (
  select
    company_id,
    bool_and(source_mode = 'open_items') as is_open_items,
    bool_or(reported_open_doc is not null) as has_reported,
    bool_and(source_mode = 'open_items' and reported_open_doc is not null) as is_told_whole,
    max(extract_as_of) as extract_as_of
  from staging.document
  group by company_id
),
reported_parts as (
  select distinct company_id from staging.instalment where reported_open_doc is not null
),
receipts as (
  select company_id, bool_and(source_mode = 'open_items' and reported_unapplied_local is not null) as is_told_whole
  from staging.payment
  group by company_id
),
allocated as (
  select company_id, count(*)::bigint as allocations from staging.allocation group by company_id
),
listed as (
  select distinct company_id from entries.item
),
undated as (
  select company_id, count(*)::bigint as allocations from entries.allocation where not is_day_known group by company_id
),
known as (
  select
    sources.company_id, sources.extract_as_of, sources.is_open_items,
    listed.company_id is null and (sources.has_reported or reported_parts.company_id is not null) and (allocated.company_id is null or sources.is_told_whole and coalesce(receipts.is_told_whole, true)) as is_reported,
    coalesce(undated.allocations = allocated.allocations, false) as is_undated
  from sources
  left join reported_parts on sources.company_id = reported_parts.company_id
  left join receipts on sources.company_id = receipts.company_id
  left join allocated on sources.company_id = allocated.company_id
  left join listed on sources.company_id = listed.company_id
  left join undated on sources.company_id = undated.company_id
)
select
  company_id,
  case when is_reported then 'reported' else 'replay' end as basis,
  case when is_open_items or is_reported or is_undated then extract_as_of end as only_as_of
from known
