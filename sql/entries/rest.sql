-- One row per entry whose open amount the ERP told and that no clearing settled: rest_doc is what the ERP no longer calls open and no known settlement took,
-- positive, document currency. Entries with a match key and no open amount told (is_told false) settle each other as far as they go: their rest is all that
-- nothing took, and what the other side does not reach stays open. What names no instalment fills the oldest due first. excess_doc, once per item: what
-- settlements took beyond what the ERP says.
with reported as (
  select told.* replace (coalesce(told.open_doc, 0) as open_doc), told.open_doc is not null as is_told
  from entries.posted as told
  left join entries.idle_item as idle on told.company_id = idle.company_id and told.entity = idle.entity and told.row_key = idle.row_key
  where (told.open_doc is not null or told.match_key is not null) and not told.is_cleared and told.entity <> 'write_off' and idle.row_key is null
),
item as (
  select company_id, entity, row_key, max(extract_as_of) as extract_as_of
  from reported
  group by company_id, entity, row_key
),
leg as (
  select company_id, to_entity as entity, to_row_key as row_key, to_seq as seq, amount_to_doc as amount, alloc_date, voided_date, source_mode, missing_since
  from entries.settled
  where is_in_force
  union all
  select
    company_id, from_entity, from_row_key, from_seq,
    coalesce(
      amount_from_doc,
      case when amount_local = 0 then amount_to_doc else amount_to_doc - prorate(coalesce(discount_local, 0), amount_to_doc, amount_local) end
    ),
    alloc_date, voided_date, source_mode, missing_since
  from entries.settled
  where is_in_force and from_entity is not null and kind <> 'bill_transfer'
),
taken as (
  select leg.company_id, leg.entity, leg.row_key, leg.seq, sum(leg.amount)::decimal(18, 4) as amount
  from leg
  inner join item on leg.company_id = item.company_id and leg.entity = item.entity and leg.row_key = item.row_key
  where leg.alloc_date <= item.extract_as_of and coalesce(leg.voided_date > item.extract_as_of, true)
    and not (leg.source_mode = 'full' and coalesce(leg.missing_since <= item.extract_as_of, false))
  group by leg.company_id, leg.entity, leg.row_key, leg.seq
),
gap as (
  select
    reported.*, abs(reported.amount_doc) - abs(reported.open_doc) as gap_doc, coalesce(named.amount, 0) as named_doc, coalesce(pool.amount, 0) as pool_doc
  from reported
  left join taken as named
    on reported.company_id = named.company_id and reported.entity = named.entity and reported.row_key = named.row_key and reported.seq = named.seq
  left join taken as pool
    on reported.company_id = pool.company_id and reported.entity = pool.entity and reported.row_key = pool.row_key and pool.seq is null
),
shared as (
  select
    *, greatest(gap_doc - named_doc, 0) as free_doc,
    pool_doc + sum(greatest(named_doc - gap_doc, 0)) over (partition by company_id, entity, row_key) as shared_doc,
    coalesce(sum(greatest(gap_doc - named_doc, 0)) over (
      partition by company_id, entity, row_key order by due_date nulls last, seq rows between unbounded preceding and 1 preceding
    ), 0) as before_doc,
    row_number() over (partition by company_id, entity, row_key order by due_date desc nulls first, seq desc)::bigint as place_from_last
  from gap
)
select
  company_id, source_system, customer_id, customer, entity, row_key, seq, side, is_told, currency, abs(amount_doc) as amount_doc, abs(amount_local) as amount_local,
  abs(open_doc) as open_doc, (free_doc - least(free_doc, greatest(shared_doc - before_doc, 0)))::decimal(18, 4) as rest_doc,
  case when place_from_last = 1 then greatest(shared_doc - before_doc - free_doc, 0) else 0 end::decimal(18, 4) as excess_doc,
  match_key, coalesce(due_date, doc_date) as due_date, posted_on, settled_date, doc_no,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of, missing_since
from shared
