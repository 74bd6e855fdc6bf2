-- One row per customer, excuse and day it was given once more, so often within some days and so seldom followed by money (marts.excuse_followed; settings) that it is a pattern. day: of the
-- first of them, other_day: this one; measured: days on which it was given, usual: the share of them followed by money, of 1; word: the excuse. subject: the first day of those that follow
-- each other within these days. A sign (detectors/detector.py).
with again as (
  select
    late.company_id, late.customer_id, late.log_id, late.excuse_code, late.excuse_kind, late.day, late.until_day, setting.excuses_min, setting.excuses_days,
    min(early.day) as first_day, count(*)::bigint as times, (count(case when early.is_followed then 1 end)::double / count(*)::double)::decimal(18, 4) as followed_share
  from marts.excuse_followed as late
  cross join params.anomaly_conduct as setting
  inner join marts.excuse_followed as early
    on late.company_id = early.company_id and late.customer_id = early.customer_id and late.excuse_code = early.excuse_code
    and early.day between late.day - setting.excuses_days and late.day
  group by
    late.company_id, late.customer_id, late.log_id, late.excuse_code, late.excuse_kind, late.day, late.until_day, setting.excuses_min, setting.excuses_days, setting.excuse_paid_share_max
  having count(*) >= setting.excuses_min and count(case when early.is_followed then 1 end) <= setting.excuse_paid_share_max * count(*)
),
stretch as (
  select
    *,
    date_diff('day', lag(day) over (partition by company_id, customer_id, excuse_code order by day, log_id), day) <= excuses_days as is_continued
  from again
),
episode as (
  select
    *,
    sum(case when is_continued then 0 else 1 end) over (
      partition by company_id, customer_id, excuse_code order by day, log_id rows between unbounded preceding and current row
    )::bigint as episode
  from stretch
)
select
  company_id, customer_id, excuse_code || ' ' || min(first_day) over (partition by company_id, customer_id, excuse_code, episode) as subject,
  case when excuse_kind is null then 'excuse_pattern' else 'excuse_pattern_' || excuse_kind end as code,
  case when times >= 2 * excuses_min then 'high' else 'medium' end as severity, (until_day + 1)::date as seen_on, (until_day + 1)::date as until,
  log_id::varchar as item_id, null::varchar as other_id, first_day as day, day as other_day, times::decimal(18, 4) as measured, followed_share as usual,
  null::decimal(18, 4) as amount_local, excuse_code as word, null::varchar as other_word
from episode
