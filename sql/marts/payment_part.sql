-- One row per allocation of money to an invoice (a positive document) and instalment it pays, with the days it is in effect. What names no instalment
-- of it pays the oldest due first, as far as what does leaves room; what is beyond pays the last. amount_local: ledger currency, positive.
-- days_to_pay: from the document's date; days_late: from the due date, negative where early, NULL without one; days_late_after_grace: from the last day of
-- grace where later than that, 0 within grace, else as days_late.
with money as (
  select
    allocation.company_id, allocation.allocation_id, allocation.to_doc_id as doc_id, instalment.seq, allocation.to_leg_doc, allocation.amount_local,
    allocation.effective_from, allocation.effective_until, document.doc_date
  from core.allocation as allocation
  inner join core.document as document
    on allocation.company_id = document.company_id and allocation.to_doc_id = document.doc_id and document.amount_doc > 0
  left join core.instalment as instalment
    on allocation.company_id = instalment.company_id and allocation.to_doc_id = instalment.doc_id and allocation.to_seq = instalment.seq
  where allocation.from_payment_id is not null and allocation.effective_from is not null
    and allocation.amount_local > 0 and allocation.to_leg_doc > 0
),
shared as (
  select
    money.*,
    sum(money.to_leg_doc) over (
      partition by money.company_id, money.doc_id, money.seq is null
      order by money.effective_from, money.allocation_id
      rows between unbounded preceding and current row
    ) as taken_until
  from money
  inner join core.instalment as instalment
    on money.company_id = instalment.company_id and money.doc_id = instalment.doc_id and instalment.place = 1 and instalment.places > 1
),
named as (
  select company_id, doc_id, seq, sum(to_leg_doc) as named_doc
  from shared
  where seq is not null and effective_until is null
  group by company_id, doc_id, seq
),
room as (
  select
    instalment.company_id, instalment.doc_id, instalment.seq, instalment.due_date,
    greatest(instalment.amount_doc - coalesce(named.named_doc, 0), 0) as room_doc,
    instalment.place, instalment.places
  from core.instalment as instalment
  left join named
    on instalment.company_id = named.company_id and instalment.doc_id = named.doc_id and instalment.seq = named.seq
  where instalment.places > 1
),
filled as (
  select
    *,
    sum(room_doc) over (partition by company_id, doc_id order by place rows between unbounded preceding and current row) as room_until
  from room
),
part as (
  select money.*, instalment.seq as paid_seq, instalment.due_date, money.to_leg_doc as part_doc
  from money
  inner join core.instalment as instalment
    on money.company_id = instalment.company_id and money.doc_id = instalment.doc_id and instalment.places = 1
  union all
  select
    shared.* exclude (taken_until), filled.seq, filled.due_date,
    case
      when shared.seq is not null then shared.to_leg_doc
      else least(shared.taken_until, case when filled.place = filled.places then shared.taken_until else filled.room_until end)
        - greatest(shared.taken_until - shared.to_leg_doc, filled.room_until - filled.room_doc)
    end
  from shared
  inner join filled
    on shared.company_id = filled.company_id and shared.doc_id = filled.doc_id and coalesce(shared.seq, filled.seq) = filled.seq
)
select
  part.company_id, part.allocation_id, part.doc_id, part.paid_seq as seq, part.effective_from, part.effective_until,
  prorate(part.part_doc::decimal(18, 4), part.amount_local, part.to_leg_doc) as amount_local,
  date_diff('day', part.doc_date, part.effective_from)::integer as days_to_pay,
  date_diff('day', part.due_date, part.effective_from)::integer as days_late,
  days_late_after_grace(part.effective_from, part.due_date, calendar.grace_until) as days_late_after_grace
from part
left join params.business_day as calendar on part.company_id = calendar.company_id and part.due_date = calendar.day
where part.part_doc > 0
