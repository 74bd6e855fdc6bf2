-- One row per line of a clearing, or of a told group, laid end to end with the others of its lane and side (debit, credit), oldest due first: it covers the
-- stretch from starts_at to ends_at, in document currency where the lane has only one, else in ledger currency. What stands outside the list comes last.
-- What part payments took before is no longer there. Amounts positive. A write-off has no item of its own.
with early as (
  select company_id, to_entity as entity, to_row_key as row_key, to_seq as seq, sum(amount_to_doc)::decimal(18, 4) as amount_doc
  from entries.part_payment
  group by company_id, to_entity, to_row_key, to_seq
  union all
  select company_id, from_entity, from_row_key, from_seq, sum(amount_from_doc)::decimal(18, 4)
  from entries.part_payment
  group by company_id, from_entity, from_row_key, from_seq
),
cleared as (
  select
    line.company_id, line.source_system, clearing.lane_key, line.clearing_date as lane_date, line.row_key || '/' || line.seq as line_key,
    null::varchar as told_kind, line.entity, line.row_key, line.seq, line.side, line.currency,
    (abs(line.amount_doc) - coalesce(early.amount_doc, 0))::decimal(18, 4) as amount_doc,
    (abs(line.amount_local) - prorate(coalesce(early.amount_doc, 0), abs(line.amount_local), abs(line.amount_doc)))::decimal(18, 4) as amount_local,
    case when clearing.is_one_currency then abs(line.amount_doc) - coalesce(early.amount_doc, 0) else abs(line.amount_local) end::decimal(18, 4) as size,
    false as is_outside, coalesce(line.due_date, line.doc_date) as due_date,
    line.clearing_date as alloc_date, null::date as voided_date,
    line.batch_id, line.line_no, line.recorded_at, line.recorded_source, line.source_mode, line.extract_as_of
  from entries.posted as line
  inner join entries.clearing as clearing
    on line.company_id = clearing.company_id and line.source_system = clearing.source_system and line.customer_id = clearing.customer_id
    and line.clearing_no = clearing.clearing_no and line.clearing_date = clearing.clearing_date
  left join entries.idle_item as idle on line.company_id = idle.company_id and line.entity = idle.entity and line.row_key = idle.row_key
  left join early on line.company_id = early.company_id and line.entity = early.entity and line.row_key = early.row_key and line.seq = early.seq
  where line.is_cleared and not coalesce(idle.is_pair or idle.is_not_posted, false) and coalesce(early.amount_doc < abs(line.amount_doc), true)
),
missing as (
  select
    rest.company_id, rest.source_system, rest.lane_key, rest.clearing_date, rest.row_key || '/1', null::varchar,
    case when rest.side < 0 then 'payment' else 'document' end, rest.row_key, 1, rest.side, rest.currency, abs(rest.amount_doc), abs(rest.amount_local),
    abs(rest.amount_doc), true, rest.clearing_date, rest.clearing_date, null::date,
    rest.batch_id, rest.line_no, rest.recorded_at, rest.recorded_source, rest.source_mode, rest.extract_as_of
  from entries.clearing_rest as rest
),
grouped as (
  select
    told.company_id, told.source_system, 'group/' || told.group_key, date '1900-01-01', told.allocation_key,
    told.kind, told.to_entity, told.to_row_key, told.to_seq, told.to_side, told.to_currency, told.amount_to_doc, told.amount_local,
    case
      when min(told.to_currency) over (partition by told.company_id, told.source_system, told.group_key)
        = max(told.to_currency) over (partition by told.company_id, told.source_system, told.group_key) then told.amount_to_doc
      else told.amount_local
    end, false, item.posted_on, told.alloc_date,
    least(told.voided_date, case when told.source_mode = 'full' then told.missing_since end),
    told.batch_id, told.line_no, told.recorded_at, told.recorded_source, told.source_mode, told.extract_as_of
  from entries.drawn as told
  inner join entries.item as item on told.company_id = item.company_id and told.to_entity = item.entity and told.to_row_key = item.row_key
  where told.group_key is not null and told.amount_to_doc > 0
),
line as (
  select * from cleared
  union all
  select * from missing
  union all
  select * from grouped
),
laid as (
  select
    *,
    sum(size) over (
      partition by company_id, source_system, lane_key, lane_date, side
      order by is_outside, due_date, line_no, line_key rows between unbounded preceding and current row
    )::decimal(18, 4) as ends_at
  from line
)
select *, (ends_at - size)::decimal(18, 4) as starts_at
from laid
