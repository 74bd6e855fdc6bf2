-- One row per entry of entries.listed with what its header tells: what it leaves blank, and where their signs agree also kind, state, reversal,
-- cancellation and text. Amounts signed as told; amount_local NULL: still to be valued. fault: why the entry cannot count yet.
with single as (
  select company_id, source_system, header_key
  from entries.listed
  where is_line and header_key is not null
  group by company_id, source_system, header_key
  having count(*) = 1
),
first_told as (
  select company_id, source_system, entry_key, due_date, batch_id from lake.entry where is_first and not is_current
),
agreed as (
  select told.*, coalesce(sign(header.amount) = sign(coalesce(told.amount_doc, told.amount_local)), header.doc_key is not null) as is_agreed
  from entries.listed as told
  left join entries.header as header
    on told.company_id = header.company_id and told.source_system = header.source_system and told.header_key = header.doc_key
),
filled as (
  select
    told.* exclude (rank, level, seq, is_told_first, is_agreed) replace (
      coalesce(told.doc_no, header.doc_no) as doc_no, coalesce(told.fiscal_year, header.fiscal_year) as fiscal_year,
      coalesce(told.customer_id, header.customer_id) as customer_id, coalesce(agreed.kind, told.kind) as kind,
      coalesce(told.source_type, header.source_type) as source_type,
      coalesce(agreed.state, told.state, header.state, 'posted') as state,
      coalesce(told.doc_date, header.doc_date, told.posting_date, header.posting_date) as doc_date,
      coalesce(told.posting_date, header.posting_date) as posting_date,
      coalesce(told.due_date, case when told.is_line then agreed.due_date end) as due_date,
      coalesce(told.baseline_date, header.baseline_date) as baseline_date,
      coalesce(told.currency, header.currency, company.local_currency) as currency,
      coalesce(told.open_doc, case when single.header_key is not null then agreed.open_doc end) as open_doc,
      coalesce(told.open_local, case when single.header_key is not null then agreed.open_local end) as open_local,
      coalesce(told.tax_local, case when single.header_key is not null then agreed.tax_local end) as tax_local,
      coalesce(told.settled_date, agreed.settled_date) as settled_date,
      coalesce(agreed.cancelled_date, told.cancelled_date, header.cancelled_date) as cancelled_date,
      coalesce(told.applies_to, agreed.applies_to) as applies_to, coalesce(told.ref_key, header.ref_key) as ref_key,
      coalesce(told.match_key, header.match_key) as match_key, coalesce(agreed.reverses_key, told.reverses_key) as reverses_key,
      coalesce(agreed.reversed_by_key, told.reversed_by_key) as reversed_by_key, coalesce(told.terms_id, header.terms_id) as terms_id,
      coalesce(told.order_no, header.order_no) as order_no, coalesce(told.customer_ref, header.customer_ref) as customer_ref,
      coalesce(told.salesperson, header.salesperson) as salesperson, coalesce(told.ship_region, header.ship_region) as ship_region,
      coalesce(told.method, header.method) as method, coalesce(told.instrument_no, header.instrument_no) as instrument_no,
      coalesce(told.instrument_due, header.instrument_due) as instrument_due, coalesce(told.bank_ref, header.bank_ref) as bank_ref,
      coalesce(told.dispute_flag, false) or coalesce(header.dispute_flag, false) as dispute_flag,
      coalesce(told.dunning_block, false) or coalesce(header.dunning_block, false) as dunning_block,
      coalesce(told.dunning_level, header.dunning_level) as dunning_level, coalesce(agreed.text, told.text, header.text) as text
    ),
    told.seq as told_seq, company.local_currency, coalesce(first_told.batch_id, told.batch_id) as first_batch,
    case when told.is_told_first then told.due_date else first_told.due_date end as due_date_first
  from agreed as told
  left join entries.header as header
    on told.company_id = header.company_id and told.source_system = header.source_system and told.header_key = header.doc_key
  left join entries.header as agreed
    on told.company_id = agreed.company_id and told.source_system = agreed.source_system and told.header_key = agreed.doc_key and told.is_agreed
  left join single
    on told.company_id = single.company_id and told.source_system = single.source_system and told.header_key = single.header_key
  left join first_told
    on told.company_id = first_told.company_id and told.source_system = first_told.source_system and told.entry_key = first_told.entry_key
  left join staging.company as company on told.company_id = company.company_id
),
measured as (
  select * replace (
    coalesce(due_date_first, due_date) as due_date_first,
    coalesce(amount_doc, case when currency = local_currency then amount_local end) as amount_doc,
    coalesce(amount_local, case when currency = local_currency or local_currency is null then amount_doc end) as amount_local,
    case when cancelled_date is not null and state = 'posted' then 'cancelled' else state end as state
  )
  from filled
)
select
  * replace (
    case
      when amount_doc = 0 and amount_local <> 0 then 'fx_revaluation'
      else coalesce(kind, case when amount_doc > 0 then 'invoice' else 'receipt' end)
    end as kind
  ),
  case
    when doc_date is null then 'doc_date'
    when amount_doc is null then 'amount_doc'
    when customer_id is null and not coalesce(is_receipt(kind), amount_doc < 0, false) then 'customer_id'
  end as fault
from measured
where amount_doc is null or amount_doc <> 0 or coalesce(amount_local, 0) <> 0
