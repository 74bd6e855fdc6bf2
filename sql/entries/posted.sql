-- One row per entry that counts (an opening balance only where nothing earlier is told), with the item it is part of: entity (document, payment, or
-- write_off, which is an allocation and no item) and row_key. Entries of one document and sign are one item, receipts of one document too; seq numbers
-- the entries of a row_key. Amounts signed: positive raises what is owed.
with valued as (
  select
    told.* exclude (fault) replace (
      coalesce(told.amount_local, at_rate(told.amount_doc, day.rate, day.is_inverse, 2))::decimal(18, 4) as amount_local
    )
  from entries.completed as told
  left join entries.rate_of_day as day
    on told.company_id = day.company_id and told.currency = day.currency and told.doc_date = day.day and told.amount_local is null
  left join entries.opening as known
    on told.company_id = known.company_id and told.source_system = known.source_system and told.entry_key = known.entry_key
  where told.fault is null and (told.amount_local is not null or day.rate is not null) and known.entry_key is null
),
dated as (
  select
    *, coalesce(posting_date, doc_date) as posted_on, sign(case when amount_doc = 0 then amount_local else amount_doc end)::integer as side,
    substr(customer_id, length(company_id) + 2) as customer,
    clearing_no is not null and clearing_date is not null and customer_id is not null and state = 'posted' as is_cleared
  from valued
),
meant as (
  select
    * replace (
      case
        when kind = 'write_off' and not (
          side < 0 and state = 'posted' and (is_cleared and posted_on >= clearing_date or not is_cleared and applies_to is not null)
        ) then 'adjustment'
        else kind
      end as kind,
      coalesce(fiscal_year, year(posted_on)::integer) as fiscal_year,
      coalesce(open_doc, prorate(open_local, amount_doc, amount_local)) as open_doc
    )
  from dated
),
entity as (
  select *, case
    when kind = 'write_off' then 'write_off'
    when is_receipt(kind) then 'payment'
    else 'document'
  end as entity
  from meant
),
crowded as (
  select company_id, doc_key from entity group by company_id, doc_key having count(*) > 1
),
shared as (
  select
    entity.company_id, entity.doc_key, min(entity.source_system) <> max(entity.source_system) as has_systems,
    min(entity.currency) <> max(entity.currency) as has_currencies,
    min(coalesce(entity.customer, '')) <> max(coalesce(entity.customer, '')) as has_customers
  from entity
  inner join crowded on entity.company_id = crowded.company_id and entity.doc_key = crowded.doc_key
  group by entity.company_id, entity.doc_key
),
keyed as (
  select
    entity.*, shared.doc_key is not null as is_crowded,
    entity.doc_key || case when shared.has_systems then '/' || entity.source_system else '' end
    || case when shared.has_customers then '/' || coalesce(entity.customer, '') else '' end
    || case when shared.has_currencies then '/' || entity.currency else '' end
    || case when entity.side < 0 and entity.entity <> 'payment' then '/C' else '' end as row_key
  from entity
  left join shared on entity.company_id = shared.company_id and entity.doc_key = shared.doc_key
),
numbered as (
  select company_id, row_key
  from keyed
  where is_crowded
  group by company_id, row_key
  having count(distinct told_seq)::bigint = count(*)::bigint
),
placed as (
  select
    company_id, source_system, entry_key,
    row_number() over (partition by company_id, row_key order by due_date nulls last, line_no, entry_key)::bigint::integer as place
  from keyed
  where is_crowded
)
select
  keyed.* exclude (is_crowded, told_seq),
  coalesce(case when not keyed.is_crowded or numbered.row_key is not null then keyed.told_seq end, placed.place, 1) as seq
from keyed
left join numbered on keyed.company_id = numbered.company_id and keyed.row_key = numbered.row_key and keyed.is_crowded
left join placed
  on keyed.company_id = placed.company_id and keyed.source_system = placed.source_system and keyed.entry_key = placed.entry_key
