-- One row per piece of a debt's instalment that an allocation ever took, a discount in it apart. amount_local: ledger currency, positive; instalment_local: of the whole instalment. cause: as in
-- marts.payment_tranche. days_late: from the original due date to the day it was taken. Known from known_from, when it was in effect and had been told, until known_until (NULL: for good), when
-- it had come to nothing (a bounced receipt, an allocation taken back) and that had been told. What names no instalment takes the oldest due first, in the
-- order in which it became known, so that nothing told later moves it.
with leg as (
  select
    allocation.company_id, allocation.allocation_id, 'to' as side, allocation.to_doc_id as doc_id, allocation.to_seq as named_seq, allocation.kind,
    allocation.from_payment_id as payment_id, allocation.from_doc_id as other_doc_id, allocation.effective_from, allocation.voided_date, allocation.to_leg_doc as leg_doc,
    allocation.discount_share
  from core.allocation as allocation
  where allocation.to_doc_id is not null and allocation.to_leg_doc > 0
  union all
  select
    allocation.company_id, allocation.allocation_id, 'from', allocation.from_doc_id, allocation.from_seq, allocation.kind,
    allocation.to_payment_id, allocation.to_doc_id, allocation.effective_from, allocation.voided_date, allocation.from_leg_doc, 0
  from core.allocation as allocation
  where allocation.from_doc_id is not null and allocation.from_leg_doc > 0
),
known as (
  select
    leg.company_id, leg.allocation_id, leg.side, leg.doc_id, leg.named_seq, leg.effective_from, leg.leg_doc, leg.discount_share,
    clearing_cause(leg.kind, receipt.kind, other.kind) as cause,
    greatest(leg.effective_from, telling.told_on, receipt.known_from, other.known_from) as known_from,
    least(case when leg.voided_date is not null then greatest(leg.voided_date, telling.void_told_on) end, receipt.known_until, other.known_until) as known_until
  from leg
  left join marts.allocation_telling as telling on leg.company_id = telling.company_id and leg.allocation_id = telling.allocation_id
  left join marts.behaviour_receipt as receipt on leg.company_id = receipt.company_id and leg.payment_id = receipt.payment_id
  left join marts.behaviour_document as other on leg.company_id = other.company_id and leg.other_doc_id = other.doc_id
  where leg.effective_from is not null
),
single as (
  select
    known.* replace (greatest(known.known_from, debt.known_from) as known_from, least(known.known_until, debt.known_until) as known_until),
    debt.customer_id, debt.seq, debt.due_date, debt.amount_doc, debt.amount_local, known.leg_doc as part_doc
  from known
  inner join marts.behaviour_debt as debt on known.company_id = debt.company_id and known.doc_id = debt.doc_id and debt.places = 1
),
queued as (
  select
    known.* replace (greatest(known.known_from, debt.known_from) as known_from, least(known.known_until, debt.known_until) as known_until),
    sum(known.leg_doc) over (
      partition by known.company_id, known.doc_id, known.named_seq is null order by greatest(known.known_from, debt.known_from), known.allocation_id, known.side
      rows between unbounded preceding and current row
    ) as taken_until
  from known
  inner join marts.behaviour_debt as debt on known.company_id = debt.company_id and known.doc_id = debt.doc_id and debt.places > 1 and debt.place = 1
),
room as (
  select
    *, sum(amount_doc) over (partition by company_id, doc_id order by place rows between unbounded preceding and current row) as room_until
  from marts.behaviour_debt
  where places > 1
),
several as (
  select
    queued.* exclude (taken_until), room.customer_id, room.seq, room.due_date, room.amount_doc, room.amount_local,
    case
      when queued.named_seq is not null then queued.leg_doc
      else least(queued.taken_until, case when room.place = room.places then queued.taken_until else room.room_until end)
        - greatest(queued.taken_until - queued.leg_doc, room.room_until - room.amount_doc)
    end::decimal(18, 4) as part_doc
  from queued
  inner join room on queued.company_id = room.company_id and queued.doc_id = room.doc_id and coalesce(queued.named_seq, room.seq) = room.seq
),
part as (
  select * from single
  union all
  select * from several where part_doc > 0
),
valued as (
  select *, case when part_doc = amount_doc then amount_local else prorate(part_doc, amount_local, amount_doc) end as part_local
  from part
  where known_until is null or known_until > known_from
),
split as (
  select *, case when cause = 3 then 0 else part_local * discount_share end::decimal(18, 4) as discount_local from valued
)
select
  company_id, customer_id, doc_id, seq, due_date, amount_local as instalment_local, cause, (part_local - discount_local)::decimal(18, 4) as amount_local, known_from, known_until,
  date_diff('day', due_date, effective_from)::integer as days_late
from split
where part_local > discount_local
union all
select company_id, customer_id, doc_id, seq, due_date, amount_local, 3, discount_local, known_from, known_until, date_diff('day', due_date, effective_from)::integer
from split
where discount_local > 0
