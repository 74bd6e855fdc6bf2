-- One row per told use that is no taking back, with the day a later row takes it back and drawn_doc, what it takes from its source (discount left aside).
-- is_lasting: its target is known and posted, and nothing voids it, takes it back or has it gone.
select
  told.* exclude (is_taken_back) replace (least(told.voided_date, back.voided_date) as voided_date),
  coalesce(
    told.amount_from_doc,
    case
      when told.amount_local = 0 then told.amount_to_doc
      else told.amount_to_doc - prorate(coalesce(told.discount_local, 0), told.amount_to_doc, told.amount_local)
    end
  ) as drawn_doc,
  told.to_entity is not null and idle.row_key is null and told.voided_date is null and back.allocation_key is null
  and (told.source_mode <> 'full' or told.missing_since is null) as is_lasting
from entries.use as told
left join entries.taken_back as back
  on told.company_id = back.company_id and told.source_system = back.source_system and told.allocation_key = back.allocation_key
left join entries.idle_item as idle
  on told.company_id = idle.company_id and told.to_entity = idle.entity and told.to_row_key = idle.row_key
where not told.is_taken_back
