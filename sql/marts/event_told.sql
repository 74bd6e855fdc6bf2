-- One row per outside event of a kind that detectors look at, up to the as-of date and told with enough confidence (a setting; one without it counts as sure). subject: kind and first day of
-- the events of that kind that follow each other within some days (a setting), as several sources tell of one; place: its place among them. told_by, what: its source and its note, else its
-- kind; of what no public source (a setting) told its kind alone, as flags are mailed.
with event as (
  select
    event.company_id, event.customer_id, event.event_id, event.kind, event.event_date as day, coalesce(event.confidence, 1)::decimal(18, 4) as confidence,
    case when list_contains(setting.public_sources, lower(trim(event.source))) then trim(event.source) else event.kind end as told_by,
    case when list_contains(setting.public_sources, lower(trim(event.source))) then coalesce(event.note, event.kind) else event.kind end as what, setting.change_days
  from core.customer_event as event
  cross join params.anomaly_conduct as setting
  where event.kind <> 'other' and event.event_date <= getvariable('as_of') and coalesce(event.confidence, 1) >= setting.event_confidence_min
),
stretch as (
  select
    *, date_diff('day', lag(day) over (partition by company_id, customer_id, kind order by day, event_id), day) <= change_days as is_continued
  from event
),
episode as (
  select
    *,
    sum(case when is_continued then 0 else 1 end) over (
      partition by company_id, customer_id, kind order by day, event_id rows between unbounded preceding and current row
    ) as episode
  from stretch
)
select
  company_id, customer_id, event_id, kind, day, confidence, told_by, what,
  row_number() over (partition by company_id, customer_id, kind, episode order by day, event_id)::bigint as place,
  kind || ' ' || min(day) over (partition by company_id, customer_id, kind, episode) as subject
from episode
