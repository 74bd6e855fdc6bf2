-- One row per instalment of every document: as told, else one of the whole document. Amounts signed like the document's;
-- the last instalment takes what the others leave of the document, so that they always sum to it. place: its turn among the places of its document
-- when money that names none is shared out, oldest due first.
with document as (
  select * from core.document
),
due as (
  select
    document.company_id, document.doc_id,
    case when document.terms_id is not null then 'terms' else 'customer_terms' end as due_date_source,
    case terms.baseline
      when 'posting' then coalesce(document.posting_date, document.doc_date)
      when 'month_end' then last_day(document.doc_date + to_months(coalesce(terms.add_months, 0)))
      when 'fixed_day' then date_trunc('month', document.doc_date + to_months(coalesce(terms.add_months, 0)))::date + (coalesce(terms.fixed_day, 1) - 1)
      else coalesce(document.baseline_date, document.doc_date)
    end + coalesce(terms.net_days, 0) as due_date
  from document
  left join staging.customer as customer
    on document.company_id = customer.company_id and document.customer_id = customer.customer_id
  inner join staging.payment_terms as terms
    on document.company_id = terms.company_id and coalesce(document.terms_id, customer.terms_id) = terms.terms_id
),
told as (
  select
    *,
    count(*) over (partition by company_id, doc_id)::bigint as places,
    max(seq) over (partition by company_id, doc_id) as last_seq,
    sum(amount_doc) over (partition by company_id, doc_id) as sum_doc,
    sum(amount_local) over (partition by company_id, doc_id) as sum_local
  from staging.instalment
),
planned as (
  select
    document.company_id, document.doc_id,
    coalesce(told.seq, 1) as seq,
    coalesce(told.due_date, document.due_date, due.due_date)::date as due_date,
    coalesce(told.due_date_original, told.due_date_first, document.due_date_original, due.due_date)::date as due_date_original,
    case
      when told.due_date is not null then told.due_date_source
      when document.due_date is not null then 'file'
      when due.due_date is not null then due.due_date_source
      else 'missing'
    end as due_date_source,
    (coalesce(told.amount_doc, 0) + case when coalesce(told.seq = told.last_seq, true) then document.amount_doc - coalesce(told.sum_doc, 0) else 0 end)::decimal(18, 4) as amount_doc,
    (coalesce(told.amount_local, 0) + case when coalesce(told.seq = told.last_seq, true) then document.amount_local - coalesce(told.sum_local, 0) else 0 end)::decimal(18, 4) as amount_local,
    told.reported_open_doc, told.reported_open_local, told.settled_date, told.disc1_date, told.disc1_amount_doc,
    coalesce(told.batch_id, document.batch_id) as batch_id,
    coalesce(told.line_no, document.line_no) as line_no,
    coalesce(told.recorded_at, document.recorded_at) as recorded_at,
    coalesce(told.recorded_source, document.recorded_source) as recorded_source,
    coalesce(told.places, 1)::bigint as places
  from document
  left join told on document.company_id = told.company_id and document.doc_id = told.doc_id
  left join due on document.company_id = due.company_id and document.doc_id = due.doc_id
),
-- most documents have one instalment: only the others are put in order
turn as (
  select company_id, doc_id, seq, row_number() over (partition by company_id, doc_id order by due_date nulls last, seq)::bigint as place
  from planned
  where places > 1
)
select planned.*, coalesce(turn.place, 1)::bigint as place
from planned
left join turn on planned.company_id = turn.company_id and planned.doc_id = turn.doc_id and planned.seq = turn.seq
