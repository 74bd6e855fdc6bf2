-- One row per stated balance whose day is told (marts.assertion), with what the open items of the same scope come to; and one per customer and currency with open items
-- of whom a source that goes by customer states nothing (is_not_stated, its assertion_no is that of no assertion). is_unknown: of that customer
-- nothing was ever posted here. difference = computed - asserted; rounding (document) and rounding_local: how far apart they may be. Amounts signed as in marts.open_item.
with item as (
  select item.period_end, item.company_id, item.customer_id, item.currency, count(*)::bigint as items, sum(item.open_doc) as open_doc, sum(item.open_local) as open_local
  from marts.period_item as item
  inner join (select distinct company_id, as_of from marts.assertion) as day on item.company_id = day.company_id and item.period_end = day.as_of
  group by item.period_end, item.company_id, item.customer_id, item.currency
),
by_customer as (
  select period_end, company_id, unnest([customer_id, '']) as customer_id, currency, items, open_doc, open_local from item
),
by_currency as (
  select period_end, company_id, customer_id, unnest([currency, '']) as currency, items, open_doc, open_local from by_customer
),
computed as (
  select period_end, company_id, customer_id, currency, sum(items)::bigint as items, sum(open_doc)::decimal(18, 4) as computed_doc, sum(open_local)::decimal(18, 4) as computed_local
  from by_currency
  group by period_end, company_id, customer_id, currency
),
posted as (
  select document.company_id, document.customer_id
  from core.document as document
  inner join marts.assertion as stated on document.company_id = stated.company_id and document.customer_id = stated.customer_id
  union
  select payment.company_id, payment.customer_id
  from core.payment as payment
  inner join marts.assertion as stated on payment.company_id = stated.company_id and payment.customer_id = stated.customer_id
),
known as (
  select company_id from core.document
  union
  select company_id from core.payment
),
list as (
  select
    company_id, basis, source, as_of, case when currency = '' then '' end as currency, max(batch_id) as batch_id, max(extract_as_of) as extract_as_of, max(rounding) as rounding,
    bool_or(asserted_doc is not null) as has_doc, bool_or(asserted_local is not null) as has_local
  from marts.assertion
  group by company_id, basis, source, as_of, case when currency = '' then '' end
  having min(customer_id) <> ''
),
silent as (
  select list.company_id, list.basis, list.source, list.as_of, computed.customer_id, computed.currency, list.batch_id, list.extract_as_of, list.rounding,
    list.has_doc, list.has_local, computed.items, computed.computed_doc, computed.computed_local
  from list
  inner join computed
    on list.company_id = computed.company_id and list.as_of = computed.period_end and computed.customer_id <> '' and (computed.currency = '') = (coalesce(list.currency, 'x') = '')
  left join marts.assertion as stated
    on list.company_id = stated.company_id and list.basis = stated.basis and list.source = stated.source and list.as_of = stated.as_of
    and computed.customer_id = stated.customer_id and computed.currency = stated.currency
  where stated.assertion_no is null
),
scope as (
  select
    stated.*, false as is_not_stated, stated.customer_id <> '' and posted.customer_id is null as is_unknown, coalesce(computed.items, 0)::bigint as items,
    case when stated.currency <> '' then coalesce(computed.computed_doc, 0) end as computed_doc, coalesce(computed.computed_local, 0) as computed_local
  from marts.assertion as stated
  inner join known on stated.company_id = known.company_id
  inner join marts.period as period on stated.company_id = period.company_id and stated.as_of = period.period_end
  left join computed
    on stated.company_id = computed.company_id and stated.as_of = computed.period_end and stated.customer_id = computed.customer_id and stated.currency = computed.currency
  left join posted on stated.company_id = posted.company_id and stated.customer_id = posted.customer_id
  union all by name
  select
    -row_number() over (order by company_id, basis, source, as_of, currency, customer_id)::bigint as assertion_no,
    silent.* exclude (has_doc, has_local, computed_doc), case when has_doc then 0::decimal(18, 4) end as asserted_doc, case when has_local then 0::decimal(18, 4) end as asserted_local,
    true as is_not_stated, false as is_unknown, case when silent.currency <> '' then silent.computed_doc end as computed_doc
  from silent
),
compared as (
  select
    scope.* replace (scope.computed_doc::decimal(18, 4) as computed_doc, scope.computed_local::decimal(18, 4) as computed_local),
    (scope.computed_doc - scope.asserted_doc)::decimal(18, 4) as difference_doc, (scope.computed_local - scope.asserted_local)::decimal(18, 4) as difference_local,
    (scope.rounding + setting.control_amount_per_item * greatest(scope.items, 1))::decimal(18, 4) as rounding_local
  from scope
  cross join params.ledger as setting
)
select *, coalesce(abs(difference_doc) <= rounding, true) and coalesce(abs(difference_local) <= rounding_local, true) as ties
from compared
where not is_not_stated or coalesce(difference_doc, 0) <> 0 or coalesce(difference_local, 0) <> 0
