-- One row per company with open items: rows of the aging beyond one per customer, currency and bucket.
with keyed as (
  select company_id, customer_id, currency, bucket, count(*)::bigint as told
  from marts.aging
  group by company_id, customer_id, currency, bucket
)
select company_id, null::varchar as currency, (sum(told) - count(*)::bigint)::bigint as repeated_keys
from keyed
group by company_id
order by company_id
