-- One row per allocation of what entries make: told, from clearings, groups and named documents, and from what the ERP calls settled and nothing tells.
-- Amounts positive. is_day_known: false where only the day of an extract is known for it.
with settlement as (
  select * exclude (from_seq, is_in_force), true as is_day_known from entries.settled
  union all by name
  select *, 'derived_fifo' as origin, true as is_day_known from entries.rest_stretch
  union all by name
  select
    company_id, company_id || ':rest/' || of_row_key || '/' || of_seq || '/outside' as allocation_id, 'netting' as kind,
    case when side < 0 then of_entity else 'document' end as to_entity, case when side < 0 then of_row_key else row_key end as to_row_key,
    case when side < 0 then of_seq else 1 end as to_seq,
    case when side < 0 then 'payment' else of_entity end as from_entity, case when side < 0 then row_key else of_row_key end as from_row_key,
    currency as from_currency, abs(amount_doc) as amount_to_doc, abs(amount_doc) as amount_from_doc, abs(amount_local) as amount_local, posted_on as alloc_date,
    'derived_fifo' as origin, has_day as is_day_known, batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
  from entries.outside
  where of_row_key is not null
)
select
  company_id, allocation_id, kind,
  case when from_entity = 'payment' then company_id || ':' || from_row_key end as from_payment_id,
  case when from_entity <> 'payment' then company_id || ':' || from_row_key end as from_doc_id,
  null::integer as from_seq, from_currency, amount_from_doc,
  case when to_entity is distinct from 'payment' then company_id || ':' || to_row_key end as to_doc_id,
  case when to_entity = 'payment' then company_id || ':' || to_row_key end as to_payment_id,
  case when to_entity is distinct from 'payment' then to_seq end as to_seq,
  amount_to_doc::decimal(18, 4) as amount_to_doc, amount_local::decimal(18, 4) as amount_local, alloc_date,
  null::decimal(18, 4) as fx_difference_local, discount_local, origin, voided_date,
  case when origin = 'source' then substr(allocation_id, length(company_id) + 2) end as source_key,
  batch_id, line_no, recorded_at, recorded_source, extract_as_of, source_mode, missing_since, is_day_known
from settlement
