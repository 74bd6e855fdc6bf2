-- One row per unit of money of invoices, due or not: each part that something cleared, a discount in it apart, and the rest still open. amount_local: ledger
-- currency at the booking rate, positive. Open after seen_after (is_seen_whole: from its first day) until exit_date (of the rest: the as-of date). cause: 1 cash,
-- 2 loss, 3 dilution, 4 transferred, 0 open. debt_recorded_on, exit_recorded_on: the day by which each had been told (recorded_day).
with subject as (
  select
    document.company_id, document.doc_id, document.counts_from, coalesce(document.customer_id, '(unidentified)') as customer_id, document.kind, document.doc_date,
    coalesce(telling.told_on, document.counts_from) as debt_recorded_on, document.currency, document.amount_local as document_local, customer.territory_id as territory,
    coalesce(document.salesperson, customer.salesperson) as salesperson,
    coalesce(document.terms_id, customer.terms_id) as terms,
    customer.customer_group as customer_type,
    coalesce(customer.credit_account_id, document.customer_id) as credit_account_id
  from marts.document_counting as counting
  inner join core.document as document on counting.company_id = document.company_id and counting.doc_id = document.doc_id
  left join core.customer as customer on document.company_id = customer.company_id and document.customer_id = customer.customer_id
  left join marts.document_telling as telling on document.company_id = telling.company_id and document.doc_id = telling.doc_id
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
),
dated as (
  select leaving.*, coalesce(telling.told_on, leaving.exit_date) as exit_recorded_on
  from leaving
  left join marts.allocation_telling as telling on leaving.company_id = telling.company_id and leaving.told_with = telling.allocation_id
),
valued as (
  select
    share.*, dated.allocation_id, dated.cause, dated.exit_date, dated.exit_recorded_on, dated.discount_share,
    prorate(dated.part_doc, share.amount_local, share.amount_doc) as left_local
  from dated
  inner join share on dated.company_id = share.company_id and dated.doc_id = share.doc_id and dated.seq = share.seq
),
split as (
  select *, case when cause = 3 then 0 else left_local * discount_share end::decimal(18, 4) as discount_local from valued
),
tranche as (
  select
    split.* replace (case when part.is_discount then 3 else split.cause end as cause),
    case when part.is_discount then discount_local else left_local - discount_local end::decimal(18, 4) as tranche_local
  from split
  cross join (select unnest([false, true]) as is_discount) as part
)
select
  getvariable('as_of') as as_of, tranche.company_id, tranche.customer_id, tranche.doc_id, tranche.seq, tranche.allocation_id, tranche.currency, tranche.tranche_local as amount_local,
  tranche.cause::integer as cause, tranche.doc_date, tranche.due_date_original, tranche.counts_from, tranche.exit_date, tranche.seen_after, tranche.is_seen_whole, tranche.window_from,
  tranche.debt_recorded_on, tranche.exit_recorded_on,
  tranche.territory, tranche.salesperson, tranche.grade, tranche.terms, tranche.amount_band, tranche.customer_type
from tranche
where tranche.tranche_local > 0
