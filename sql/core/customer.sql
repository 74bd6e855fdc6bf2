-- One row per customer; is_stub marks one that documents, receipts or orders name but no customer row describes (active, its name is its key).
with described as (
  select * from staging.customer
),
told as (
  select company_id, customer_id, batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at from staging.document
  group by company_id, customer_id, batch_id
  union all
  select company_id, customer_id, batch_id, min(line_no), min(recorded_at) from staging.payment
  group by company_id, customer_id, batch_id
  union all
  select company_id, customer_id, batch_id, min(line_no), min(recorded_at) from staging.sales_order
  group by company_id, customer_id, batch_id
),
named as (
  select
    told.company_id, told.customer_id, told.batch_id, min(told.line_no) as line_no, min(told.recorded_at) as recorded_at,
    row_number() over (partition by told.company_id, told.customer_id order by told.batch_id)::bigint as place
  from told
  left join described on told.company_id = described.company_id and told.customer_id = described.customer_id
  where told.customer_id is not null and described.customer_id is null
  group by told.company_id, told.customer_id, told.batch_id
),
stubs as (
  select
    company_id, customer_id, substr(customer_id, length(company_id) + 2) as name, 'active' as status,
    batch_id, line_no, recorded_at, 'batch' as recorded_source, batch_id as first_batch, batch_id as last_batch
  from named
  where place = 1
)
select *, false as is_stub from described
union all by name
select *, true as is_stub from stubs
