-- One row per published date looked back at and document or receipt that is open otherwise now than it was published then (old_: as published, new_: as
-- known now; NULL and 0 where it was, or is, not open). Open in document and in ledger currency at the booking rate, signed. Due date and bucket: of the
-- instalment due first. change: the first that holds of appeared, gone, customer, amount, due_date, bucket.
with published as (
  select run.run_id, run.as_of, run.known_at, run.company_id, run.is_rules_changed
  from lake.published as run
  inner join marts.period as period on run.company_id = period.company_id and run.as_of = period.period_end and period.is_published
),
told as (
  select
    published.as_of, item.company_id, item.customer_id, item.item_kind, item.item_id, item.seq, item.currency, item.due_date, item.bucket,
    item.open_doc, item.open_local
  from lake.published_item as item
  inner join published on item.run_id = published.run_id and item.company_id = published.company_id
),
known as (
  select
    published.as_of, item.company_id, item.customer_id, item.item_kind, item.item_id, item.seq, item.currency, item.due_date, item.bucket,
    item.open_doc, item.open_local
  from marts.period_item as item
  inner join published on item.period_end = published.as_of and item.company_id = published.company_id
),
differing as (
  select
    coalesce(told.as_of, known.as_of) as as_of, coalesce(told.company_id, known.company_id) as company_id,
    coalesce(told.item_kind, known.item_kind) as item_kind, coalesce(told.item_id, known.item_id) as item_id,
    bool_or(
      told.open_doc is distinct from known.open_doc or told.open_local is distinct from known.open_local or told.currency is distinct from known.currency
    ) as is_amount_changed,
    bool_or(told.item_id is not null and known.item_id is not null and told.due_date is distinct from known.due_date) as is_due_changed
  from told
  full join known
    on told.as_of = known.as_of and told.company_id = known.company_id and told.item_kind = known.item_kind and told.item_id = known.item_id
    and told.seq = known.seq
  where told.open_doc is distinct from known.open_doc or told.open_local is distinct from known.open_local
    or told.due_date is distinct from known.due_date or told.bucket is distinct from known.bucket
    or told.customer_id is distinct from known.customer_id or told.currency is distinct from known.currency
  group by
    coalesce(told.as_of, known.as_of), coalesce(told.company_id, known.company_id), coalesce(told.item_kind, known.item_kind),
    coalesce(told.item_id, known.item_id)
),
part as (
  select *, true as is_old from told
  union all
  select *, false from known
),
item as (
  select
    part.as_of, part.company_id, part.item_kind, part.item_id,
    max(case when is_old then customer_id end) as old_customer_id, max(case when not is_old then customer_id end) as new_customer_id,
    max(case when is_old then currency end) as old_currency, max(case when not is_old then currency end) as new_currency,
    sum(case when is_old then open_doc else 0 end)::decimal(18, 4) as old_open_doc,
    sum(case when is_old then 0 else open_doc end)::decimal(18, 4) as new_open_doc,
    sum(case when is_old then open_local else 0 end)::decimal(18, 4) as old_open_local,
    sum(case when is_old then 0 else open_local end)::decimal(18, 4) as new_open_local,
    min(case when is_old then due_date end) as old_due_date, min(case when not is_old then due_date end) as new_due_date,
    min_by(bucket, coalesce(due_date, date '9999-12-31')) filter (is_old) as old_bucket,
    min_by(bucket, coalesce(due_date, date '9999-12-31')) filter (not is_old) as new_bucket,
    bool_or(is_amount_changed) as is_amount_changed, bool_or(is_due_changed) as is_due_changed
  from part
  inner join differing
    on part.as_of = differing.as_of and part.company_id = differing.company_id and part.item_kind = differing.item_kind and part.item_id = differing.item_id
  group by part.as_of, part.company_id, part.item_kind, part.item_id
)
select
  published.run_id, published.known_at, published.is_rules_changed, item.* exclude (is_amount_changed, is_due_changed),
  case
    when old_customer_id is null then 'appeared' when new_customer_id is null then 'gone' when old_customer_id <> new_customer_id then 'customer'
    when is_amount_changed then 'amount' when is_due_changed then 'due_date' else 'bucket'
  end as change
from item
inner join published on item.as_of = published.as_of and item.company_id = published.company_id
