-- One row per source key that stands for a customer: as told, else the key by which its documents and receipts name it. SAP pads numeric keys to ten
-- digits in tables and shows them without the zeros in lists: both forms stand for the account.
with told as (
  select company_id, source_system, source_key, customer_id, match_method, confidence, batch_id, line_no, recorded_at, recorded_source
  from lake.customer_xref
  where is_current
),
named as (
  select company_id, source_system, customer_id, min(batch_id) as batch_id, min(line_no) as line_no, min(recorded_at) as recorded_at
  from (
    select company_id, source_system, customer_id, batch_id, line_no, recorded_at from staging.document
    union all
    select company_id, source_system, customer_id, batch_id, line_no, recorded_at from staging.payment
  ) as item
  where customer_id is not null
  group by company_id, source_system, customer_id
),
keyed as (
  select *, substr(customer_id, length(company_id) + 2) as own_key from named
),
formed as (
  select *, own_key as source_key, 'exact' as match_method from keyed
  union all
  select *, lpad(own_key, 10, '0'), 'leading_zeros'
  from keyed
  where source_system = 'sap' and length(own_key) < 10 and regexp_matches(own_key, '^[0-9]+$')
)
select * from told
union all
select
  formed.company_id, formed.source_system, formed.source_key, formed.customer_id, formed.match_method, 1::double as confidence,
  formed.batch_id, formed.line_no, formed.recorded_at, 'batch' as recorded_source
from formed
left join told
  on formed.company_id = told.company_id and formed.source_system = told.source_system and formed.source_key = told.source_key
where told.source_key is null
