-- One row per receipt that entries make, its entries together, and per receipt that stands outside the list. Positive is money in.
with made as (
  select
    company_id, row_key, min(source_system) as source_system, min(customer_id) as customer_id, min(kind) as kind, min(state) as state,
    min(posted_on) as pay_date, min(currency) as currency, -sum(amount_doc)::decimal(18, 4) as amount_doc, -sum(amount_local)::decimal(18, 4) as amount_local,
    min(method) as method, min(instrument_no) as instrument_no, min(instrument_due) as instrument_due, min(bank_ref) as bank_ref,
    case
      when count(*)::bigint = count(open_doc)::bigint then -sum(coalesce(open_local, prorate(open_doc, amount_local, amount_doc)))::decimal(18, 4)
    end as reported_unapplied_local,
    min(cancelled_date) as reversal_date, min(text) as text,
    min(batch_id) as batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at, min(recorded_source) as recorded_source, max(extract_as_of) as extract_as_of,
    max_by(source_mode, batch_id) as source_mode, case when count(*)::bigint = count(missing_since)::bigint then max(missing_since) end as missing_since,
    min(first_batch) as first_batch, max(batch_id) as last_batch
  from entries.posted
  where entity = 'payment'
  group by company_id, row_key
),
taken_back as (
  select company_id, undone_key as row_key, min(posted_on) as reversed_on from entries.reversal where undone_entity = 'payment' group by company_id, undone_key
  union all
  select company_id, row_key, min(posted_on) from entries.reversal where entity = 'payment' group by company_id, row_key
)
select
  made.* exclude (row_key) replace (
    case when taken_back.row_key is not null then 'reversed' else made.state end as state, coalesce(made.reversal_date, taken_back.reversed_on) as reversal_date
  ), made.company_id || ':' || made.row_key as payment_id, made.row_key as source_key
from made
left join taken_back on made.company_id = taken_back.company_id and made.row_key = taken_back.row_key
union all by name
select
  source_system, customer_id, 'netting' as kind, 'posted' as state, posted_on as pay_date, currency, -amount_doc as amount_doc, -amount_local as amount_local,
  batch_id, line_no, recorded_at, recorded_source, extract_as_of, source_mode, missing_since, batch_id as first_batch, batch_id as last_batch,
  company_id, company_id || ':' || row_key as payment_id, row_key as source_key
from entries.outside
where side < 0
