-- One row per invoice or debit note that was undone, or whose credit notes took (nearly) all of it (a setting), by the as-of date: ended_on, the first day on which that was so;
-- how: undone, or credited, then with the latest of the notes, note_id. A note counts that names the document or was set against it.
with note as (
  select note.company_id, note.ref_doc_id as doc_id, note.doc_id as note_id, note.counts_from as day, least(-note.amount_doc, document.amount_doc) as credited_doc
  from core.document as note
  inner join core.document as document
    on note.company_id = document.company_id and note.ref_doc_id = document.doc_id and note.currency = document.currency and document.amount_doc > 0
  where note.kind = 'credit_note' and counts_on(getvariable('as_of'), note.counts_from, note.counts_until)
  union all
  select allocation.company_id, allocation.to_doc_id, allocation.from_doc_id, allocation.effective_from, allocation.to_leg_doc
  from marts.allocation_in_effect as allocation
  inner join core.document as note on allocation.company_id = note.company_id and allocation.from_doc_id = note.doc_id and note.kind = 'credit_note'
  where allocation.to_doc_id is not null and allocation.to_leg_doc > 0
),
-- what a note says of a document and what is set against it are one credit
credit as (
  select company_id, doc_id, note_id, min(day) as day, max(credited_doc) as credited_doc from note group by company_id, doc_id, note_id
),
running as (
  select
    *, sum(credited_doc) over (partition by company_id, doc_id order by day, note_id rows unbounded preceding) as until_doc
  from credit
),
credited as (
  select running.company_id, running.doc_id, min(running.day) as day, min_by(running.note_id, row(running.day, running.note_id)) as note_id
  from running
  cross join params.anomaly_ledger as setting
  inner join core.document as document on running.company_id = document.company_id and running.doc_id = document.doc_id
  where document.kind in ('invoice', 'debit_note') and document.amount_doc > 0 and running.until_doc >= setting.credited_share * document.amount_doc::decimal(28, 4)
  group by running.company_id, running.doc_id
)
select
  document.company_id, document.customer_id, document.doc_id,
  case when credited.day <= coalesce(document.counts_until, credited.day) then 'credited' else 'undone' end as how,
  case when credited.day <= coalesce(document.counts_until, credited.day) then credited.note_id end as note_id,
  least(credited.day, document.counts_until) as ended_on
from core.document as document
left join credited on document.company_id = credited.company_id and document.doc_id = credited.doc_id
where document.kind in ('invoice', 'debit_note') and document.amount_doc > 0 and document.counts_from is not null
  and (credited.doc_id is not null or document.counts_until <= getvariable('as_of'))
