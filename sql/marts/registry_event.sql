-- One row per outside event of a customer up to the as-of date. known_on: the first day on which it had happened and been told, before which no review knows of it.
select
  event.company_id, event.customer_id, event.event_id, event.kind, event.event_date, event.confidence,
  greatest(event.event_date, min(recorded_day(first.recorded_at, first.extract_as_of)))::date as known_on
from core.customer_event as event
inner join lake.customer_event as first on event.company_id = first.company_id and event.event_id = first.event_id
where event.event_date <= getvariable('as_of')
group by event.company_id, event.customer_id, event.event_id, event.kind, event.event_date, event.confidence
