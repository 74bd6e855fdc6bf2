-- One row per payment term, as last told. Days are calendar days after the baseline.
select * exclude (is_current, is_first, extract_as_of, source_mode)
from lake.payment_terms
where is_current
