-- One row per company, test and subject that is not told whole: what is missing (column_name: the company and the subject) from when until when, and how many
-- were counted instead of how many (raw_value). What is missing cannot be counted: count is 1.
select
  null::bigint as batch_id, null::bigint as line_no, company_id || ' ' || subject as column_name, 'EXTRACT_' || upper(test) as reason_code,
  'accept_warn' as action, 1::bigint as count,
  from_date::varchar || ' – ' || to_date::varchar || ': ' || observed::bigint::varchar || ' / ' || expected::bigint::varchar as raw_value
from marts.completeness
where not is_complete
