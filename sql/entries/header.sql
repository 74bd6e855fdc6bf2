-- One row per document that a header tells; rows of one key stand together, and where they differ the first in order is taken.
-- amount is signed: positive raises what is owed; document currency, else ledger currency, NULL where none is told. What is open of it is not known from a
-- header older than a list that replaces another.
with told as (
  select header.* replace (
    case when list.rank is null then header.open_doc end as open_doc, case when list.rank is null then header.open_local end as open_local,
    case when list.rank is null then header.settled_date end as settled_date
  )
  from lake.entry as header
  left join entries.list_told as list
    on header.company_id = list.company_id and header.source_system = list.source_system and list.is_replacing and header.extract_as_of < list.extract_as_of
  where header.is_current and header.level = 'document'
)
select
  company_id, source_system, doc_key,
  min(doc_no) as doc_no, min(fiscal_year) as fiscal_year, min(customer_id) as customer_id, min(kind) as kind, min(source_type) as source_type,
  min(state) as state, min(doc_date) as doc_date, min(posting_date) as posting_date, min(due_date) as due_date, min(baseline_date) as baseline_date,
  min(currency) as currency, nullif(sum(coalesce(amount_doc, amount_local)), 0)::decimal(18, 4) as amount,
  sum(open_doc)::decimal(18, 4) as open_doc, sum(open_local)::decimal(18, 4) as open_local, sum(tax_local)::decimal(18, 4) as tax_local,
  max(settled_date) as settled_date, min(cancelled_date) as cancelled_date, min(applies_to) as applies_to, min(ref_key) as ref_key,
  min(match_key) as match_key, min(reverses_key) as reverses_key, min(reversed_by_key) as reversed_by_key, min(terms_id) as terms_id,
  min(order_no) as order_no, min(customer_ref) as customer_ref, min(salesperson) as salesperson, min(ship_region) as ship_region,
  min(method) as method, min(instrument_no) as instrument_no, min(instrument_due) as instrument_due, min(bank_ref) as bank_ref,
  bool_or(dispute_flag) as dispute_flag, bool_or(dunning_block) as dunning_block, max(dunning_level) as dunning_level, min(text) as text
from told
group by company_id, source_system, doc_key
