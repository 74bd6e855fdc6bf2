-- One row per receipt (or money paid out, negative), as last told. customer_id is NULL where nobody is identified.
select * exclude (is_current, is_first)
from lake.payment
where is_current
