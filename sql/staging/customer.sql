-- One row per customer some file describes, with the batches of its first and last telling. Where several kinds of file describe it (master data, a list
-- with names), every column is what the newest of them that says it tells; nobody's status is active, nobody's name the key.
with told as (
  select *, row_number() over (partition by company_id, customer_id order by extract_as_of, arrival_id, line_no)::bigint as place
  from lake.customer
  where is_current
),
first_told as (
  select company_id, customer_id, batch_id from lake.customer where is_first
),
merged as (
  select
    company_id, customer_id,
    coalesce(max_by(name, place) filter (where name is not null), substr(customer_id, length(company_id) + 2)) as name,
    max_by(legal_name, place) filter (where legal_name is not null) as legal_name,
    max_by(tax_id, place) filter (where tax_id is not null) as tax_id,
    max_by(customer_group, place) filter (where customer_group is not null) as customer_group,
    max_by(credit_account_id, place) filter (where credit_account_id is not null) as credit_account_id,
    max_by(parent_customer_id, place) filter (where parent_customer_id is not null) as parent_customer_id,
    max_by(payer_customer_id, place) filter (where payer_customer_id is not null) as payer_customer_id,
    max_by(country, place) filter (where country is not null) as country,
    max_by(region, place) filter (where region is not null) as region,
    max_by(city, place) filter (where city is not null) as city,
    max_by(postcode, place) filter (where postcode is not null) as postcode,
    max_by(address, place) filter (where address is not null) as address,
    max_by(lat, place) filter (where lat is not null) as lat,
    max_by(lon, place) filter (where lon is not null) as lon,
    max_by(territory_id, place) filter (where territory_id is not null) as territory_id,
    max_by(salesperson, place) filter (where salesperson is not null) as salesperson,
    max_by(collector_id, place) filter (where collector_id is not null) as collector_id,
    max_by(currency, place) filter (where currency is not null) as currency,
    max_by(terms_id, place) filter (where terms_id is not null) as terms_id,
    max_by(language, place) filter (where language is not null) as language,
    max_by(statement_email, place) filter (where statement_email is not null) as statement_email,
    coalesce(max_by(status, place) filter (where status is not null), 'active') as status,
    max_by(merged_into, place) filter (where merged_into is not null) as merged_into,
    max_by(since_date, place) filter (where since_date is not null) as since_date,
    max_by(batch_id, place) as batch_id, max_by(line_no, place) as line_no,
    max_by(recorded_at, place) as recorded_at, max_by(recorded_source, place) as recorded_source
  from told
  group by company_id, customer_id
)
select merged.*, first_told.batch_id as first_batch, merged.batch_id as last_batch
from merged
inner join first_told on merged.company_id = first_told.company_id and merged.customer_id = first_told.customer_id
