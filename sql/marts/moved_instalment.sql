-- One row per instalment of a debt whose due date now told is later than the one told first, by more days than a setting allows: moved_on, the day by which an extract told the
-- later date after an earlier one had told another (NULL: one extract told both, or it was so from the day the document was made). amount_local: ledger currency, positive.
-- settled_on: the first day on which nothing of it was open (NULL: it is).
with moved as (
  select
    document.company_id, document.customer_id, instalment.doc_id, instalment.seq, document.doc_date, document.counts_from, document.counts_until,
    instalment.due_date, instalment.due_date_original, instalment.amount_local
  from core.instalment as instalment
  cross join params.anomaly_ledger as setting
  inner join core.document as document on instalment.company_id = document.company_id and instalment.doc_id = document.doc_id
  where instalment.due_date - instalment.due_date_original >= setting.due_moved_days_min and document.counts_from <= getvariable('as_of') and instalment.amount_local > 0
    and is_debt(document.kind, document.amount_doc) and document.customer_id is not null
),
told as (
  select told.company_id, told.doc_id, told.seq, told.due_date, recorded_day(told.recorded_at, told.extract_as_of) as told_on
  from lake.instalment as told
  inner join moved on told.company_id = moved.company_id and told.doc_id = moved.doc_id and told.seq = moved.seq
  union all
  select told.company_id, told.doc_id, moved.seq, told.due_date, recorded_day(told.recorded_at, told.extract_as_of)
  from lake.document as told
  inner join moved on told.company_id = moved.company_id and told.doc_id = moved.doc_id
  where told.due_date is not null
  union all
  select moved.company_id, moved.doc_id, moved.seq, told.due_date, recorded_day(told.recorded_at, told.extract_as_of)
  from entries.posted as posted
  inner join moved
    on posted.company_id = moved.company_id and posted.company_id || ':' || posted.row_key = moved.doc_id and posted.seq = moved.seq and posted.entity = 'document'
  inner join lake.entry as told on posted.company_id = told.company_id and posted.source_system = told.source_system and posted.entry_key = told.entry_key
  where told.due_date is not null
),
turn as (
  select
    moved.company_id, moved.doc_id, moved.seq, min(case when told.due_date >= moved.due_date then told.told_on end) as told_on,
    min(case when told.due_date < moved.due_date then told.told_on end) as before_on
  from moved
  inner join told on moved.company_id = told.company_id and moved.doc_id = told.doc_id and moved.seq = told.seq
  group by moved.company_id, moved.doc_id, moved.seq
),
closing as (
  select moved.company_id, moved.doc_id, moved.seq, case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end as settled_on
  from moved
  inner join marts.instalment_exit as leaving on moved.company_id = leaving.company_id and moved.doc_id = leaving.doc_id and moved.seq = leaving.seq
  group by moved.company_id, moved.doc_id, moved.seq
)
select
  moved.company_id, moved.customer_id, moved.doc_id, moved.seq, moved.doc_date, moved.counts_from, moved.due_date, moved.due_date_original,
  moved.amount_local::decimal(18, 4) as amount_local,
  case when turn.before_on < turn.told_on then turn.told_on end as moved_on,
  least(closing.settled_on, case when moved.counts_until <= getvariable('as_of') then moved.counts_until end) as settled_on
from moved
left join turn on moved.company_id = turn.company_id and moved.doc_id = turn.doc_id and moved.seq = turn.seq
left join closing on moved.company_id = closing.company_id and moved.doc_id = closing.doc_id and moved.seq = closing.seq
