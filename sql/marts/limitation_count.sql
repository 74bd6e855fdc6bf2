-- One row per instalment of a debt and day from which the years of its limitation count: the day it fell due, and each later one on which the customer acknowledged it, by a payment
-- on it, a promise, or a statement it confirmed and signed; acknowledged_on: the next of these, NULL: none yet. limitation_on: so many years later (settings, by what the contract
-- counts from). Only what came near that date while it was open (a setting says how near), or is older. settled_on: the first day on which nothing of it was open (NULL: it is).
with term as (
  select company_id, customer_id, max_by(limitation_basis, row(coalesce(valid_from, date '1900-01-01'), contract_id)) as limitation_basis
  from core.contract
  where limitation_basis is not null and coalesce(valid_from, getvariable('as_of')) <= getvariable('as_of')
  group by company_id, customer_id
),
debt as (
  select
    document.company_id, document.customer_id, document.doc_id, instalment.seq, instalment.due_date, document.doc_date, document.counts_until, instalment.amount_local,
    setting.limitation_days,
    (12 * case term.limitation_basis
      when 'acknowledgement' then setting.limitation_years_acknowledgement when 'last_payment' then setting.limitation_years_last_payment else setting.limitation_years_due_date
    end)::integer as months
  from core.document as document
  cross join params.anomaly_ledger as setting
  inner join core.instalment as instalment on document.company_id = instalment.company_id and document.doc_id = instalment.doc_id
  left join term on document.company_id = term.company_id and document.customer_id = term.customer_id
  where is_debt(document.kind, document.amount_doc) and document.customer_id is not null and document.counts_from <= getvariable('as_of')
    and instalment.amount_local >= setting.limitation_amount_min
),
old as (
  select debt.*, case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end as settled_on
  from debt
  inner join marts.instalment_exit as leaving on debt.company_id = leaving.company_id and debt.doc_id = leaving.doc_id and debt.seq = leaving.seq
  where (debt.due_date + to_months(debt.months))::date - debt.limitation_days <= getvariable('as_of')
  group by
    debt.company_id, debt.customer_id, debt.doc_id, debt.seq, debt.due_date, debt.doc_date, debt.counts_until, debt.amount_local, debt.limitation_days, debt.months
  having bool_or(leaving.exit_date > (debt.due_date + to_months(debt.months))::date - debt.limitation_days)
),
act as (
  select company_id, doc_id, seq, due_date as day from old
  union
  select old.company_id, old.doc_id, old.seq, allocation.effective_from
  from old
  inner join marts.allocation_in_effect as allocation
    on old.company_id = allocation.company_id and old.doc_id = allocation.to_doc_id and allocation.from_payment_id is not null and coalesce(allocation.to_seq, old.seq) = old.seq
  union
  select old.company_id, old.doc_id, old.seq, log.logged_at::date
  from old
  inner join core.collection_log as log on old.company_id = log.company_id and old.customer_id = log.customer_id and coalesce(log.doc_id, old.doc_id) = old.doc_id
  where log.entry_kind = 'promise'
  union
  select old.company_id, old.doc_id, old.seq, coalesce(answer.response_date, answer.as_of)
  from old
  inner join core.statement_confirmation as answer on old.company_id = answer.company_id and old.customer_id = answer.customer_id and old.doc_date <= answer.as_of
  where answer.response in ('confirmed', 'partial') and (coalesce(answer.sealed, false) or answer.signatory_contact_id is not null)
)
select
  old.*, act.day as counted_from, (act.day + to_months(old.months))::date as limitation_on,
  lead(act.day) over (partition by act.company_id, act.doc_id, act.seq order by act.day) as acknowledged_on
from act
inner join old on act.company_id = old.company_id and act.doc_id = old.doc_id and act.seq = old.seq
where act.day >= old.due_date and act.day <= getvariable('as_of')
