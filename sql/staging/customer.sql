-- One row per customer some file describes, as last told.
select * exclude (is_current, is_first, extract_as_of, source_mode)
from lake.customer
where is_current
