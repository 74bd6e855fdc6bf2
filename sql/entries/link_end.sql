-- One row per entry that settles with its whole amount what it names, with that item (target_ NULL: nothing is known by that key). An entry that a clearing
-- settles names nothing, nor does one that names its own item, or what pulls the same way; only a bill may replace another debt. A key several items share
-- stands for the customer's own, the latest that was there already. Amounts positive; target_doc: the entry's amount in the target's currency.
-- own_whole, target_whole: what may be taken of either; of an item whose rest a list of open items tells, no more than that calls settled (is_by_report),
-- rounding aside.
with naming as (
  select * from entries.posted where applies_to is not null and not is_cleared and state = 'posted'
),
candidate as (
  select
    naming.company_id, naming.source_system, naming.entry_key, name.entity, name.row_key, name.seq,
    row_number() over (
      partition by naming.company_id, naming.source_system, naming.entry_key
      order by case when name.customer_id = naming.customer_id then 0 else 1 end, case when name.posted_on <= naming.posted_on then 0 else 1 end,
        name.posted_on desc, name.row_key desc, name.entity
    )::bigint as place
  from naming
  inner join entries.name as name
    on naming.company_id = name.company_id and naming.source_system = name.source_system and naming.applies_to = name.name
  where (naming.entity <> name.entity or naming.row_key <> name.row_key) and name.entity <> 'write_off'
    and name.side = case when naming.kind = 'bill_of_exchange' and naming.side > 0 then 1 else -naming.side end
    and (naming.doc_key <> naming.applies_to or naming.side < 0 and name.customer_id = naming.customer_id)
),
known as (
  select distinct company_id, source_system, name from entries.name
),
reported as (
  select company_id, entity, row_key, (sum(abs(amount_doc)) - sum(abs(open_doc)))::decimal(18, 4) as settled_doc
  from entries.posted
  where source_mode = 'open_items'
  group by company_id, entity, row_key
  having count(*)::bigint = count(open_doc)::bigint
),
ended as (
  select
    naming.company_id, naming.source_system, naming.entry_key, naming.entity, naming.row_key, naming.seq, naming.side, naming.kind, naming.currency,
    abs(own.amount_doc) as own_whole, abs(naming.amount_doc) as own_doc, abs(naming.amount_local) as own_local,
    naming.applies_to, candidate.entity as target_entity, candidate.row_key as target_row_key, candidate.seq as target_seq,
    target.currency as target_currency, abs(target.amount_doc) as target_whole,
    case
      when target.currency <> naming.currency then prorate(abs(naming.amount_local), target.amount_doc, target.amount_local)
      else abs(naming.amount_doc)
    end as target_doc,
    naming.posted_on, naming.batch_id, naming.line_no, naming.recorded_at, naming.recorded_source, naming.source_mode, naming.extract_as_of
  from naming
  inner join entries.item as own on naming.company_id = own.company_id and naming.entity = own.entity and naming.row_key = own.row_key
  left join candidate
    on naming.company_id = candidate.company_id and naming.source_system = candidate.source_system and naming.entry_key = candidate.entry_key and candidate.place = 1
  left join entries.item as target
    on candidate.company_id = target.company_id and candidate.entity = target.entity and candidate.row_key = target.row_key
  left join known on naming.company_id = known.company_id and naming.source_system = known.source_system and naming.applies_to = known.name
  where candidate.entry_key is not null or known.name is null
),
summed as (
  select
    ended.*, case when ended.target_entity is not null then own.settled_doc end as own_settled, target.settled_doc as target_settled,
    sum(ended.own_doc) over (partition by ended.company_id, ended.entity, ended.row_key) as own_told,
    sum(ended.target_doc) over (partition by ended.company_id, ended.target_entity, ended.target_row_key) as target_told
  from ended
  left join reported as own on ended.company_id = own.company_id and ended.entity = own.entity and ended.row_key = own.row_key
  left join reported as target
    on ended.company_id = target.company_id and ended.target_entity = target.entity and ended.target_row_key = target.row_key
)
select
  * exclude (own_settled, target_settled, own_told, target_told) replace (
    case when own_told > own_settled + 0.05 then least(own_whole, own_settled) else own_whole end as own_whole,
    case when target_told > target_settled + 0.05 then least(target_whole, target_settled) else target_whole end as target_whole
  ),
  coalesce(own_told > own_settled + 0.05, false) or coalesce(target_told > target_settled + 0.05, false) as is_by_report
from summed
