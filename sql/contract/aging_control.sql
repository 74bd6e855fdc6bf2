-- One row per company and document currency: whether the proof's tolerance is passed, and how far the buckets are from the open items, both
-- currencies as amounts without sign.
select
  control.company_id, control.currency,
  count(found.column_name)::bigint as untied,
  (abs(control.sum_of_buckets - control.open_total) + abs(control.sum_of_buckets_local - control.open_total_local))::decimal(18, 4) as buckets_difference
from marts.aging_control as control
left join checks.control_difference as found on found.column_name = control.company_id || ' ' || control.currency
group by control.company_id, control.currency, control.sum_of_buckets, control.open_total, control.sum_of_buckets_local, control.open_total_local
order by control.company_id, control.currency
