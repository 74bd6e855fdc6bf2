-- One row per period end and document or receipt of which something may then be open.
select period.period_end, life.company_id, life.item_kind, life.item_id
from marts.item_life as life
inner join marts.period as period
  on life.company_id = period.company_id and counts_on(period.period_end, life.counts_from, life.open_until)
