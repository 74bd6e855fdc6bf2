-- One row per clearing of the list: what its debits and credits come to, in document currency where it has only one, else in ledger currency.
-- Reversal pairs undo themselves and are left out.
with line as (
  select *, amount > 0 as is_debit
  from landing.entry
  where clearing_no is not null and clearing_date is not null and not is_reversal_pair
)
select
  company_id, customer, clearing_no, clearing_date, min(source_system) as source_system, min(line_no) as line_no,
  count(distinct currency)::bigint = 1 as is_one_currency, min(currency) as currency, min(local_currency) as local_currency,
  sum(case when is_debit then amount else 0 end) as debit, sum(case when is_debit then 0 else -amount end) as credit,
  sum(case when is_debit then amount_local else 0 end) as debit_local, sum(case when is_debit then 0 else -amount_local end) as credit_local
from line
group by company_id, customer, clearing_no, clearing_date
