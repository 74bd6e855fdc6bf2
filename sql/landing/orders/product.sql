-- One row per product of the file, under the name it is written with most often (ties: first in the alphabet).
with spelled as (
  select
    company_id, product, product_name, max(product_group) as product_group, count(*)::bigint as times, min(line_no) as line_no
  from landing.entry
  group by company_id, product, product_name
),
ranked as (
  select
    *,
    row_number() over (
      partition by company_id, product order by case when product_name is null then 1 else 0 end, times desc, product_name, line_no
    )::bigint as place
  from spelled
)
select company_id, company_id || ':' || product as product_id, product_name as name, product_group, line_no
from ranked
where place = 1
