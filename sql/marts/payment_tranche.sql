-- One row per unit of money of invoices, due or not: each part that something cleared, a discount in it apart, and the rest still open. amount_local: ledger
-- currency at the booking rate, positive. Open after seen_after (is_seen_whole: from its first day) until exit_date (of the rest: the as-of date). cause: 1 cash,
-- 2 loss, 3 dilution, 4 transferred, 0 open. debt_recorded_on, exit_recorded_on: the day by which each had been told (recorded_day).
with subject as (
  select
    document.company_id, document.doc_id, document.counts_from, coalesce(document.customer_id, '(unidentified)') as customer_id, document.kind, document.doc_date,
    document.currency, document.amount_local as document_local, customer.territory_id as territory,
    coalesce(document.salesperson, customer.salesperson) as salesperson,
    coalesce(document.terms_id, customer.terms_id) as terms,
    customer.customer_group as customer_type,
    coalesce(customer.credit_account_id, document.customer_id) as credit_account_id
  from marts.document_counting as counting
  inner join core.document as document on counting.company_id = document.company_id and counting.doc_id = document.doc_id
  left join core.customer as customer on document.company_id = customer.company_id and document.customer_id = customer.customer_id
  where counting.basis = 'replay' and is_debt(document.kind, document.amount_doc)
),
account as (
  select company_id, credit_account_id, max_by(risk_class, valid_from) as grade
  from core.credit_limit
  where valid_from <= getvariable('as_of') and (valid_to is null or valid_to >= getvariable('as_of'))
  group by company_id, credit_account_id
),
share as (
  select
    subject.*, (getvariable('as_of') - to_months(setting.window_months))::date as window_from, instalment.seq, instalment.due_date_original, instalment.amount_doc, instalment.amount_local, account.grade,
    coalesce(band.amount_band, 'not_banded') as amount_band,
    case
      when subject.kind = 'opening_balance' then subject.doc_date
      when subject.doc_date < setting.history_from then setting.history_from
      else least(subject.doc_date, subject.counts_from) - 1
    end::date as seen_after,
    subject.kind <> 'opening_balance' and subject.doc_date >= setting.history_from as is_seen_whole
  from subject
  inner join core.instalment as instalment on subject.company_id = instalment.company_id and subject.doc_id = instalment.doc_id
  cross join params.curve as setting
  left join account on subject.company_id = account.company_id and subject.credit_account_id = account.credit_account_id
  left join params.amount_band as band
    on subject.document_local > band.above_local and subject.document_local <= coalesce(band.up_to_local, subject.document_local)
  where instalment.due_date_original is not null and instalment.amount_doc > 0
),
cleared as (
  select
    part.company_id, part.doc_id, part.seq, part.effective_from, part.part_doc, part.discount_share, part.allocation_id,
    clearing_cause(part.kind, payment.kind, other.kind) as cause
  from marts.clearing_part as part
  left join core.payment as payment on part.company_id = payment.company_id and part.from_payment_id = payment.payment_id
  left join core.document as other on part.company_id = other.company_id and part.other_doc_id = other.doc_id
),
valued as (
  select
    share.*, cleared.allocation_id, cleared.allocation_id as told_with, cleared.cause, cleared.effective_from as exit_date,
    prorate(cleared.part_doc, share.amount_local, share.amount_doc) as cleared_local,
    cleared.discount_share
  from cleared
  inner join share on cleared.company_id = share.company_id and cleared.doc_id = share.doc_id and cleared.seq = share.seq
),
split as (
  select *, case when cause = 3 then 0 else cleared_local * discount_share end::decimal(18, 4) as discount_local from valued
),
rest as (
  select share.*, balance.rest_doc, balance.tolerance_doc, balance.last_day, balance.last_allocation
  from (
    select balance.company_id, balance.doc_id, balance.seq, balance.rest_doc, balance.tolerance_doc, max(part.effective_from) as last_day, max_by(part.allocation_id, row(part.effective_from, part.allocation_id)) as last_allocation
    from marts.instalment_balance as balance
    left join marts.clearing_part as part on balance.company_id = part.company_id and balance.doc_id = part.doc_id and balance.tolerance_doc <> 0
    where balance.period_end = getvariable('as_of') and (balance.rest_doc > 0 or balance.tolerance_doc > 0)
    group by balance.company_id, balance.doc_id, balance.seq, balance.rest_doc, balance.tolerance_doc
  ) as balance
  inner join share on balance.company_id = share.company_id and balance.doc_id = share.doc_id and balance.seq = share.seq
),
tranche as (
  select * exclude (cleared_local, discount_share, discount_local), (cleared_local - discount_local)::decimal(18, 4) as tranche_local from split
  union all by name
  select * exclude (cleared_local, discount_share, discount_local) replace (3 as cause), discount_local as tranche_local from split
  where discount_local > 0
  union all by name
  select
    * exclude (rest_doc, tolerance_doc, last_day, last_allocation), null::varchar as allocation_id, last_allocation as told_with, 3 as cause, last_day as exit_date,
    prorate(tolerance_doc, amount_local, amount_doc) as tranche_local
  from rest
  where tolerance_doc > 0
  union all by name
  select
    * exclude (rest_doc, tolerance_doc, last_day, last_allocation), null::varchar as allocation_id, null::varchar as told_with, 0 as cause, getvariable('as_of') as exit_date,
    prorate(rest_doc, amount_local, amount_doc) as tranche_local
  from rest
  where rest_doc > 0
)
select
  getvariable('as_of') as as_of, tranche.company_id, tranche.customer_id, tranche.doc_id, tranche.seq, tranche.allocation_id, tranche.currency, tranche.tranche_local as amount_local,
  tranche.cause::integer as cause, tranche.doc_date, tranche.due_date_original, tranche.counts_from, tranche.exit_date, tranche.seen_after, tranche.is_seen_whole, tranche.window_from,
  coalesce(recorded_day(debt.recorded_at, debt.extract_as_of), entry.told_on, tranche.counts_from) as debt_recorded_on,
  coalesce(recorded_day(cleared.recorded_at, cleared.extract_as_of), settlement.told_on, tranche.exit_date) as exit_recorded_on,
  tranche.territory, tranche.salesperson, tranche.grade, tranche.terms, tranche.amount_band, tranche.customer_type
from tranche
left join lake.document as debt on tranche.company_id = debt.company_id and tranche.doc_id = debt.doc_id and debt.is_first
left join lake.allocation as cleared
  on tranche.company_id = cleared.company_id and tranche.told_with = cleared.allocation_id and cleared.is_first
left join entries.item_told as entry
  on entry.entity = 'document' and tranche.company_id = entry.company_id and tranche.doc_id = entry.company_id || ':' || entry.row_key and tranche.seq = entry.seq
left join entries.allocation_told as settlement on tranche.company_id = settlement.company_id and tranche.told_with = settlement.allocation_id
where tranche.tranche_local > 0
