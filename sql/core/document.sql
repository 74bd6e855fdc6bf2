-- One row per document, with the days on which it counts: from counts_from (NULL: never) until the day before counts_until (NULL: for good).
-- Draft and reversing documents never count; a cancelled or reversed one counts until the day before it was undone, if that day is known.
with told as (
  select company_id, doc_id, state, reverses_doc_id, reversed_by_doc_id, coalesce(posting_date, doc_date) as dated from staging.document
),
reversing as (
  select told.company_id, told.reverses_doc_id as undone_id, told.doc_id as reversing_id, told.dated as undone_on
  from told
  where told.reverses_doc_id is not null and told.state in ('posted', 'reversed')
  union all
  select told.company_id, told.doc_id, partner.doc_id, partner.dated
  from told
  inner join told as partner on told.company_id = partner.company_id and told.reversed_by_doc_id = partner.doc_id
  where partner.state in ('posted', 'reversed')
),
undone as (
  select company_id, undone_id, min(undone_on) as undone_on from reversing group by company_id, undone_id
),
undoing as (
  select distinct company_id, reversing_id from reversing
),
judged as (
  select
    told.*,
    coalesce(told.posting_date, told.doc_date) as dated,
    undone.undone_on,
    undoing.reversing_id is not null as is_reversing,
    told.state in ('cancelled', 'reversed') and told.cancelled_date is null and undone.undone_on is null
    and not (told.state = 'reversed' and undoing.reversing_id is not null) as is_void
  from staging.document as told
  left join undone on told.company_id = undone.company_id and told.doc_id = undone.undone_id
  left join undoing on told.company_id = undoing.company_id and told.doc_id = undoing.reversing_id
)
select
  judged.* exclude (dated, undone_on, is_void, due_date_first, extract_as_of),
  case when state = 'draft' or is_reversing or is_void then null else dated end as counts_from,
  least(
    case when state in ('cancelled', 'reversed') then cancelled_date end,
    undone_on,
    case when source_mode = 'open_items' then missing_since end
  ) as counts_until,
  coalesce(due_date_first, due_date) as due_date_original
from judged
