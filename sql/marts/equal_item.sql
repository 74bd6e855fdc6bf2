-- One row per two invoices (item_kind document) or receipts (payment) of a customer with (nearly) the same amount within some days (settings), where both stood when the later,
-- item_id, came. Amounts positive, of the later one. equal_items: how many items the customer ever had of about that amount. seen_on: the first day on which both counted.
with item as (
  select company_id, 'document' as item_kind, doc_id as item_id, customer_id, currency, amount_doc, amount_local, doc_date as day, counts_from, counts_until
  from core.document
  where kind in ('invoice', 'debit_note') and amount_doc > 0 and customer_id is not null and counts_from <= getvariable('as_of')
    and (counts_until is null or counts_until > counts_from)
  union all
  select company_id, 'payment', payment_id, customer_id, currency, amount_doc, amount_local, pay_date, counts_from, counts_until
  from core.payment
  where amount_doc > 0 and customer_id is not null and counts_from <= getvariable('as_of') and (counts_until is null or counts_until > counts_from)
),
neighbour as (
  select
    item.*, setting.repeat_days, setting.repeat_amount,
    coalesce(item.amount_doc - lag(item.amount_doc) over by_amount <= setting.repeat_amount, false) as is_as_before,
    coalesce(lead(item.amount_doc) over by_amount - item.amount_doc <= setting.repeat_amount, false) as is_as_next
  from item
  cross join params.anomaly_ledger as setting
  window by_amount as (partition by item.company_id, item.item_kind, item.customer_id, item.currency order by item.amount_doc, item.item_id)
),
-- all amounts that can be equal stand in one group; most items stand in none
grouped as (
  select
    *, date_diff('day', date '1970-01-01', day) // (repeat_days + 1) as stretch,
    sum(case when is_as_before then 0 else 1 end) over (
      partition by company_id, item_kind, customer_id, currency order by amount_doc, item_id rows unbounded preceding
    ) as amount_group
  from neighbour
  where is_as_before or is_as_next
),
counted as (
  select *, count(*) over (partition by company_id, item_kind, customer_id, currency, amount_group)::bigint as equal_items
  from grouped
),
earlier as (
  select *, unnest([stretch, stretch + 1]) as next_stretch
  from counted
)
select
  later.company_id, later.item_kind, later.customer_id, later.currency, later.item_id, earlier.item_id as other_id, later.day, earlier.day as other_day,
  later.amount_doc::decimal(18, 4) as amount_doc, later.amount_local::decimal(18, 4) as amount_local, later.counts_until, earlier.counts_until as other_counts_until,
  earlier.equal_items,
  greatest(later.counts_from, earlier.counts_from) as seen_on
from earlier
inner join grouped as later
  on earlier.company_id = later.company_id and earlier.item_kind = later.item_kind and earlier.customer_id = later.customer_id and earlier.currency = later.currency
  and earlier.amount_group = later.amount_group and earlier.next_stretch = later.stretch
where (earlier.day < later.day or (earlier.day = later.day and earlier.item_id < later.item_id))
  and later.day - earlier.day <= later.repeat_days and later.amount_doc between earlier.amount_doc - later.repeat_amount and earlier.amount_doc + later.repeat_amount
  and coalesce(earlier.counts_until > later.counts_from, true) and coalesce(later.counts_until > earlier.counts_from, true)
