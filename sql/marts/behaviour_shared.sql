-- One row per allocation that lowered a debt in several instalments and instalment that it took of: part_doc, document currency, positive. What names no instalment takes the oldest due first,
-- in the order in which it became known, so that nothing told later moves it; known_from and known_until as in marts.behaviour_piece.
with queued as (
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
shared as (
  select
    queued.* exclude (taken_until), room.customer_id, room.seq, room.due_date, room.amount_doc, room.amount_local,
    case
      when queued.named_seq is not null then queued.leg_doc
      else least(queued.taken_until, case when room.place = room.places then queued.taken_until else room.room_until end)
        - greatest(queued.taken_until - queued.leg_doc, room.room_until - room.amount_doc)
    end::decimal(18, 4) as part_doc
  from queued
  inner join room on queued.company_id = room.company_id and queued.doc_id = room.doc_id and coalesce(queued.named_seq, room.seq) = room.seq
)
select * from shared where part_doc > 0
