-- One row per document, receipt or write-off that entries make: its entries together. side 1 raises what is owed, -1 lowers it; amounts signed so.
-- clearing: the one clearing all its entries stand in, NULL without.
select
  company_id, entity, row_key, min(source_system) as source_system, min(customer_id) as customer_id, min(currency) as currency,
  sum(amount_doc)::decimal(18, 4) as amount_doc, sum(amount_local)::decimal(18, 4) as amount_local,
  sign(case when sum(amount_doc) = 0 then sum(amount_local) else sum(amount_doc) end)::integer as side,
  min(kind) as kind, min(state) as state, min(posted_on) as posted_on, min(doc_no) as doc_no,
  case
    when bool_and(is_cleared) and min(clearing_no) = max(clearing_no) and min(clearing_date) = max(clearing_date)
      then min(clearing_no) || ' ' || min(clearing_date)::varchar
  end as clearing
from entries.posted
group by company_id, entity, row_key
