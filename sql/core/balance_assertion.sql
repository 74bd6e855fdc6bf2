-- One row per balance another record states, as last told: ledger account, ERP aging or statement. extract_as_of: the day of the extract that states it.
select * exclude (is_current, is_first, source_mode)
from lake.balance_assertion
where is_current
