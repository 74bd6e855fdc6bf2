-- One row per customer; is_stub marks one that documents or receipts name but no customer row describes (its name is its key).
with described as (
  select * from staging.customer
),
named as (
  select company_id, customer_id, min(batch_id) as batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at from staging.document
  group by company_id, customer_id
  union all
  select company_id, customer_id, min(batch_id), min(line_no), min(recorded_at) from staging.payment
  where customer_id is not null
  group by company_id, customer_id
),
stubs as (
  select
    named.company_id, named.customer_id,
    substr(named.customer_id, length(named.company_id) + 2) as name,
    'active' as status,
    min(named.batch_id) as batch_id, min(named.line_no) as line_no, min(named.recorded_at) as recorded_at, 'batch' as recorded_source,
    min(named.batch_id) as first_batch, min(named.batch_id) as last_batch
  from named
  left join described on named.company_id = described.company_id and named.customer_id = described.customer_id
  where described.customer_id is null
  group by named.company_id, named.customer_id
)
select *, false as is_stub from described
union all by name
select *, true as is_stub from stubs
