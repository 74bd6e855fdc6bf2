-- One row per company and document currency: the proof that the aged items are the ledger. ledger_total is what postings leave, open_total what items sum to,
-- difference = open_total - ledger_total; each in document currency and, with _local, in ledger currency. fx_revaluation: revaluations posted, which are no items;
-- gl_balance = open_total + fx_revaluation, what the general ledger's accounts of customers should show.
with part as (
  select
    company_id, currency,
    sum(amount_doc) filter (where part = 'documents') as documents,
    sum(amount_doc) filter (where part = 'receipts') as receipts,
    sum(amount_doc) filter (where part = 'sourceless') as sourceless,
    sum(amount_doc) filter (where part = 'discounts') as discounts,
    sum(amount_doc) filter (where part = 'moved') as moved,
    sum(amount_local) filter (where part = 'documents') as documents_local,
    sum(amount_local) filter (where part = 'receipts') as receipts_local,
    sum(amount_local) filter (where part = 'sourceless') as sourceless_local,
    sum(amount_local) filter (where part = 'discounts') as discounts_local,
    sum(amount_local) filter (where part = 'moved') as moved_local,
    sum(amount_local) filter (where part = 'fx_difference') as fx_difference_local,
    sum(amount_doc) filter (where part = 'fx_revaluation') as fx_revaluation,
    sum(amount_local) filter (where part = 'fx_revaluation') as fx_revaluation_local
  from marts.control_part
  group by company_id, currency
),
closed as (
  select
    balance.company_id, document.currency,
    sum(balance.tolerance_doc) as tolerance,
    sum(prorate(balance.tolerance_doc, instalment.amount_local, instalment.amount_doc)) as tolerance_local
  from marts.instalment_balance as balance
  inner join core.document as document on balance.company_id = document.company_id and balance.doc_id = document.doc_id
  inner join core.instalment as instalment
    on balance.company_id = instalment.company_id and balance.doc_id = instalment.doc_id and balance.seq = instalment.seq
  where balance.period_end = getvariable('as_of')
  group by balance.company_id, document.currency
),
item as (
  select company_id, currency, count(*)::bigint as items, sum(open_doc) as open_total, sum(open_local) as open_total_local
  from marts.open_item
  group by company_id, currency
),
bucket as (
  select company_id, currency, sum(open_doc) as sum_of_buckets, sum(open_local) as sum_of_buckets_local
  from marts.aging
  group by company_id, currency
),
whole as (
  select
    part.company_id, part.currency, company.local_currency, coalesce(item.items, 0)::bigint as items,
    coalesce(documents, 0) as documents, coalesce(receipts, 0) as receipts, coalesce(sourceless, 0) as sourceless,
    coalesce(discounts, 0) as discounts, coalesce(tolerance, 0) as tolerance, coalesce(moved, 0) as moved,
    coalesce(sum_of_buckets, 0) as sum_of_buckets, coalesce(open_total, 0) as open_total,
    coalesce(documents_local, 0) as documents_local, coalesce(receipts_local, 0) as receipts_local, coalesce(sourceless_local, 0) as sourceless_local,
    coalesce(discounts_local, 0) as discounts_local, coalesce(tolerance_local, 0) as tolerance_local, coalesce(moved_local, 0) as moved_local,
    coalesce(fx_difference_local, 0) as fx_difference_local,
    coalesce(sum_of_buckets_local, 0) as sum_of_buckets_local, coalesce(open_total_local, 0) as open_total_local,
    coalesce(fx_revaluation, 0) as fx_revaluation, coalesce(fx_revaluation_local, 0) as fx_revaluation_local
  from part
  left join core.company as company on part.company_id = company.company_id
  left join closed on part.company_id = closed.company_id and part.currency = closed.currency
  left join item on part.company_id = item.company_id and part.currency = item.currency
  left join bucket on part.company_id = bucket.company_id and part.currency = bucket.currency
),
tied as (
  select
    *,
    documents - receipts - sourceless - discounts - tolerance - moved as ledger_total,
    documents_local - receipts_local - sourceless_local - discounts_local - tolerance_local - moved_local - fx_difference_local as ledger_total_local
  from whole
)
select
  getvariable('as_of') as as_of,
  *,
  (open_total - ledger_total)::decimal(18, 4) as difference,
  (open_total_local - ledger_total_local)::decimal(18, 4) as difference_local,
  (open_total + fx_revaluation)::decimal(18, 4) as gl_balance,
  (open_total_local + fx_revaluation_local)::decimal(18, 4) as gl_balance_local
from tied
