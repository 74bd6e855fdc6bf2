-- One row per piece that a credit takes, from its own day on, of the debit it names, where a later clearing of one currency settles both: the clearing lays end
-- to end what is left of them. Credits by day, debits oldest due first. Amounts positive, in that currency; amount_local: value of the credit.
with line as (
  select
    posted.company_id, posted.source_system, posted.customer_id, posted.clearing_no, posted.clearing_date, posted.entity, posted.row_key, posted.seq, posted.side,
    posted.currency, abs(posted.amount_doc) as amount_doc, abs(posted.amount_local) as amount_local, posted.posted_on,
    coalesce(posted.due_date, posted.doc_date) as due_date, posted.applies_to, posted.entry_key,
    posted.batch_id, posted.line_no, posted.recorded_at, posted.recorded_source, posted.source_mode, posted.extract_as_of
  from entries.posted as posted
  inner join entries.clearing as clearing
    on posted.company_id = clearing.company_id and posted.source_system = clearing.source_system and posted.customer_id = clearing.customer_id
    and posted.clearing_no = clearing.clearing_no and posted.clearing_date = clearing.clearing_date
  left join entries.idle_item as idle on posted.company_id = idle.company_id and posted.entity = idle.entity and posted.row_key = idle.row_key
  where posted.is_cleared and posted.entity <> 'write_off' and posted.posted_on < posted.clearing_date and clearing.is_one_currency and idle.row_key is null
),
candidate as (
  select
    line.*, target.entity as to_entity, target.row_key as to_row_key, name.seq as named_seq,
    row_number() over (
      partition by line.company_id, line.source_system, line.entry_key order by target.posted_on, target.row_key, target.seq, target.entity
    )::bigint as place
  from line
  inner join entries.name as name on line.company_id = name.company_id and line.source_system = name.source_system and line.applies_to = name.name
  inner join line as target
    on line.company_id = target.company_id and line.source_system = target.source_system and line.customer_id = target.customer_id
    and line.clearing_no = target.clearing_no and line.clearing_date = target.clearing_date and name.entity = target.entity and name.row_key = target.row_key
    and coalesce(name.seq, target.seq) = target.seq
  where line.side < 0 and target.side > 0
),
credit as (
  select
    *, bool_and(named_seq is not null) over (partition by company_id, source_system, customer_id, clearing_no, clearing_date, to_entity, to_row_key) as is_by_line
  from candidate
  where place = 1
),
credit_laid as (
  select *, sum(amount_doc) over (
    partition by company_id, source_system, customer_id, clearing_no, clearing_date, to_entity, to_row_key, case when is_by_line then named_seq end
    order by posted_on, line_no, entry_key rows between unbounded preceding and current row
  ) as ends_at
  from credit
),
target as (
  select distinct company_id, source_system, customer_id, clearing_no, clearing_date, to_entity, to_row_key, case when is_by_line then named_seq end as named_seq
  from credit
),
debit_laid as (
  select line.*, target.named_seq, sum(line.amount_doc) over (
    partition by line.company_id, line.source_system, line.customer_id, line.clearing_no, line.clearing_date, line.entity, line.row_key, target.named_seq
    order by line.due_date, line.seq rows between unbounded preceding and current row
  ) as ends_at
  from line
  inner join target
    on line.company_id = target.company_id and line.source_system = target.source_system and line.customer_id = target.customer_id
    and line.clearing_no = target.clearing_no and line.clearing_date = target.clearing_date and line.entity = target.to_entity and line.row_key = target.to_row_key
    and coalesce(target.named_seq, line.seq) = line.seq
),
piece as (
  select
    credit.* exclude (ends_at), debit.seq as to_seq, credit.ends_at - credit.amount_doc as starts_at, greatest(credit.posted_on, debit.posted_on) as alloc_date,
    greatest(credit.ends_at - credit.amount_doc, debit.ends_at - debit.amount_doc) as first, least(credit.ends_at, debit.ends_at) as last
  from credit_laid as credit
  inner join debit_laid as debit
    on credit.company_id = debit.company_id and credit.source_system = debit.source_system and credit.customer_id = debit.customer_id
    and credit.clearing_no = debit.clearing_no and credit.clearing_date = debit.clearing_date and credit.to_entity = debit.entity
    and credit.to_row_key = debit.row_key and case when credit.is_by_line then credit.named_seq end is not distinct from debit.named_seq
    and credit.ends_at - credit.amount_doc < debit.ends_at and debit.ends_at - debit.amount_doc < credit.ends_at
)
select
  company_id, source_system, company_id || ':ref:' || row_key || '/' || seq || case when first > starts_at then '-' || to_seq else '' end as allocation_id,
  case when entity = 'document' and to_entity = 'document' then 'credit_note' else 'payment' end as kind,
  to_entity, to_row_key, to_seq, currency as to_currency, entity as from_entity, row_key as from_row_key, seq as from_seq, currency as from_currency,
  (last - first)::decimal(18, 4) as amount_to_doc, (last - first)::decimal(18, 4) as amount_from_doc,
  prorate(last - starts_at, amount_local, amount_doc) - prorate(first - starts_at, amount_local, amount_doc) as amount_local, alloc_date,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of
from piece
