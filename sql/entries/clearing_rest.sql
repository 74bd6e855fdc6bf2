-- One row per clearing whose debits and credits differ: the ERP cleared it all, so what is missing stands outside the list and is entered on the clearing
-- date, as a receipt of kind netting or as a refund. Amounts signed: positive raises what is owed.
with rest as (
  select
    *,
    case when is_one_currency then credit - debit else credit_local - debit_local end as amount,
    case
      when not is_one_currency then credit_local - debit_local
      when debit > credit then -prorate(debit - credit, debit_local, debit)
      else prorate(credit - debit, credit_local, credit)
    end as amount_rest_local
  from entries.clearing
)
select
  company_id, source_system, customer_id, customer, lane_key, clearing_no, clearing_date,
  'clearing/' || customer || '/' || clearing_no || '/' || strftime(clearing_date, '%Y%m%d') as row_key,
  sign(amount)::integer as side, case when is_one_currency then currency else local_currency end as currency,
  amount::decimal(18, 4) as amount_doc, amount_rest_local::decimal(18, 4) as amount_local,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of, missing_since
from rest
where amount <> 0
