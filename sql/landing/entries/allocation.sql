-- One row per stretch of a clearing that a debit line and a credit line share, and one per open part payment that names its invoice.
-- A line in several stretches is cut so that its pieces sum to it exactly.
with debit as (
  select * from landing.clearing_line where side = 'debit'
),
credit as (
  select * from landing.clearing_line where side = 'credit'
),
shared as (
  select
    debit.company_id, debit.customer, debit.clearing_no, debit.clearing_date, debit.line_no, debit.row_key as to_key, debit.seq as to_seq,
    credit.entity, credit.row_key as from_key, credit.currency as from_currency, debit.seq || '-' || credit.row_key || '/' || credit.seq as pair,
    debit.is_outside or credit.is_outside as is_outside,
    debit.amount, debit.size, debit.starts_at, abs(credit.amount) as credit_amount, abs(credit.amount_local) as credit_local,
    credit.size as credit_size, credit.starts_at as credit_starts_at,
    greatest(debit.starts_at, credit.starts_at) as first, least(debit.ends_at, credit.ends_at) as last
  from debit
  inner join credit
    on debit.company_id = credit.company_id and debit.customer = credit.customer and debit.clearing_no = credit.clearing_no
    and debit.clearing_date = credit.clearing_date and debit.starts_at < credit.ends_at and credit.starts_at < debit.ends_at
),
cut as (
  select
    *,
    prorate(last - starts_at, amount, size) - prorate(first - starts_at, amount, size) as amount_to_doc,
    prorate(last - credit_starts_at, credit_amount, credit_size) - prorate(first - credit_starts_at, credit_amount, credit_size) as amount_from_doc,
    prorate(last - credit_starts_at, credit_local, credit_size) - prorate(first - credit_starts_at, credit_local, credit_size) as amount_local
  from shared
)
select
  company_id, company_id || ':' || customer || '/' || clearing_no || '/' || to_key || '/' || pair || case when is_outside then '/outside' else '' end as allocation_id,
  case when entity = 'write_off' then 'write_off' when is_outside then 'netting' when entity = 'document' then 'credit_note' else 'payment' end as kind,
  case when entity = 'payment' then company_id || ':' || from_key end as from_payment_id,
  case when entity = 'document' then company_id || ':' || from_key end as from_doc_id,
  from_currency, case when entity <> 'write_off' then amount_from_doc end as amount_from_doc,
  company_id || ':' || to_key as to_doc_id, to_seq, amount_to_doc, amount_local, clearing_date as alloc_date, 'derived_clearing' as origin, line_no
from cut
union all
select
  company_id, company_id || ':ref:' || row_key || '/' || seq, 'payment', company_id || ':' || row_key, null, currency, abs(amount),
  company_id || ':' || ref_key, null, abs(amount), abs(amount_local), coalesce(posting_date, doc_date), 'derived_reference', line_no
from landing.entry
where entity = 'payment' and clearing_no is null and ref_key is not null
