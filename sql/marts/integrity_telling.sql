-- One row per customer, integrity table (integrity_file, operating_survey) and day it tells of, with the day from which it was known: when it had been told, and not before it was true.
select 'integrity_file' as told_in, company_id, customer_id, as_of, greatest(as_of, min(recorded_day(recorded_at, extract_as_of))) as known_on
from lake.integrity_file
group by company_id, customer_id, as_of
union all
select 'operating_survey' as told_in, company_id, customer_id, as_of, greatest(as_of, min(recorded_day(recorded_at, extract_as_of))) as known_on
from lake.operating_survey
group by company_id, customer_id, as_of
