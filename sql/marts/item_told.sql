-- One row per batch and restated document or receipt of which it told something that had not been told so before, or of which it no longer held something
-- though it holds all. since: the first day of which the item may be open otherwise by that: what begins or ends on a later day changes nothing before it.
with telling as (
  select * from marts.ledger_telling
  union all by name
  select * from marts.entry_telling
),
compared as (
  select
    *, lag(content) over earlier as content_before, lag(starts_on) over earlier as starts_before, lag(ends_on) over earlier as ends_before,
    lag(open_doc) over earlier as open_before
  from telling
  window earlier as (partition by what, company_id, item_kind, item_id, told_key order by batch_id)
),
told as (
  select company_id, item_kind, item_id, batch_id, case
    when content is distinct from content_before then coalesce(least(starts_on, starts_before), date '0001-01-01')
    when ends_on is distinct from ends_before then least(ends_on, ends_before)
    when open_doc is distinct from open_before then extract_as_of
  end as since
  from compared
  union all
  select compared.company_id, compared.item_kind, compared.item_id, later.batch_id, compared.missing_since
  from compared
  inner join lake.batch as earlier on compared.batch_id = earlier.batch_id and compared.is_current
  inner join lake.batch as later
    on earlier.company_id = later.company_id and earlier.profile_id = later.profile_id and earlier.table_name = later.table_name
    and compared.missing_since = later.extract_as_of and later.source_mode in ('full', 'open_items')
)
select company_id, item_kind, item_id, batch_id, min(since) as since
from told
where since is not null
group by company_id, item_kind, item_id, batch_id
