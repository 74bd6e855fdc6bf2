-- One row per stretch of a lane that a debit line and a credit line share: that much of each settles the other. A line in several stretches is cut so that its
-- pieces sum to it exactly. amount_to_doc in the debit's, amount_from_doc in the credit's currency; amount_local: value of the credit.
with debit as (
  select * from entries.lane where side > 0
),
credit as (
  select * from entries.lane where side < 0
),
shared as (
  select
    debit.*, credit.entity as from_entity, credit.row_key as from_row_key, credit.seq as from_seq, credit.line_key as from_line_key,
    credit.told_kind as from_told_kind, credit.currency as from_currency, credit.is_outside as is_from_outside,
    credit.amount_doc as from_doc, credit.amount_local as from_local, credit.size as from_size, credit.starts_at as from_starts_at,
    credit.alloc_date as from_alloc_date, credit.voided_date as from_voided_date,
    greatest(debit.starts_at, credit.starts_at) as first, least(debit.ends_at, credit.ends_at) as last
  from debit
  inner join credit
    on debit.company_id = credit.company_id and debit.source_system = credit.source_system and debit.lane_key = credit.lane_key
    and debit.lane_date = credit.lane_date and debit.starts_at < credit.ends_at and credit.starts_at < debit.ends_at
)
select
  company_id, source_system,
  company_id || ':' || lane_key || '/' || line_key || '-' || from_line_key || case when is_outside or is_from_outside then '/outside' else '' end as allocation_id,
  case
    when from_entity = 'write_off' then 'write_off'
    when is_outside or is_from_outside then 'netting'
    else coalesce(told_kind, from_told_kind, case when from_entity = 'document' and entity = 'document' then 'credit_note' else 'payment' end)
  end as kind,
  entity as to_entity, row_key as to_row_key, seq as to_seq, currency as to_currency,
  case when from_entity <> 'write_off' then from_entity end as from_entity, case when from_entity <> 'write_off' then from_row_key end as from_row_key,
  from_seq, from_currency,
  prorate(last - starts_at, amount_doc, size) - prorate(first - starts_at, amount_doc, size) as amount_to_doc,
  case
    when from_entity <> 'write_off' then prorate(last - from_starts_at, from_doc, from_size) - prorate(first - from_starts_at, from_doc, from_size)
  end as amount_from_doc,
  prorate(last - from_starts_at, from_local, from_size) - prorate(first - from_starts_at, from_local, from_size) as amount_local,
  greatest(alloc_date, from_alloc_date) as alloc_date, least(voided_date, from_voided_date) as voided_date,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
from shared
