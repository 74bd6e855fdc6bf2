-- One row per open instalment about to leave the window in which collection works best (window_days after the original due date, leaving_days before its end; settings), but for debtors assessed
-- individually. leaves_on: the first day beyond the window, days_left until then. p_now, p_beyond: the chance that it still brings cash now and beyond the window, as observed to
-- the curve's last age; stake_local: open_local times the difference, ledger currency, what is expected to be lost by letting it pass. NULL without a curve. A management estimate.
select
  chance.as_of, chance.company_id, chance.customer_id, chance.item_id, chance.seq, chance.due_date_original, chance.age_days,
  (chance.due_date_original + setting.window_days + 1)::date as leaves_on, (setting.window_days + 1 - chance.age_days)::integer as days_left,
  chance.open_local, chance.p_now, chance.p_beyond,
  (chance.open_local::double * (chance.p_now - chance.p_beyond))::decimal(18, 4) as stake_local
from marts.open_chance as chance
cross join params.provision as setting
where chance.age_days <= setting.window_days and chance.age_days > setting.window_days - setting.leaving_days
