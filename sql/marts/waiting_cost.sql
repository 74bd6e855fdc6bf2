-- One row per company and aging bucket with instalments that have fallen due and are not assessed individually: what a delay costs. open_local: ledger currency, positive; p_now: the chance that it still
-- brings cash, p_waiting: the chance it has after waiting_days more (a setting) if it is still open then, both by amount and as observed to the curve's last age. lost_local: open_local
-- times the difference, what is expected to be lost by each such delay; negative where those who wait longer pay more often. NULL where there is no curve. A management estimate.
select
  chance.as_of, chance.company_id, chance.bucket, setting.waiting_days, count(*)::bigint as items,
  sum(chance.open_local)::decimal(18, 4) as open_local,
  sum(chance.open_local::double * chance.p_now)::double / sum(chance.open_local)::double as p_now,
  sum(chance.open_local::double * chance.p_waiting)::double / sum(chance.open_local)::double as p_waiting,
  sum(chance.open_local::double * (chance.p_now - chance.p_waiting))::decimal(18, 4) as lost_local
from marts.open_chance as chance
cross join params.provision as setting
where chance.age_days >= 0
group by chance.as_of, chance.company_id, chance.bucket, setting.waiting_days
