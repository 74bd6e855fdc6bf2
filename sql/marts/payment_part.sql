-- One row per allocation of money to an invoice (a positive document) and instalment it pays, with the days it is in effect. What names no instalment
-- of it pays the oldest due first, as far as what does leaves room; what is beyond pays the last. amount_local: ledger currency, positive.
-- days_to_pay: from the document's date; days_late: from the due date, negative where early, NULL without one.
with money as (
  select
    allocation.company_id, allocation.allocation_id, allocation.to_doc_id as doc_id, instalment.seq, allocation.to_leg_doc, allocation.amount_local,
    allocation.effective_from, allocation.effective_until, document.doc_date,
    sum(allocation.to_leg_doc) over (
      partition by allocation.company_id, allocation.to_doc_id, instalment.seq is null
      order by allocation.effective_from, allocation.allocation_id
      rows between unbounded preceding and current row
    ) as taken_until
  from core.allocation as allocation
  inner join core.document as document
    on allocation.company_id = document.company_id and allocation.to_doc_id = document.doc_id and document.amount_doc > 0
  left join core.instalment as instalment
    on allocation.company_id = instalment.company_id and allocation.to_doc_id = instalment.doc_id and allocation.to_seq = instalment.seq
  where allocation.from_payment_id is not null and allocation.effective_from is not null
    and allocation.amount_local > 0 and allocation.to_leg_doc > 0
),
named as (
  select company_id, doc_id, seq, sum(to_leg_doc) as named_doc
  from money
  where seq is not null and effective_until is null
  group by company_id, doc_id, seq
),
room as (
  select
    instalment.company_id, instalment.doc_id, instalment.seq, instalment.due_date,
    greatest(instalment.amount_doc - coalesce(named.named_doc, 0), 0) as room_doc,
    row_number() over (partition by instalment.company_id, instalment.doc_id order by instalment.due_date nulls last, instalment.seq)::bigint as place,
    count(*) over (partition by instalment.company_id, instalment.doc_id)::bigint as places
  from core.instalment as instalment
  left join named
    on instalment.company_id = named.company_id and instalment.doc_id = named.doc_id and instalment.seq = named.seq
),
filled as (
  select
    *,
    sum(room_doc) over (partition by company_id, doc_id order by place rows between unbounded preceding and current row) as room_until
  from room
),
part as (
  select
    money.*, filled.seq as paid_seq, filled.due_date,
    case
      when money.seq is not null then money.to_leg_doc
      else least(money.taken_until, case when filled.place = filled.places then money.taken_until else filled.room_until end)
        - greatest(money.taken_until - money.to_leg_doc, filled.room_until - filled.room_doc)
    end as part_doc
  from money
  inner join filled
    on money.company_id = filled.company_id and money.doc_id = filled.doc_id and coalesce(money.seq, filled.seq) = filled.seq
)
select
  company_id, allocation_id, doc_id, paid_seq as seq, effective_from, effective_until,
  prorate(part_doc::decimal(18, 4), amount_local, to_leg_doc) as amount_local,
  date_diff('day', doc_date, effective_from)::integer as days_to_pay,
  date_diff('day', due_date, effective_from)::integer as days_late
from part
where part_doc > 0
