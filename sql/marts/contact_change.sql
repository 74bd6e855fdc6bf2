-- One row per person who left a place at a customer from which it pays, orders, signs or is headed: field (contact, signatory, legal_representative, or organisation where the desk itself
-- was given up with a reorganisation), day (the last one in the role) and who followed within some days (settings; NULL: nobody). known_on: the day the successor, or the lack of one, is
-- known.
with leaver as (
  select
    contact.company_id, contact.customer_id, contact.contact_id, contact.name, contact.valid_to as day, contact.role,
    case when contact.role = 'signatory' then 'signatory' when contact.role in ('owner', 'decides') then 'legal_representative' else 'contact' end as field
  from core.contact as contact
  cross join params.anomaly_conduct as setting
  where contact.valid_to <= getvariable('as_of')
    and (contact.role in ('owner', 'decides', 'signatory') or list_contains(setting.contact_roles, contact.role))
),
followed as (
  select
    leaver.company_id, leaver.customer_id, leaver.contact_id, min_by(next.contact_id, (next.valid_from, next.contact_id)) as next_id,
    min_by(next.name, (next.valid_from, next.contact_id)) as next_name, min(next.valid_from) as next_from
  from leaver
  cross join params.anomaly_conduct as setting
  inner join core.contact as next
    on leaver.company_id = next.company_id and leaver.customer_id = next.customer_id and leaver.contact_id <> next.contact_id
    and (
      leaver.role = next.role or (leaver.role in ('finance', 'pays') and next.role in ('finance', 'pays')) or (leaver.role in ('owner', 'decides') and next.role in ('owner', 'decides'))
    )
    and next.valid_from between leaver.day - setting.change_days and leaver.day + setting.successor_days and next.valid_from <= getvariable('as_of')
    and coalesce(next.valid_to > leaver.day, true)
  group by leaver.company_id, leaver.customer_id, leaver.contact_id
),
dissolved as (
  select distinct leaver.company_id, leaver.customer_id, leaver.contact_id
  from leaver
  cross join params.anomaly_conduct as setting
  inner join core.customer_event as event
    on leaver.company_id = event.company_id and leaver.customer_id = event.customer_id and event.kind = 'reorganisation'
    and event.event_date between leaver.day - setting.report_days and leaver.day + setting.report_days and event.event_date <= getvariable('as_of')
)
select
  leaver.company_id, leaver.customer_id, leaver.contact_id, leaver.name, leaver.role, leaver.day,
  case when leaver.field = 'contact' and followed.contact_id is null and dissolved.contact_id is not null then 'organisation' else leaver.field end as field,
  followed.next_id, followed.next_name,
  case when followed.contact_id is null then leaver.day + setting.successor_days else greatest(followed.next_from, leaver.day) end as known_on
from leaver
cross join params.anomaly_conduct as setting
left join followed on leaver.company_id = followed.company_id and leaver.customer_id = followed.customer_id and leaver.contact_id = followed.contact_id
left join dissolved on leaver.company_id = dissolved.company_id and leaver.customer_id = dissolved.customer_id and leaver.contact_id = dissolved.contact_id
