-- One row per part of a debt's instalment that something cleared, that the closing tolerance forgives, or that is still open: part_doc, document currency,
-- positive; cause: 1 cash, 2 loss, 3 dilution, 4 transferred, 0 open; discount_share: the part of it that is a discount, a fraction of 1. exit_date: of what is open the as-of date;
-- exit_recorded_on: the day by which it had been told.
with cleared as (
  select
    part.company_id, part.doc_id, part.seq, part.allocation_id, clearing_cause(part.kind, payment.kind, other.kind) as cause, part.effective_from as exit_date,
    part.part_doc, part.discount_share
  from marts.clearing_part as part
  left join core.payment as payment on part.company_id = payment.company_id and part.from_payment_id = payment.payment_id
  left join core.document as other on part.company_id = other.company_id and part.other_doc_id = other.doc_id
),
balance as (
  select
    balance.company_id, balance.doc_id, balance.seq, balance.rest_doc, balance.tolerance_doc, max(part.effective_from) as last_day,
    max_by(part.allocation_id, row(part.effective_from, part.allocation_id)) as last_allocation
  from marts.instalment_balance as balance
  left join marts.clearing_part as part on balance.company_id = part.company_id and balance.doc_id = part.doc_id and balance.tolerance_doc <> 0
  where balance.period_end = getvariable('as_of') and (balance.rest_doc > 0 or balance.tolerance_doc > 0)
  group by balance.company_id, balance.doc_id, balance.seq, balance.rest_doc, balance.tolerance_doc
),
leaving as (
  select company_id, doc_id, seq, allocation_id, allocation_id as told_with, cause, exit_date, part_doc, discount_share from cleared
  union all
  select company_id, doc_id, seq, null::varchar, last_allocation, 3, last_day, tolerance_doc, 0 from balance where tolerance_doc > 0
  union all
  select company_id, doc_id, seq, null::varchar, null::varchar, 0, getvariable('as_of'), rest_doc, 0 from balance where rest_doc > 0
)
select
  leaving.company_id, leaving.doc_id, leaving.seq, leaving.allocation_id, leaving.cause::integer as cause, leaving.exit_date,
  coalesce(telling.told_on, leaving.exit_date) as exit_recorded_on, leaving.part_doc, leaving.discount_share
from leaving
left join marts.allocation_telling as telling on leaving.company_id = telling.company_id and leaving.told_with = telling.allocation_id
