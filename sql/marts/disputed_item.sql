-- One row per open item with a dispute case open at the as-of date: disputed_doc is what the cases dispute, at most what is open, signed as the item. A case
-- of an instalment counts for it, one of a whole document for its instalments, oldest due first; one without an amount disputes all that is open.
with dispute as (
  select company_id, doc_id, seq, bool_or(amount_doc is null) as is_all, sum(abs(amount_doc)) as amount_doc
  from core.dispute
  where counts_on(getvariable('as_of'), opened, closed)
  group by company_id, doc_id, seq
),
named as (
  select
    item.company_id, item.item_id, item.seq, item.due_date, item.open_doc, whole.is_all, whole.amount_doc as whole_doc,
    case when own.is_all or whole.is_all then abs(item.open_doc) else least(coalesce(own.amount_doc, 0), abs(item.open_doc)) end as named_doc
  from marts.period_item as item
  left join dispute as own on item.company_id = own.company_id and item.doc_id = own.doc_id and item.seq = own.seq
  left join dispute as whole on item.company_id = whole.company_id and item.doc_id = whole.doc_id and whole.seq is null
  where item.period_end = getvariable('as_of') and (own.doc_id is not null or whole.doc_id is not null)
),
room as (
  select
    *,
    abs(open_doc) - named_doc as room_doc,
    sum(abs(open_doc) - named_doc) over (
      partition by company_id, item_id order by due_date nulls last, seq rows between unbounded preceding and current row
    ) as room_until_doc
  from named
)
select
  company_id, item_id, seq,
  (sign(open_doc) * (named_doc + least(greatest(coalesce(whole_doc, 0) - (room_until_doc - room_doc), 0), room_doc)))::decimal(18, 4) as disputed_doc
from room
