-- One row per list (rank) of a company and system, with the day of its newest extract; is_counted: the one that counts. It is that of the lowest rank, unless
-- a later extract, known by the as-of date, tells all debts (open items, or all items with receipts) of enough customers (a setting): then that list
-- counts and is_replacing. is_newer: of a later day than the list that counts.
with told as (
  select
    company_id, source_system, rank, extract_as_of, source_mode, customer_id,
    coalesce(is_receipt(kind), coalesce(amount_doc, amount_local) < 0) as is_receipt,
    coalesce(open_doc, open_local, amount_doc, amount_local, 0) <> 0 and clearing_date is null and settled_date is null and missing_since is null as is_open
  from lake.entry
  where is_current and (level = 'line' or amount_doc is not null or amount_local is not null)
),
list as (
  select
    company_id, source_system, rank, max(extract_as_of) as extract_as_of,
    bool_and(source_mode = 'open_items') or bool_and(source_mode in ('full', 'open_items')) and bool_or(is_receipt) as is_whole,
    count(distinct case when is_open then customer_id end)::bigint as customers
  from told
  group by company_id, source_system, rank
),
compared as (
  select
    *, rank = min(rank) over (partition by company_id, source_system) as is_lowest,
    max(extract_as_of) over (partition by company_id, source_system order by rank rows between unbounded preceding and 1 preceding) as lower_extract,
    max(customers) over (partition by company_id, source_system order by rank rows between unbounded preceding and 1 preceding) as lower_customers
  from list
),
judged as (
  select
    compared.*, is_lowest or coalesce(
      is_whole and extract_as_of > lower_extract and customers >= setting.whole_list_share * lower_customers and coalesce(extract_as_of <= getvariable('as_of'), true), false
    ) as is_usable
  from compared
  cross join params.ledger as setting
),
counted as (
  select *, rank = max(case when is_usable then rank end) over (partition by company_id, source_system) as is_counted
  from judged
)
select
  own.company_id, own.source_system, own.rank, own.extract_as_of, own.is_counted, own.is_counted and not own.is_lowest as is_replacing,
  coalesce(own.extract_as_of > counted.extract_as_of and coalesce(own.extract_as_of <= getvariable('as_of'), true), false) as is_newer
from counted as own
inner join counted as counted on own.company_id = counted.company_id and own.source_system = counted.source_system and counted.is_counted
