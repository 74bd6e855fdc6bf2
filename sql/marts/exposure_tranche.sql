-- One row per unit of money of invoices that have fallen due (original due date by the as-of date): each part that something cleared, a discount in it apart,
-- and the rest still open. amount_local: ledger currency at the booking rate, positive; amount_group: the same where all companies keep their ledgers in one
-- currency, else in the reporting currency at the rate of the document's day, NULL where none is set or told. Ages in days after the original due date, never
-- below 0: seen after entry_age (-1: from the beginning) until exit_age; recent_entry_age: the same where only the last months are looked at (a setting says how
-- many). cause: 1 cash, 2 loss, 3 dilution, 4 transferred, 0 open.
with due as (
  select
    *,
    case when is_seen_whole then -1 else greatest(date_diff('day', due_date_original, seen_after), 0) end::integer as entry_age
  from marts.payment_tranche
  where due_date_original <= getvariable('as_of')
),
used as (
  select distinct company_id from due
),
ledger as (
  select count(distinct company.local_currency)::bigint = 1 as is_one
  from used
  inner join core.company as company on used.company_id = company.company_id
)
select
  due.as_of, due.company_id, due.customer_id, due.doc_id, due.seq, due.allocation_id, due.currency, due.amount_local,
  case
    when ledger.is_one or company.local_currency = setting.reporting_currency then due.amount_local
    else at_rate(due.amount_local, rate.rate, rate.is_inverse, 4)
  end::decimal(18, 4) as amount_group,
  due.entry_age, greatest(date_diff('day', due.due_date_original, due.exit_date), 0)::integer as exit_age, due.cause,
  case
    when due.doc_date >= due.window_from then due.entry_age
    else greatest(due.entry_age, date_diff('day', due.due_date_original, due.window_from), 0)
  end::integer as recent_entry_age,
  due.doc_date, due.due_date_original, due.exit_date, due.territory, due.salesperson, due.grade, due.terms, due.amount_band, due.customer_type
from due
inner join core.company as company on due.company_id = company.company_id
cross join params.ledger as setting
cross join ledger
left join marts.document_rate as rate on due.company_id = rate.company_id and due.doc_date = rate.day
