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
valued as (
  select
    share.*, leaving.allocation_id, leaving.cause, leaving.exit_date, leaving.exit_recorded_on, leaving.discount_share,
    prorate(leaving.part_doc, share.amount_local, share.amount_doc) as left_local
  from marts.instalment_exit as leaving
  inner join share on leaving.company_id = share.company_id and leaving.doc_id = share.doc_id and leaving.seq = share.seq
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
