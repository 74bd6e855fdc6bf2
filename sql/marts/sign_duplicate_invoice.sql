-- One row per invoice that repeats another one of its customer (marts.repeated_item), from the day both counted until one was taken back or both were settled. amount_local:
-- ledger currency, positive, of the later one; measured: days between the two. What was delivered twice was sold twice; that, what was put right at once, and equal amounts of
-- customers that always have them, are left out.
with pair as (
  select
    pair.*, case when pair.match = 'reference' then 'duplicate_invoice' else 'duplicate_invoice_' || pair.match end as code,
    least(taken.ended_on, other.ended_on) as taken_on
  from marts.repeated_item as pair
  left join marts.document_taken_back as taken on pair.company_id = taken.company_id and pair.item_id = taken.doc_id
  left join marts.document_taken_back as other on pair.company_id = other.company_id and pair.other_id = other.doc_id
  where pair.item_kind = 'document' and (pair.match = 'reference' or not pair.is_regular)
),
part as (
  select company_id, item_id, unnest([item_id, other_id]) as doc_id from pair
),
delivered as (
  select part.company_id, part.item_id, count(distinct part.doc_id)::bigint as documents
  from part
  inner join core.delivery as delivery on part.company_id = delivery.company_id and part.doc_id = delivery.doc_id and delivery.status in ('shipped', 'delivered')
  group by part.company_id, part.item_id
),
closing as (
  select part.company_id, part.item_id, case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end as settled_on
  from part
  inner join marts.instalment_exit as leaving on part.company_id = leaving.company_id and part.doc_id = leaving.doc_id
  group by part.company_id, part.item_id
)
select
  pair.company_id, pair.customer_id, pair.item_id as subject, pair.code, case when pair.match = 'reference' then 'high' else 'medium' end as severity,
  pair.seen_on, sign_until(least(pair.taken_on, closing.settled_on), pair.seen_on) as until,
  pair.item_id, pair.other_id, pair.day, pair.other_day, (pair.day - pair.other_day)::decimal(18, 4) as measured, null::decimal(18, 4) as usual,
  pair.amount_local, pair.reference as word, pair.other_reference as other_word
from pair
cross join params.anomaly_ledger as setting
left join delivered on pair.company_id = delivered.company_id and pair.item_id = delivered.item_id
left join closing on pair.company_id = closing.company_id and pair.item_id = closing.item_id
where coalesce(delivered.documents, 0) < 2 and coalesce(pair.taken_on - pair.seen_on > setting.repeat_undone_days, true)
