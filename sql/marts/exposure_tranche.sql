-- One row per unit of money of invoices that have fallen due (original due date by the as-of date): each part that something cleared, a discount in it apart,
-- and the rest still open. amount_local: ledger currency at the booking rate, positive. Ages in days after the original due date, never below 0:
-- seen after entry_age (-1: from the beginning) until exit_age; recent_entry_age: the same where only the last months are looked at (a setting says how many). cause: 1 cash, 2 loss, 3 dilution, 4 transferred, 0 open.
with due as (
  select
    *,
    case when is_seen_whole then -1 else greatest(date_diff('day', due_date_original, seen_after), 0) end::integer as entry_age
  from marts.payment_tranche
  where due_date_original <= getvariable('as_of')
)
select
  as_of, company_id, customer_id, doc_id, seq, allocation_id, currency, amount_local,
  entry_age, greatest(date_diff('day', due_date_original, exit_date), 0)::integer as exit_age, cause,
  case
    when doc_date >= window_from then entry_age else greatest(entry_age, date_diff('day', due_date_original, window_from), 0)
  end::integer as recent_entry_age,
  doc_date, due_date_original, exit_date, territory, salesperson, grade, terms, amount_band, customer_type
from due
