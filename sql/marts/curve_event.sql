-- One row per history, segment and age at which money of it leaves the curve, comes under observation later than from the beginning, or is asked about: amounts
-- (ledger currency; of all companies together the currency of marts.group_curve) and tranches that leave by each cause (open: not yet left at the as-of date),
-- entered: what comes under observation at this age, entered_dilution: the part of it that leaves as dilution. history: all, or 24m (what was seen in the last
-- months, as a setting says). Segments other than all belong to one company; all is told where marts.group_curve says so.
with placed as (
  select
    kind.segment_kind,
    segment_of(
      kind.segment_kind, tranche.company_id, tranche.territory, tranche.salesperson, tranche.grade, tranche.terms, tranche.amount_band, tranche.customer_type
    ) as segment,
    case when kind.segment_kind <> 'all' then tranche.company_id end as company_id,
    tranche.entry_age, tranche.recent_entry_age, tranche.exit_age, tranche.cause,
    case when kind.segment_kind = 'all' then tranche.amount_group else tranche.amount_local end as amount
  from marts.exposure_tranche as tranche
  cross join params.segment_kind as kind
),
left_at as (
  select
    segment_kind, segment, company_id, exit_age as age_days, cause,
    sum(case when entry_age < exit_age then amount end) as amount_all,
    count(case when entry_age < exit_age then 1 end)::bigint as n_all,
    sum(case when recent_entry_age < exit_age then amount end) as amount_24m,
    count(case when recent_entry_age < exit_age then 1 end)::bigint as n_24m
  from placed
  where segment is not null
  group by segment_kind, segment, company_id, exit_age, cause
),
entered_at as (
  select 'all' as history, segment_kind, segment, company_id, entry_age as age_days, cause, sum(amount) as amount, count(*)::bigint as n
  from placed
  where segment is not null and entry_age >= 0 and entry_age < exit_age
  group by segment_kind, segment, company_id, entry_age, cause
  union all
  select '24m', segment_kind, segment, company_id, recent_entry_age, cause, sum(amount), count(*)::bigint
  from placed
  where segment is not null and recent_entry_age >= 0 and recent_entry_age < exit_age
  group by segment_kind, segment, company_id, recent_entry_age, cause
),
asked as (
  select distinct left_at.segment_kind, left_at.segment, left_at.company_id, age.age_days
  from left_at
  cross join params.curve_age as age
),
event as (
  select 'all' as history, segment_kind, segment, company_id, age_days, cause, amount_all as amount, n_all as n, false as is_entry from left_at
  union all
  select '24m', segment_kind, segment, company_id, age_days, cause, amount_24m, n_24m, false from left_at
  union all
  select history, segment_kind, segment, company_id, age_days, cause, amount, n, true from entered_at
  union all
  select history.history, asked.segment_kind, asked.segment, asked.company_id, asked.age_days, 0, 0, 0, false
  from asked
  cross join (select unnest(['all', '24m']) as history) as history
)
select
  event.history, event.segment_kind, event.segment, event.company_id, event.age_days,
  coalesce(sum(case when not is_entry and cause = 0 then amount end), 0)::decimal(18, 4) as open_amount,
  coalesce(sum(case when not is_entry and cause = 1 then amount end), 0)::decimal(18, 4) as cash_amount,
  coalesce(sum(case when not is_entry and cause = 2 then amount end), 0)::decimal(18, 4) as loss_amount,
  coalesce(sum(case when not is_entry and cause = 3 then amount end), 0)::decimal(18, 4) as dilution_amount,
  coalesce(sum(case when not is_entry and cause = 4 then amount end), 0)::decimal(18, 4) as transferred_amount,
  coalesce(sum(case when is_entry then amount end), 0)::decimal(18, 4) as entered_amount,
  coalesce(sum(case when is_entry and cause = 3 then amount end), 0)::decimal(18, 4) as entered_dilution_amount,
  coalesce(sum(case when not is_entry and cause = 0 then n end), 0)::bigint as open_count,
  coalesce(sum(case when not is_entry and cause = 1 then n end), 0)::bigint as cash_count,
  coalesce(sum(case when not is_entry and cause = 2 then n end), 0)::bigint as loss_count,
  coalesce(sum(case when not is_entry and cause = 3 then n end), 0)::bigint as dilution_count,
  coalesce(sum(case when not is_entry and cause = 4 then n end), 0)::bigint as transferred_count,
  coalesce(sum(case when is_entry then n end), 0)::bigint as entered_count,
  coalesce(sum(case when is_entry and cause = 3 then n end), 0)::bigint as entered_dilution_count
from event
left join marts.group_curve as together on event.segment_kind = 'all' and event.history = together.history
where event.segment_kind <> 'all' or together.reason is null
group by event.history, event.segment_kind, event.segment, event.company_id, event.age_days
