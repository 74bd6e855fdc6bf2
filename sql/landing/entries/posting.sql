-- One row per line of the list, and one more per clearing whose debits and credits in the list differ: the ERP cleared it all, so what is missing stands
-- outside the list and is entered on the clearing date, as a receipt of kind netting or as a refund. Amounts signed: positive raises what is owed.
with rest as (
  select
    *,
    case when is_one_currency then credit - debit else credit_local - debit_local end as amount,
    case
      when not is_one_currency then credit_local - debit_local
      when debit > credit then -prorate(debit - credit, debit_local, debit)
      else prorate(credit - debit, credit_local, credit)
    end as amount_local
  from landing.clearing
)
select
  company_id, source_system, customer, row_key, seq, entity, kind, doc_no, doc_type, fiscal_year, doc_date, posting_date, due_date, currency, local_currency,
  amount, amount_local, clearing_no, clearing_date, reverses_key, is_reversal_pair, assignment, text, line_no, false as is_outside
from landing.entry
union all
select
  company_id, source_system, customer, 'clearing/' || customer || '/' || clearing_no || '/' || strftime(clearing_date, '%Y%m%d'), 1,
  case when amount < 0 then 'payment' else 'document' end, case when amount < 0 then 'netting' else 'refund' end,
  clearing_no, null, null, clearing_date, clearing_date, clearing_date, case when is_one_currency then currency else local_currency end, local_currency,
  amount::decimal(18, 4), amount_local::decimal(18, 4), clearing_no, clearing_date, null, false, null, null, line_no, true
from rest
where amount <> 0
