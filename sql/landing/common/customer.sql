-- One row per customer of the file, under the name it is written with most often (ties: first in the alphabet), with its city where told.
with spelled as (
  select company_id, customer, customer_name, max(city) as city, count(*)::bigint as times, min(line_no) as line_no
  from landing.entry
  where customer_name is not null
  group by company_id, customer, customer_name
),
ranked as (
  select *, row_number() over (partition by company_id, customer order by times desc, customer_name, line_no)::bigint as place
  from spelled
)
select company_id, company_id || ':' || customer as customer_id, customer_name as name, city, null::varchar as status, line_no
from ranked
where place = 1
