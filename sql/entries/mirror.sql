-- One row per told use that says from the end of the credit what another row says from that of the debit: ends swapped, amounts opposite, of one day.
-- Only the row of the debit counts; the n-th of equal rows mirrors the n-th. Ends of two currencies tell amounts of their own: their signs are opposite.
with told as (
  select
    told.company_id, told.source_system, told.allocation_key, told.alloc_date, own.side,
    case when own.side > 0 then told.to_row_key || '/' || coalesce(told.to_entry_seq, 0) else told.from_row_key || '/' || coalesce(told.from_entry_seq, 0) end as debit_key,
    case when own.side > 0 then told.from_row_key || '/' || coalesce(told.from_entry_seq, 0) else told.to_row_key || '/' || coalesce(told.to_entry_seq, 0) end as credit_key,
    case when own.side > 0 then told.to_entity else told.from_entity end as debit_entity,
    case when own.side > 0 then told.from_entity else told.to_entity end as credit_entity,
    case
      when own.currency = other.currency then own.side * coalesce(told.amount_to_doc, told.amount_local)
      else own.side * sign(coalesce(told.amount_to_doc, told.amount_local))
    end as amount
  from entries.use_end as told
  inner join entries.item as own on told.company_id = own.company_id and told.to_entity = own.entity and told.to_row_key = own.row_key
  inner join entries.item as other
    on told.company_id = other.company_id and told.from_entity = other.entity and told.from_row_key = other.row_key and own.side = -other.side
  where coalesce(told.amount_to_doc, told.amount_local) <> 0
),
placed as (
  select
    *, row_number() over (
      partition by company_id, source_system, debit_entity, debit_key, credit_entity, credit_key, alloc_date, amount, side order by allocation_key
    )::bigint as place
  from told
)
select own.company_id, own.source_system, own.allocation_key, other.allocation_key as counted_key
from placed as own
inner join placed as other
  on own.company_id = other.company_id and own.source_system = other.source_system and own.debit_entity = other.debit_entity and own.debit_key = other.debit_key
  and own.credit_entity = other.credit_entity and own.credit_key = other.credit_key and own.alloc_date is not distinct from other.alloc_date
  and own.amount = other.amount and own.place = other.place
where own.side < 0 and other.side > 0
