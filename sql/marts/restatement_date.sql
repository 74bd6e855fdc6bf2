-- One row per company and published date looked back at, with what later files, or other rules, changed of it. old_open_local: the receivables published,
-- new_open_local: the same as known now; moved_local: the sum of what each item moved by, without signs; ledger currency. items: documents and receipts
-- restated, rules_items: those that no file told of and other settings or another version of the program may explain.
with moved as (
  select
    company_id, published_as_of, count(*)::bigint as items, sum(case when reason = 'rules' then 1 else 0 end)::bigint as rules_items,
    sum(new_open_local - old_open_local)::decimal(18, 4) as change_local, sum(moved_local)::decimal(18, 4) as moved_local
  from marts.restatement
  group by company_id, published_as_of
)
select
  getvariable('as_of') as as_of, run.as_of as published_as_of, run.company_id, run.run_id, run.known_at, run.is_rules_changed,
  run.open_local as old_open_local,
  (run.open_local + coalesce(moved.change_local, 0))::decimal(18, 4) as new_open_local,
  coalesce(moved.moved_local, 0)::decimal(18, 4) as moved_local,
  coalesce(moved.items, 0)::bigint as items,
  coalesce(moved.rules_items, 0)::bigint as rules_items
from lake.published as run
inner join marts.period as period on run.company_id = period.company_id and run.as_of = period.period_end and period.is_published
left join moved on run.company_id = moved.company_id and run.as_of = moved.published_as_of
