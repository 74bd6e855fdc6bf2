-- One row per told use (told from both ends: that of the debit) with both legs, positive, each in its own item's currency; to_ is the end that raises what
-- is owed, whichever way round it was told. is_taken_back: the row only takes back another one. is_lent: told with a minus of a receipt to another credit,
-- and never without, which is used through the receipt. A use of group_key has one end, to_, on either side. amount_local: carrying value cleared.
with valued as (
  select
    told.*, debit.side as to_side, debit.currency as to_currency, credit.side as from_side, credit.currency as from_currency,
    debit.amount_doc as to_item_doc, debit.amount_local as to_item_local, credit.amount_doc as from_item_doc, credit.amount_local as from_item_local,
    coalesce(told.kind, '') in ('write_off', 'waiver', 'discount', 'tolerance', 'fx_difference') as is_loss,
    coalesce(told.amount_to_doc, told.amount_local, told.amount_from_doc) < 0 and told.kind is distinct from 'fx_difference' as is_minus,
    coalesce(debit.side < 0 and credit.side < 0 and told.from_entity = 'payment' and told.group_key is null, false) as is_credit_of_receipt,
    case
      when coalesce(told.currency, debit.currency) is not distinct from debit.currency or debit.currency is null then 'to'
      when told.currency = credit.currency then 'from'
      when told.currency = company.local_currency then 'local'
      else 'to'
    end as told_in
  from entries.use_end as told
  left join entries.item as debit
    on told.company_id = debit.company_id and told.to_entity = debit.entity and told.to_row_key = debit.row_key
  left join entries.item as credit
    on told.company_id = credit.company_id and told.from_entity = credit.entity and told.from_row_key = credit.row_key
  left join staging.company as company on told.company_id = company.company_id
  left join entries.mirror as mirror
    on told.company_id = mirror.company_id and told.source_system = mirror.source_system and told.allocation_key = mirror.allocation_key
  where mirror.allocation_key is null
),
stated as (
  select
    * replace (
      case when kind = 'fx_difference' then amount_local else abs(coalesce(amount_local, case when told_in = 'local' then amount_to_doc end)) end as amount_local,
      abs(case when told_in = 'to' then amount_to_doc end) as amount_to_doc,
      abs(coalesce(amount_from_doc, case when told_in = 'from' then amount_to_doc end)) as amount_from_doc
    ),
    group_key is null and from_key is not null
    and (to_side < 0 and coalesce(from_side, 1) > 0 or to_side is null and from_side > 0) as is_turned
  from valued
),
measured as (
  select * replace (
    coalesce(
      amount_local, prorate(amount_to_doc, to_item_local, to_item_doc), prorate(amount_from_doc, from_item_local, from_item_doc), amount_to_doc, amount_from_doc
    ) as amount_local
  )
  from stated
),
legs as (
  select * replace (
    case
      when kind = 'fx_difference' then 0 else coalesce(amount_to_doc, prorate(amount_local, to_item_doc, to_item_local), amount_local)
    end::decimal(18, 4) as amount_to_doc,
    coalesce(
      amount_from_doc,
      case when to_currency <> from_currency then prorate(amount_local - coalesce(discount_local, 0), from_item_doc, from_item_local) end
    )::decimal(18, 4) as amount_from_doc
  )
  from measured
),
told_before as (
  select distinct company_id, source_system, to_row_key, from_row_key from legs where is_credit_of_receipt and not is_minus
),
meant as (
  select legs.*, legs.is_minus and legs.is_credit_of_receipt and told_before.company_id is null as is_lent
  from legs
  left join told_before
    on legs.company_id = told_before.company_id and legs.source_system = told_before.source_system
    and legs.to_row_key = told_before.to_row_key and legs.from_row_key = told_before.from_row_key
)
select
  company_id, source_system, allocation_key, kind, group_key, is_loss, is_minus and not is_lent as is_taken_back, is_lent,
  alloc_date, voided_date, discount_local,
  case when is_turned then from_key else to_key end as to_key, case when is_turned then to_key else from_key end as from_key,
  case when is_turned then from_entity else to_entity end as to_entity, case when is_turned then to_entity else from_entity end as from_entity,
  case when is_turned then from_row_key else to_row_key end as to_row_key, case when is_turned then to_row_key else from_row_key end as from_row_key,
  coalesce(case when is_turned then from_entry_seq else to_entry_seq end, to_seq) as to_seq,
  case when is_turned then to_entry_seq else from_entry_seq end as from_seq,
  case when is_turned then from_side else to_side end as to_side, case when is_turned then to_side else from_side end as from_side,
  case when is_turned then from_currency else to_currency end as to_currency, case when is_turned then to_currency else from_currency end as from_currency,
  case when is_turned then coalesce(amount_from_doc, amount_to_doc) else amount_to_doc end as amount_to_doc,
  case when is_turned and to_currency <> from_currency then amount_to_doc when not is_turned then amount_from_doc end as amount_from_doc,
  amount_local::decimal(18, 4) as amount_local, batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of, missing_since
from meant
