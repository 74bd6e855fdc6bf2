-- One row per company, day that the balance is held against (marts.compared_balance) and step from its balance to that of the as-of date, in ledger currency, signed as it moves what is owed: published (the
-- balance published for that day), restated (what is known of it now beside that); both only where it was published; opening (the balance as known now), invoiced, credited, cash (receipts and what
-- was sent back), written_off (losses and waivers), discount, fx (differences between booking rates), other (netting, bills, small rests forgiven, what was refused before or is now), closing; steps that moved nothing are left out.
with since as (
  select company_id, min(day) as first_day from marts.compared_balance group by company_id
),
posting as (
  select
    company_id, case when kind = 'refund' then 'cash' when kind in ('adjustment', 'other', 'bill_of_exchange') then 'other' when amount_doc < 0 then 'credited' else 'invoiced' end as step,
    amount_local, counts_from, counts_until
  from core.document
  where kind <> 'fx_revaluation'
  union all
  select company_id, case when kind = 'netting' then 'other' else 'cash' end, -amount_local, counts_from, counts_until
  from core.payment
  union all
  select
    company_id, case kind when 'fx_difference' then 'fx' when 'discount' then 'discount' when 'tolerance' then 'other' else 'written_off' end, -item_sign * amount_local,
    effective_from, effective_until
  from core.allocation
  where kind in ('write_off', 'waiver', 'discount', 'tolerance', 'fx_difference')
  union all
  select company_id, 'discount', -item_sign * discount_local, effective_from, effective_until
  from core.allocation
  where kind not in ('write_off', 'waiver', 'discount', 'tolerance', 'fx_difference') and discount_local <> 0
),
late as (
  select posting.company_id, posting.step, posting.amount_local, posting.counts_from, posting.counts_until
  from posting
  inner join since on posting.company_id = since.company_id
    and (posting.counts_from > since.first_day or (posting.counts_until > since.first_day and posting.counts_until <= getvariable('as_of')))
  where posting.counts_from <= getvariable('as_of')
),
moved as (
  select
    day.company_id, day.comparison, late.step,
    sum(case when counts_on(getvariable('as_of'), late.counts_from, late.counts_until) then late.amount_local else 0 end
      - case when counts_on(day.day, late.counts_from, late.counts_until) then late.amount_local else 0 end)::decimal(18, 4) as amount_local
  from marts.compared_balance as day
  inner join late on day.company_id = late.company_id
  group by day.company_id, day.comparison, late.step
),
told as (
  select company_id, comparison, 'published' as step, published_local as amount_local from marts.compared_balance where published_local is not null
  union all
  select company_id, comparison, 'restated', open_local - published_local from marts.compared_balance where published_local is not null
  union all
  select company_id, comparison, 'opening', open_local from marts.compared_balance
  union all
  select company_id, comparison, step, amount_local from moved
  union all
  select day.company_id, day.comparison, 'other', day.now_open_local - day.open_local - coalesce(sum(moved.amount_local), 0)
  from marts.compared_balance as day
  left join moved on day.company_id = moved.company_id and day.comparison = moved.comparison
  group by day.company_id, day.comparison, day.now_open_local, day.open_local
  union all
  select company_id, comparison, 'closing', now_open_local from marts.compared_balance
)
select getvariable('as_of') as as_of, told.company_id, told.comparison, told.step, sum(told.amount_local)::decimal(18, 4) as amount_local
from told
group by told.company_id, told.comparison, told.step
having sum(told.amount_local) <> 0 or told.step in ('published', 'opening', 'closing')
