-- One row per piece of a debt's instalment that an allocation ever took, a discount in it apart. amount_local: ledger currency, positive; instalment_local: of the whole instalment. cause: as in
-- marts.payment_tranche. days_late: from the original due date to the day it was taken. Known from known_from, when it was in effect and had been told, until known_until (NULL: for good), when
-- it had come to nothing (a bounced receipt, an allocation taken back) and that had been told. What names no instalment takes the oldest due first, in the
-- order in which it became known, so that nothing told later moves it.
with single as (
  select
    known.* replace (greatest(known.known_from, debt.known_from) as known_from, least(known.known_until, debt.known_until) as known_until),
    debt.customer_id, debt.seq, debt.due_date, debt.amount_doc, debt.amount_local, known.leg_doc as part_doc
  from marts.behaviour_clearing as known
  inner join marts.behaviour_debt as debt on known.company_id = debt.company_id and known.doc_id = debt.doc_id and debt.places = 1
),
queued as (
  select
    known.* replace (greatest(known.known_from, debt.known_from) as known_from, least(known.known_until, debt.known_until) as known_until),
    sum(known.leg_doc) over (
      partition by known.company_id, known.doc_id, known.named_seq is null order by greatest(known.known_from, debt.known_from), known.allocation_id, known.side
      rows between unbounded preceding and current row
    ) as taken_until
  from marts.behaviour_clearing as known
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
