-- One row per receipt through which credits are used beside its own money (uses told with a minus, both ends lower what is owed): gives_doc, gives_local is
-- what it gives itself, what it settles less those credits, at most its amount; amount_cut what would be too much. Positive, its own currency.
with total as (
  select
    company_id, source_system, from_entity as entity, from_row_key as row_key,
    sum(case when is_lent then -drawn_doc else drawn_doc end)::decimal(18, 4) as wanted_doc,
    min(batch_id) as batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at, min(recorded_source) as recorded_source,
    max(source_mode) as source_mode, max(extract_as_of) as extract_as_of
  from entries.lasting
  where is_lasting and not is_loss and group_key is null and from_entity = 'payment'
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
