-- One row per item that settles nothing: not posted (draft, cancelled, reversed), taken back or taking back (is_pair), or only restating ledger currency.
with paired as (
  select company_id, entity, row_key from entries.reversal
  union
  select company_id, undone_entity, undone_key from entries.reversal
)
select item.company_id, item.entity, item.row_key, paired.row_key is not null as is_pair, item.state <> 'posted' as is_not_posted
from entries.item as item
left join paired on item.company_id = paired.company_id and item.entity = paired.entity and item.row_key = paired.row_key
where paired.row_key is not null or item.state <> 'posted' or item.kind = 'fx_revaluation'
