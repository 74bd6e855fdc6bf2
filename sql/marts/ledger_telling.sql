-- One row per batch that told of anything in the ledger a restated document or receipt is made of: itself, what reverses it, an instalment, an allocation to
-- or from it, the other end of one. content: what was told, without the day it ends on; starts_on and ends_on: the days from which it counts and counts no more.
with restated as (
  select distinct company_id, item_kind, item_id from marts.restated_item
),
allocated as (
  select item.item_kind, item.item_id, told.* from restated as item inner join lake.allocation as told on item.company_id = told.company_id and item.item_id = told.to_doc_id and item.item_kind = 'document'
  union all
  select item.item_kind, item.item_id, told.* from restated as item inner join lake.allocation as told on item.company_id = told.company_id and item.item_id = told.from_doc_id and item.item_kind = 'document'
  union all
  select item.item_kind, item.item_id, told.* from restated as item inner join lake.allocation as told on item.company_id = told.company_id and item.item_id = told.to_payment_id and item.item_kind = 'payment'
  union all
  select item.item_kind, item.item_id, told.* from restated as item inner join lake.allocation as told on item.company_id = told.company_id and item.item_id = told.from_payment_id and item.item_kind = 'payment'
),
other_end as (
  select distinct item_kind, item_id, company_id, from_payment_id as payment_id, from_doc_id as doc_id from allocated
  union
  select distinct item_kind, item_id, company_id, to_payment_id, to_doc_id from allocated
)
select
  item.company_id, item.item_kind, item.item_id, 'document' as what, told.doc_id as told_key, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  coalesce(told.posting_date, told.doc_date) as starts_on, told.cancelled_date as ends_on, null::decimal(18, 4) as open_doc,
  content_of([told.customer_id, told.kind,
    case when told.state in ('cancelled', 'reversed') and told.cancelled_date is not null then 'posted' else told.state end,
    told.doc_date::varchar, told.posting_date::varchar, told.baseline_date::varchar, told.due_date::varchar, told.terms_id, told.currency,
    told.amount_doc::varchar, told.amount_local::varchar, told.reverses_doc_id, told.reversed_by_doc_id]) as content
from restated as item
inner join lake.document as told
  on item.company_id = told.company_id and item.item_id = told.doc_id and item.item_kind = 'document'
union all
select
  item.company_id, item.item_kind, item.item_id, 'reversal', told.doc_id, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  coalesce(told.posting_date, told.doc_date), null::date, null::decimal(18, 4),
  content_of([told.state, told.doc_date::varchar, told.posting_date::varchar])
from restated as item
inner join lake.document as told
  on item.company_id = told.company_id and item.item_id = told.reverses_doc_id and item.item_kind = 'document'
union all
select
  item.company_id, item.item_kind, item.item_id, 'instalment', told.seq::varchar, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  null::date, null::date, null::decimal(18, 4),
  content_of([told.due_date::varchar, told.amount_doc::varchar, told.amount_local::varchar])
from restated as item
inner join lake.instalment as told
  on item.company_id = told.company_id and item.item_id = told.doc_id and item.item_kind = 'document'
union all
select
  item.company_id, item.item_kind, item.item_id, 'payment', told.payment_id, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  told.pay_date, told.reversal_date, null::decimal(18, 4),
  content_of([told.customer_id, case when told.state in ('cancelled', 'reversed') and told.reversal_date is not null then 'posted' else told.state end,
    told.pay_date::varchar, told.currency, told.amount_doc::varchar, told.amount_local::varchar])
from restated as item
inner join lake.payment as told
  on item.company_id = told.company_id and item.item_id = told.payment_id and item.item_kind = 'payment'
union all
select
  item.company_id, item.item_kind, item.item_id, 'allocation', told.allocation_id, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  told.alloc_date, told.voided_date, null::decimal(18, 4),
  content_of([told.kind, told.from_payment_id, told.from_doc_id, told.from_seq::varchar, told.to_doc_id, told.to_payment_id, told.to_seq::varchar,
    told.amount_from_doc::varchar, told.amount_to_doc::varchar, told.amount_local::varchar, told.discount_local::varchar,
    told.fx_difference_local::varchar, told.alloc_date::varchar])
from allocated as told
inner join restated as item
  on told.company_id = item.company_id and told.item_kind = item.item_kind and told.item_id = item.item_id
union all
select
  item.company_id, item.item_kind, item.item_id, 'other document', told.doc_id, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  coalesce(told.posting_date, told.doc_date), told.cancelled_date, null::decimal(18, 4),
  content_of([case when told.state in ('cancelled', 'reversed') and told.cancelled_date is not null then 'posted' else told.state end,
    told.doc_date::varchar, told.posting_date::varchar, told.currency, told.amount_doc::varchar])
from other_end as item
inner join lake.document as told
  on item.company_id = told.company_id and item.doc_id = told.doc_id and (item.item_kind <> 'document' or item.item_id <> told.doc_id)
union all
select
  item.company_id, item.item_kind, item.item_id, 'other payment', told.payment_id, told.batch_id, told.is_current, told.missing_since, told.extract_as_of,
  told.pay_date, told.reversal_date, null::decimal(18, 4),
  content_of([case when told.state in ('cancelled', 'reversed') and told.reversal_date is not null then 'posted' else told.state end,
    told.pay_date::varchar, told.currency, told.amount_doc::varchar])
from other_end as item
inner join lake.payment as told
  on item.company_id = told.company_id and item.payment_id = told.payment_id and (item.item_kind <> 'payment' or item.item_id <> told.payment_id)
