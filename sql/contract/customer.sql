-- One row per company with customers: how many rows say a customer again, and the percent of customers without a name of their own.
with keyed as (
  select company_id, customer_id, count(*)::bigint as told, bool_or(not is_stub and coalesce(trim(name), '') not in ('', substr(customer_id, length(company_id) + 2))) as is_named
  from core.customer
  group by company_id, customer_id
)
select
  company_id, null::varchar as currency,
  count(*)::bigint as customers,
  (sum(told) - count(*)::bigint)::bigint as repeated_keys,
  ((100 * (count(*) filter (where not is_named))::bigint)::double / count(*)::bigint)::decimal(18, 1) as nameless_pct
from keyed
group by company_id
order by company_id
