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
part as (
  select * from single
  union all
  select * from marts.behaviour_shared
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
