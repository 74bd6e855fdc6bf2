-- One row per balance that another record states of a day up to the as-of date: by company, kind of record (basis), source, day, customer (empty: all) and document
-- currency (empty: all currencies together, in ledger currency). Its buckets or accounts are added up; a list of open items that another list replaces states one balance
-- per customer and currency, or per customer where all of it is in ledger currency, as a list
-- that tells ledger amounts alone is. asserted_doc, asserted_local: signed, NULL where not stated. rounding: by how much figures of that unit may be off; that amount, no sign.
with stated as (
  select
    company_id, account, customer_id, as_of, source, currency, basis, balance_doc, balance_local, bucket, coalesce(unit_factor, 1) as unit_factor, batch_id, extract_as_of,
    max(case when bucket = 'total' then 1 else 0 end) over (partition by company_id, account, customer_id, as_of, source, currency, basis) as has_total
  from core.balance_assertion
  where as_of <= getvariable('as_of') and (balance_doc is not null or balance_local is not null)
),
listed as (
  select
    entry.company_id, coalesce(entry.customer_id, '(unidentified)') as customer_id, entry.extract_as_of as as_of, entry.source_system || ' ' || entry.rank as source,
    entry.currency, company.local_currency, coalesce(entry.open_doc, entry.amount_doc) as balance_doc, coalesce(entry.open_local, entry.amount_local) as balance_local, entry.batch_id,
    not bool_or(coalesce(entry.currency <> company.local_currency, false)) over (partition by entry.company_id, entry.source_system, entry.rank, entry.extract_as_of) as is_whole
  from lake.entry as entry
  inner join entries.list_told as list
    on entry.company_id = list.company_id and entry.source_system = list.source_system and entry.rank = list.rank and not list.is_counted
  inner join core.company as company on entry.company_id = company.company_id
  where entry.is_current and entry.source_mode = 'open_items' and coalesce(entry.state, 'posted') = 'posted' and entry.extract_as_of <= getvariable('as_of')
),
told as (
  select
    stated.company_id, stated.account, stated.customer_id, stated.as_of, stated.source, stated.currency, stated.basis, stated.balance_doc, stated.balance_local, stated.unit_factor,
    stated.batch_id, stated.extract_as_of,
    not bool_or(stated.balance_doc is not null or stated.currency <> company.local_currency) over (partition by stated.company_id, stated.basis, stated.source, stated.as_of) as is_whole
  from stated
  inner join core.company as company on stated.company_id = company.company_id
  where stated.bucket = 'total' or stated.has_total = 0
  union all
  select
    company_id, '', customer_id, as_of, source, coalesce(currency, local_currency), 'erp_aging', case when not is_whole then balance_doc end,
    coalesce(balance_local, case when coalesce(currency, local_currency) = local_currency then balance_doc end), 1, batch_id, as_of, is_whole
  from listed
),
summed as (
  select
    company_id, basis, source, as_of, customer_id, case when is_whole then '' else currency end as currency,
    nullif(array_to_string(list_sort(list_distinct(list(account))), ' '), '') as account,
    case when count(balance_doc)::bigint = count(*)::bigint then sum(balance_doc)::decimal(18, 4) end as asserted_doc,
    case when count(balance_local)::bigint = count(*)::bigint then sum(balance_local)::decimal(18, 4) end as asserted_local,
    sum(unit_factor::decimal(18, 4)) as units, max(batch_id) as batch_id, max(extract_as_of) as extract_as_of
  from told
  group by company_id, basis, source, as_of, customer_id, case when is_whole then '' else currency end
)
select
  row_number() over (order by company_id, basis, source, as_of, customer_id, currency)::bigint as assertion_no,
  summed.* exclude (units), (setting.stated_rounding * summed.units)::decimal(18, 4) as rounding
from summed
cross join params.ledger as setting
