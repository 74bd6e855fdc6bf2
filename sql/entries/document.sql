-- One row per document that entries make, and per refund that stands outside the list. Amounts signed: positive raises what is owed. A document is missing
-- from an extract where all its entries are. Due dates stand in its instalments; what lowers the debt has none.
with referred as (
  select posted.company_id, posted.row_key, max(name.row_key) as ref_key
  from entries.posted as posted
  inner join entries.name as name
    on posted.company_id = name.company_id and posted.source_system = name.source_system and posted.ref_key = name.name and posted.customer_id = name.customer_id
  where posted.entity = 'document' and name.entity = 'document' and name.row_key <> posted.row_key and name.side > 0
  group by posted.company_id, posted.row_key
),
made as (
  select
    company_id, company_id || ':' || row_key as doc_id, row_key, min(source_system) as source_system, row_key as source_key, min(doc_no) as doc_no,
    min(fiscal_year) as fiscal_year, min(customer_id) as customer_id, min(kind) as kind, min(source_type) as source_type, min(state) as state,
    min(doc_date) as doc_date, min(posting_date) as posting_date, min(baseline_date) as baseline_date,
    min(terms_id) as terms_id, min(currency) as currency, sum(amount_doc)::decimal(18, 4) as amount_doc, sum(amount_local)::decimal(18, 4) as amount_local,
    min(cancelled_date) as cancelled_date, sum(tax_local)::decimal(18, 4) as tax_local,
    case when count(*)::bigint = count(open_doc)::bigint then sum(open_doc)::decimal(18, 4) end as reported_open_doc,
    case
      when count(*)::bigint = count(open_doc)::bigint then sum(coalesce(open_local, prorate(open_doc, amount_local, amount_doc)))::decimal(18, 4)
    end as reported_open_local,
    case when count(*)::bigint = count(open_doc)::bigint then max(extract_as_of) end as reported_as_of,
    case when count(*)::bigint = count(coalesce(clearing_date, settled_date))::bigint then max(coalesce(clearing_date, settled_date)) end as cleared_date,
    min(order_no) as order_no, min(customer_ref) as customer_ref, min(salesperson) as salesperson, min(ship_region) as ship_region,
    bool_or(dispute_flag) as dispute_flag, bool_or(dunning_block) as dunning_block, max(dunning_level) as dunning_level, min(text) as text,
    min(batch_id) as batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at, min(recorded_source) as recorded_source, max(extract_as_of) as extract_as_of,
    max_by(source_mode, batch_id) as source_mode, case when count(*)::bigint = count(missing_since)::bigint then max(missing_since) end as missing_since,
    min(first_batch) as first_batch, max(batch_id) as last_batch
  from entries.posted
  where entity = 'document'
  group by company_id, row_key
),
taken_back as (
  select company_id, row_key, min(case when undone_entity = 'document' then undone_key end) as reverses_key,
    null::varchar as reversed_by_key, bool_or(undone_entity = 'payment') as is_void, null::date as cancelled_date
  from entries.reversal where entity = 'document' group by company_id, row_key
  union all
  select company_id, undone_key, null, min(case when entity = 'document' then row_key end), false, min(case when entity = 'payment' then posted_on end)
  from entries.reversal where undone_entity = 'document' group by company_id, undone_key
)
select
  made.* exclude (row_key) replace (
    case when taken_back.is_void or taken_back.cancelled_date is not null then 'reversed' else made.state end as state,
    coalesce(made.cancelled_date, taken_back.cancelled_date) as cancelled_date
  ),
  made.company_id || ':' || referred.ref_key as ref_doc_id, made.company_id || ':' || taken_back.reverses_key as reverses_doc_id,
  made.company_id || ':' || taken_back.reversed_by_key as reversed_by_doc_id
from made
left join referred on made.company_id = referred.company_id and made.row_key = referred.row_key
left join taken_back on made.company_id = taken_back.company_id and made.row_key = taken_back.row_key
union all by name
select
  company_id, company_id || ':' || row_key as doc_id, source_system, row_key as source_key, doc_no, customer_id, 'refund' as kind, 'posted' as state,
  posted_on as doc_date, posted_on as posting_date, currency, amount_doc, amount_local, posted_on as cleared_date, false as dispute_flag, false as dunning_block,
  batch_id, line_no, recorded_at, recorded_source, extract_as_of, source_mode, missing_since, batch_id as first_batch, batch_id as last_batch
from entries.outside
where side > 0
