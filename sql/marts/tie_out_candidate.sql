-- One row per stated balance, reason and item or posting that may tell it from what is computed; whether it does, marts.tie_out decides. The amount is by how much what
-- is computed is then above what is stated: document and ledger currency, signed. Only for sources of which some balance does not tie.
with asked as (
  select scope.assertion_no, scope.company_id, scope.as_of, scope.extract_as_of, scope.customer_id, scope.currency
  from marts.tie_out_scope as scope
  inner join (select distinct company_id, basis, source from marts.tie_out_scope where not ties) as untied
    on scope.company_id = untied.company_id and scope.basis = untied.basis and scope.source = untied.source
),
day as (
  select distinct company_id, as_of, extract_as_of from asked
),
item as (
  select
    day.as_of, day.extract_as_of, item.*, coalesce(document.missing_since, payment.missing_since) as missing_since,
    coalesce(document.source_mode, payment.source_mode) as source_mode, company.local_currency
  from day
  inner join marts.period_item as item on day.company_id = item.company_id and day.as_of = item.period_end
  inner join core.company as company on day.company_id = company.company_id
  left join core.document as document on item.item_kind = 'document' and item.company_id = document.company_id and item.item_id = document.doc_id
  left join core.payment as payment on item.item_kind = 'payment' and item.company_id = payment.company_id and item.item_id = payment.payment_id
),
rate as (
  select company_id, as_of, from_currency as currency, to_currency as local_currency, rate, is_inverse
  from (
    select
      day.company_id, day.as_of, told.from_currency, told.to_currency, told.rate, told.is_inverse,
      row_number() over (
        partition by day.company_id, day.as_of, told.from_currency, told.to_currency order by told.is_inverse, told.rate_date desc, told.batch_id, told.line_no
      )::bigint as place
    from (select distinct company_id, as_of from day) as day
    cross join params.ledger as setting
    inner join staging.closing_rate as told
      on day.company_id = told.company_id and told.rate_date between day.as_of - setting.fx_rate_days and day.as_of
  ) as ranked
  where place = 1
),
reported as (
  select
    day.as_of, day.extract_as_of, document.company_id, document.doc_id, max(document.customer_id) as customer_id, max(document.currency) as currency,
    coalesce(sum(item.open_doc), 0) - max(sign(document.amount_doc) * abs(document.reported_open_doc)) as amount_doc,
    max(document.amount_local) as whole_local, max(document.amount_doc) as whole_doc
  from day
  inner join core.document as document
    on day.company_id = document.company_id and day.as_of = document.reported_as_of and counts_on(day.as_of, document.counts_from, document.counts_until)
  left join marts.period_item as item
    on document.company_id = item.company_id and day.as_of = item.period_end and item.item_kind = 'document' and document.doc_id = item.item_id
  where document.kind <> 'fx_revaluation'
  group by day.as_of, day.extract_as_of, document.company_id, document.doc_id
),
named as (
  select company_id, as_of, extract_as_of, reason, posting_kind as item_kind, posting_id as item_id, null::integer as seq, customer_id, currency, amount_doc, amount_local
  from marts.tie_out_posting
  union all
  select company_id, as_of, extract_as_of, 'vanished', item_kind, item_id, seq, customer_id, currency, open_doc, open_local
  from item
  where missing_since <= extract_as_of and source_mode <> 'open_items'
  union all
  select company_id, as_of, extract_as_of, 'unapplied_receipt', item_kind, item_id, seq, customer_id, currency, open_doc, open_local
  from item
  where item_kind = 'payment'
  union all
  select company_id, as_of, extract_as_of, 'unallocated_credit', item_kind, item_id, seq, customer_id, currency, open_doc, open_local
  from item
  where item_kind = 'document' and bucket = 'unapplied'
  union all
  select company_id, as_of, extract_as_of, 'reported_open', 'document', doc_id, null, coalesce(customer_id, '(unidentified)'), currency, amount_doc, prorate(amount_doc::decimal(18, 4), whole_local, whole_doc)
  from reported
  where amount_doc <> 0
  union all
  select
    item.company_id, item.as_of, item.extract_as_of, 'closing_rate', item.item_kind, item.item_id, item.seq, item.customer_id, item.currency, 0,
    item.open_local - at_rate(item.open_doc, rate.rate, rate.is_inverse, 4)::decimal(18, 4)
  from item
  inner join rate
    on item.company_id = rate.company_id and item.as_of = rate.as_of and item.currency = rate.currency and item.local_currency = rate.local_currency
  where item.currency <> item.local_currency
  union all
  select
    day.company_id, day.as_of, day.extract_as_of, 'closing_tolerance', 'document', balance.doc_id, balance.seq, coalesce(document.customer_id, '(unidentified)'), document.currency,
    -balance.tolerance_doc, -prorate(balance.tolerance_doc, document.amount_local, document.amount_doc)
  from day
  inner join marts.instalment_balance as balance on day.company_id = balance.company_id and day.as_of = balance.period_end and balance.tolerance_doc <> 0
  inner join core.document as document on balance.company_id = document.company_id and balance.doc_id = document.doc_id
),
proved as (
  select distinct company_id, as_of, extract_as_of, reason, item_kind, item_id from named where reason in ('recorded_later', 'vanished')
),
kept as (
  select named.*
  from named
  left join proved as later
    on later.reason = 'recorded_later' and named.company_id = later.company_id and named.as_of = later.as_of and named.extract_as_of = later.extract_as_of
    and named.item_kind = later.item_kind and named.item_id = later.item_id
  left join proved as gone
    on gone.reason = 'vanished' and named.company_id = gone.company_id and named.as_of = gone.as_of and named.extract_as_of = gone.extract_as_of
    and named.item_kind = gone.item_kind and named.item_id = gone.item_id
  where named.reason in ('recorded_later', 'revaluation', 'closing_rate', 'closing_tolerance')
    or later.reason is null and (gone.reason is null or named.reason = 'vanished')
),
by_customer as (
  select kept.* exclude (customer_id), unnest([customer_id, '']) as customer_id from kept
),
by_currency as (
  select by_customer.* exclude (currency), currency as doc_currency, unnest([currency, '']) as currency from by_customer
)
select
  asked.assertion_no, named.reason, named.item_kind, named.item_id, named.seq, named.doc_currency, named.amount_doc::decimal(18, 4) as amount_doc,
  named.amount_local::decimal(18, 4) as amount_local
from by_currency as named
inner join asked
  on named.company_id = asked.company_id and named.as_of = asked.as_of and named.extract_as_of = asked.extract_as_of
  and named.customer_id = asked.customer_id and named.currency = asked.currency
where named.amount_doc <> 0 or named.amount_local <> 0
