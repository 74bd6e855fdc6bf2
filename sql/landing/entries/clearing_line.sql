-- One row per cleared line, laid end to end with the others of its clearing and side (debit, credit), oldest due first: it covers the stretch from
-- starts_at to ends_at, in document currency where the clearing has only one, else in ledger currency. What stands outside the list comes last.
with measured as (
  select
    line.*,
    case when line.amount > 0 then 'debit' else 'credit' end as side,
    abs(case when clearing.is_one_currency then line.amount else line.amount_local end) as size
  from landing.posting as line
  inner join landing.clearing as clearing
    on line.company_id = clearing.company_id and line.customer = clearing.customer
    and line.clearing_no = clearing.clearing_no and line.clearing_date = clearing.clearing_date
  where not line.is_reversal_pair
),
laid as (
  select
    *,
    sum(size) over (
      partition by company_id, customer, clearing_no, clearing_date, side
      order by is_outside, coalesce(due_date, doc_date), line_no, row_key rows between unbounded preceding and current row
    )::decimal(18, 4) as ends_at
  from measured
)
select *, (ends_at - size)::decimal(18, 4) as starts_at
from laid
