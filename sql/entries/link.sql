-- One row per entry that settles what it names, with as much as both have left by earlier uses and links: at most its own amount, at most the target's.
-- to_ is what raises the debt (of a bill that replaces an invoice, the invoice). amount_cut: what was too much, in the target's currency. Amounts positive.
with taken as (
  select company_id, entity, row_key, sum(amount)::decimal(18, 4) as amount
  from (
    select company_id, to_entity as entity, to_row_key as row_key, amount_to_doc as amount
    from entries.drawn
    where voided_date is null and group_key is null and to_entity is not null
    union all
    select company_id, from_entity, from_row_key, coalesce(amount_from_doc, amount_to_doc)
    from entries.drawn
    where voided_date is null and not is_loss and from_entity is not null
  ) as leg
  group by company_id, entity, row_key
),
own_room as (
  select
    link.*, own_whole - coalesce(taken.amount, 0) - sum(own_doc) over (
      partition by link.company_id, link.entity, link.row_key order by link.posted_on, link.line_no, link.entry_key
      rows between unbounded preceding and current row
    ) + own_doc as own_left
  from entries.link_end as link
  left join taken on link.company_id = taken.company_id and link.entity = taken.entity and link.row_key = taken.row_key
),
own_cut as (
  select * replace (
    case when own_left >= own_doc then target_doc else prorate(greatest(own_left, 0), target_doc, own_doc) end as target_doc
  ), target_doc as wanted_doc
  from own_room
),
target_room as (
  select
    link.*, target_whole - coalesce(taken.amount, 0) - sum(target_doc) over (
      partition by link.company_id, link.target_entity, link.target_row_key order by link.posted_on, link.line_no, link.entry_key
      rows between unbounded preceding and current row
    ) + target_doc as target_left
  from own_cut as link
  left join taken on link.company_id = taken.company_id and link.target_entity = taken.entity and link.target_row_key = taken.row_key
),
cut as (
  select *, case when target_entity is null then target_doc else greatest(least(target_doc, target_left), 0) end::decimal(18, 4) as moved_doc
  from target_room
),
scaled as (
  select
    *, side < 0 or kind = 'bill_of_exchange' as is_from,
    case when moved_doc = wanted_doc then own_doc else prorate(moved_doc, own_doc, wanted_doc) end as moved_own,
    case when moved_doc = wanted_doc then own_local else prorate(moved_doc, own_local, wanted_doc) end as moved_local
  from cut
)
select
  company_id, source_system, company_id || ':ref:' || row_key || '/' || seq as allocation_id,
  case
    when entity = 'write_off' then 'write_off'
    when entity = 'payment' or target_entity = 'payment' then 'payment'
    when side > 0 and is_from then 'bill_transfer'
    else 'credit_note'
  end as kind,
  case when is_from then target_entity else entity end as to_entity,
  case when is_from then coalesce(target_row_key, applies_to) else row_key end as to_row_key,
  case when is_from then target_seq else seq end as to_seq, case when is_from then coalesce(target_currency, currency) else currency end as to_currency,
  case when not is_from then coalesce(target_entity, 'document') when entity <> 'write_off' then entity end as from_entity,
  case when not is_from then coalesce(target_row_key, applies_to) when entity <> 'write_off' then row_key end as from_row_key,
  case when is_from then seq else target_seq end as from_seq, case when is_from then currency else target_currency end as from_currency,
  case when is_from then moved_doc else moved_own end as amount_to_doc,
  case when entity = 'write_off' then null when is_from then moved_own else moved_doc end as amount_from_doc,
  moved_local as amount_local, posted_on as alloc_date, not is_from and target_entity is null as is_from_unknown, (wanted_doc - moved_doc)::decimal(18, 4) as amount_cut, is_by_report,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
from scaled
