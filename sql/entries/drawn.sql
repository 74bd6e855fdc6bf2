-- One row per told use that is no taking back, as far as its source reaches: a source fills its lasting uses by (alloc_date, allocation_key), amount_cut is what
-- was too much, in to_'s currency. What a receipt settles, the credits used through it and what it gives itself (to_ is the receipt) are a group.
with told as (
  select
    told.* replace (coalesce(told.group_key, through.group_key) as group_key),
    through.group_key is not null as is_through, abs(source.amount_doc) as source_doc,
    told.is_lasting and told.group_key is null and through.group_key is null and not told.is_loss and told.from_side < 0 and told.to_side > 0
    and told.from_entity <> 'write_off' as is_filling
  from entries.lasting as told
  left join entries.through as through
    on told.company_id = through.company_id and told.source_system = through.source_system and told.from_entity = through.entity
    and told.from_row_key = through.row_key and told.is_lasting and told.group_key is null and not told.is_loss
  left join entries.item as source
    on told.company_id = source.company_id and told.from_entity = source.entity and told.from_row_key = source.row_key
  where not told.is_lent or through.group_key is not null
),
running as (
  select
    *,
    sum(case when is_filling then drawn_doc else 0 end) over (
      partition by company_id, from_entity, from_row_key, is_filling order by alloc_date, allocation_key rows between unbounded preceding and current row
    ) - drawn_doc as before_doc,
    sum(case when is_filling then drawn_doc else 0 end) over (partition by company_id, from_entity, from_row_key, is_filling) as all_doc
  from told
),
reached as (
  select
    running.*,
    case
      when running.is_filling and running.all_doc > running.source_doc + setting.over_allocation_amount
        then least(running.drawn_doc, greatest(running.source_doc - running.before_doc, 0))
      else running.drawn_doc
    end::decimal(18, 4) as moved_doc
  from running
  cross join params.ledger as setting
)
select
  * exclude (is_lent, is_lasting, is_through, is_filling, source_doc, drawn_doc, before_doc, all_doc, moved_doc) replace (
    case when is_through then null else from_key end as from_key, case when is_through then null else from_entity end as from_entity,
    case when is_through then null else from_row_key end as from_row_key, case when is_through then null else from_seq end as from_seq,
    case when is_through then null else from_side end as from_side, case when is_through then null else from_currency end as from_currency,
    case when moved_doc = drawn_doc then amount_to_doc else prorate(moved_doc, amount_to_doc, drawn_doc) end as amount_to_doc,
    case when moved_doc = drawn_doc then amount_from_doc when amount_from_doc is not null then moved_doc end as amount_from_doc,
    case when moved_doc = drawn_doc then amount_local else prorate(moved_doc, amount_local, drawn_doc) end as amount_local,
    case when moved_doc = drawn_doc then discount_local else prorate(moved_doc, discount_local, drawn_doc) end as discount_local
  ),
  case when moved_doc = drawn_doc then 0 else amount_to_doc - prorate(moved_doc, amount_to_doc, drawn_doc) end::decimal(18, 4) as amount_cut
from reached
union all by name
select
  company_id, source_system, group_key as allocation_key, group_key, false as is_loss, posted_on as alloc_date, row_key as to_key, entity as to_entity,
  row_key as to_row_key, -1 as to_side, currency as to_currency, gives_doc as amount_to_doc, gives_local as amount_local, amount_cut,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
from entries.through
where gives_doc > 0 or amount_cut > 0
