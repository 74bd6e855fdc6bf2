-- One row per company, test, subject and stretch of days looked at: what was counted (observed) against what is usual (expected), whether that is a hit,
-- and whether too little is told to say (is_short; needs says what). is_let_in: the extract that lacks it passed the bounds of what a file may lose, or a
-- person let it in, so that nobody is asked again. Tests as in marts.completeness; business days, postings or instalments.
with setting as (
  select * from params.completeness
),
required as (
  select
    silent.*, setting.days_after as days_after_min,
    case when silent.series = 'extract' then setting.extracts_min else setting.active_days end as active_days_min,
    greatest(setting.silent_days, setting.silent_factor * silent.longest_days)::double as most_days
  from marts.completeness_silent as silent
  cross join setting
),
silent as (
  select
    company_id,
    case when series in ('currency', 'kind', 'extract') then 'gone' else 'silent' end as test,
    case when series in ('currency', 'kind') then series || ' ' || subject else series end as subject,
    (last_day + 1)::date as from_date, getvariable('as_of') as to_date, getvariable('as_of') as affected_until,
    silent_days::double as observed, most_days as expected,
    silent_days > most_days and days_after >= days_after_min as is_hit,
    active_days < active_days_min as is_short, 'active_days ' || active_days_min as needs
  from required
),
vanished as (
  select
    item.company_id, 'gone' as test, series.series || ' ' || case series.series when 'currency' then item.currency else item.kind end as subject,
    min(missing.missing_since) as from_date, getvariable('as_of') as to_date, getvariable('as_of') as affected_until,
    count(case when missing.item_id is null then 1 end)::double as observed, count(*)::double as expected,
    count(missing.item_id)::bigint = count(*)::bigint and count(*)::bigint >= max(setting.gone_items) as is_hit,
    false as is_short, null::varchar as needs
  from marts.open_item as item
  cross join (select unnest(['currency', 'kind']) as series) as series
  cross join setting
  left join marts.missing_item as missing
    on item.company_id = missing.company_id and item.item_kind = missing.item_kind and item.item_id = missing.item_id and item.seq = missing.seq
  where item.item_kind = 'document'
  group by item.company_id, series.series, case series.series when 'currency' then item.currency else item.kind end
  having count(missing.item_id) > 0
),
month as (
  select
    found.company_id, 'month_missing' as test, found.series as subject, found.from_date, found.to_date, getvariable('as_of') as affected_until,
    0::double as observed, (found.events_before + found.events_after)::double / 2 as expected,
    least(found.events_before, found.events_after, coalesce(found.season, found.events_before)) >= setting.events_min as is_hit,
    false as is_short, null::varchar as needs
  from marts.completeness_month as found
  cross join setting
),
fall as (
  select
    found.company_id, 'fall' as test, 'clearing' as subject, found.from_date, getvariable('as_of') as to_date, getvariable('as_of') as affected_until,
    found.observed::double as observed, least(found.mean, found.season)::double as expected,
    found.observed < setting.fall_ratio * least(found.mean, found.season) and found.tail < setting.chance as is_hit,
    found.windows_before < setting.windows_min as is_short, 'windows ' || setting.windows_min as needs
  from marts.completeness_fall as found
  cross join setting
),
cut as (
  select
    found.company_id, 'cut' as test, 'instalment' as subject, (found.period_end - setting.cut_days)::date as from_date, found.period_end as to_date,
    least((found.period_end + setting.cut_effect_days)::date, getvariable('as_of')) as affected_until,
    found.open_items::double as observed, found.expected,
    found.open_items < setting.cut_ratio * found.expected and count_tail(found.open_items, found.expected, null) < setting.chance as is_hit,
    found.periods < setting.periods_min as is_short, 'periods ' || setting.periods_min as needs
  from marts.completeness_cut as found
  cross join setting
)
select *, false as is_let_in from silent
union all
select *, true from vanished
union all
select *, false from month
union all
select *, false from fall
union all
select *, false from cut
