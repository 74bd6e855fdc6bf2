-- One row per receipt, with the days on which it counts: from counts_from (NULL: never) until the day before counts_until (NULL: for good).
select
  * exclude (extract_as_of),
  case when state = 'draft' or (state in ('cancelled', 'reversed') and reversal_date is null) then null else pay_date end as counts_from,
  least(reversal_date, case when source_mode = 'open_items' then missing_since end) as counts_until
from staging.payment
