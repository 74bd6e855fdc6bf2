-- One row per receipt through which credits are used beside its own money (uses told with a minus, both ends lower what is owed): gives_doc, gives_local is
-- what it gives itself, what it settles less those credits, at most its amount; amount_cut what would be too much. Positive, its own currency.
with standing as (
  select
    told.company_id, told.source_system, told.from_entity, told.from_row_key, told.is_lent, told.alloc_date,
    coalesce(told.amount_from_doc, told.amount_to_doc) as amount_doc, told.batch_id, told.line_no, told.recorded_at, told.recorded_source,
    told.source_mode, told.extract_as_of
  from entries.use as told
  left join entries.taken_back as back
    on told.company_id = back.company_id and told.source_system = back.source_system and told.allocation_key = back.allocation_key
  left join entries.idle_item as idle
    on told.company_id = idle.company_id and told.to_entity = idle.entity and told.to_row_key = idle.row_key
  where not told.is_taken_back and not told.is_loss and told.group_key is null and told.from_entity = 'payment' and told.to_entity is not null
    and told.voided_date is null and back.allocation_key is null and idle.row_key is null
    and (told.source_mode <> 'full' or told.missing_since is null)
),
total as (
  select
    company_id, source_system, from_entity as entity, from_row_key as row_key,
    sum(case when is_lent then -amount_doc else amount_doc end)::decimal(18, 4) as wanted_doc,
    min(batch_id) as batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at, min(recorded_source) as recorded_source,
    max(source_mode) as source_mode, max(extract_as_of) as extract_as_of
  from standing
  group by company_id, source_system, from_entity, from_row_key
  having bool_or(is_lent) and not bool_and(is_lent)
),
capped as (
  select
    total.*, item.currency, item.posted_on, abs(item.amount_doc) as item_doc, abs(item.amount_local) as item_local,
    least(greatest(total.wanted_doc, 0), abs(item.amount_doc))::decimal(18, 4) as gives_doc
  from total
  inner join entries.item as item on total.company_id = item.company_id and total.entity = item.entity and total.row_key = item.row_key
  left join entries.idle_item as idle on total.company_id = idle.company_id and total.entity = idle.entity and total.row_key = idle.row_key
  where idle.row_key is null
)
select
  company_id, source_system, entity, row_key, 'through/' || row_key as group_key, currency, posted_on, gives_doc,
  prorate(gives_doc, item_local, item_doc) as gives_local, greatest(wanted_doc - gives_doc, 0)::decimal(18, 4) as amount_cut,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
from capped
