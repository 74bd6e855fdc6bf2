-- One row per debtor whose insolvency or closure is known by the as-of date and sure enough (a setting): what it owes is assessed individually, outside
-- marts.provision_matrix. kind, event_date: the latest such event. open_local: its open instalments, ledger currency, positive; unapplied_local: its unapplied
-- receipts and credits, negative. No rate is told: that is a person's judgement.
with event as (
  select
    event.company_id, event.customer_id, event.kind, event.event_date,
    row_number() over (partition by event.company_id, event.customer_id order by event.event_date desc, event.event_id)::bigint as place
  from core.customer_event as event
  cross join params.provision as setting
  where event.kind in ('insolvency', 'closure') and event.event_date <= getvariable('as_of')
    and coalesce(event.confidence, 1) >= setting.event_confidence_min
)
select
  getvariable('as_of') as as_of, event.company_id, event.customer_id, event.kind, event.event_date,
  count(case when item.bucket <> 'unapplied' then 1 end)::bigint as items,
  coalesce(sum(case when item.bucket <> 'unapplied' then item.open_local end), 0)::decimal(18, 4) as open_local,
  coalesce(sum(case when item.bucket = 'unapplied' then item.open_local end), 0)::decimal(18, 4) as unapplied_local
from event
inner join marts.open_item as item on event.company_id = item.company_id and event.customer_id = item.customer_id
where event.place = 1
group by event.company_id, event.customer_id, event.kind, event.event_date
