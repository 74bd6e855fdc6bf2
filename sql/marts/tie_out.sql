-- One row per balance that another record states (marts.assertion), and per customer and currency of whom such a record says nothing though items are open
-- (is_not_stated): what is computed for the same scope and day, difference = computed - asserted, and by cause what explains it: timing, unallocated, fx, tolerance,
-- unmatched, and unexplained, the rest; they sum to the difference. unmatched is also what a source says of a customer unknown here, or leaves unsaid of one it does not
-- hold. verdict: ties, explained, unexplained, or not_computed where the day is not told. Document currency, and _local ledger currency; signed; NULL where not stated.
with cause as (
  select
    assertion_no, array_to_string(list_sort(list(reason)), ' ') as reasons, max(alternatives) as alternatives,
    sum(case when cause = 'timing' then amount_doc end) as timing_doc, sum(case when cause = 'timing' then amount_local end) as timing_local,
    sum(case when cause = 'unallocated' then amount_doc end) as unallocated_doc, sum(case when cause = 'unallocated' then amount_local end) as unallocated_local,
    sum(case when cause = 'fx' then amount_doc end) as fx_doc, sum(case when cause = 'fx' then amount_local end) as fx_local,
    sum(case when cause = 'tolerance' then amount_doc end) as tolerance_doc, sum(case when cause = 'tolerance' then amount_local end) as tolerance_local,
    sum(case when cause = 'unmatched' then amount_doc end) as unmatched_doc, sum(case when cause = 'unmatched' then amount_local end) as unmatched_local,
    sum(amount_doc) as all_doc, sum(amount_local) as all_local
  from marts.tie_out_cause
  group by assertion_no
),
put as (
  select
    scope.*, cause.* exclude (assertion_no), scope.is_not_stated or scope.is_unknown as is_one_sided,
    scope.difference_doc - coalesce(cause.all_doc, 0) as rest_doc, scope.difference_local - coalesce(cause.all_local, 0) as rest_local
  from marts.tie_out_scope as scope
  left join cause on scope.assertion_no = cause.assertion_no
),
explained as (
  select
    put.* exclude (all_doc, all_local, rest_doc, rest_local, is_one_sided) replace (
      case when difference_doc is not null then coalesce(timing_doc, 0) end as timing_doc, case when difference_local is not null then coalesce(timing_local, 0) end as timing_local,
      case when difference_doc is not null then coalesce(unallocated_doc, 0) end as unallocated_doc,
      case when difference_local is not null then coalesce(unallocated_local, 0) end as unallocated_local,
      case when difference_doc is not null then coalesce(fx_doc, 0) end as fx_doc, case when difference_local is not null then coalesce(fx_local, 0) end as fx_local,
      case when difference_doc is not null then coalesce(tolerance_doc, 0) end as tolerance_doc,
      case when difference_local is not null then coalesce(tolerance_local, 0) end as tolerance_local,
      case when difference_doc is not null then coalesce(unmatched_doc, 0) + case when is_one_sided then rest_doc else 0 end end as unmatched_doc,
      case when difference_local is not null then coalesce(unmatched_local, 0) + case when is_one_sided then rest_local else 0 end end as unmatched_local
    ),
    case when is_one_sided and difference_doc is not null then 0 else rest_doc end as unexplained_doc,
    case when is_one_sided and difference_local is not null then 0 else rest_local end as unexplained_local
  from put
),
stated as (
  select
    *,
    case
      when ties then 'ties'
      when coalesce(abs(unexplained_doc) <= rounding, true) and coalesce(abs(unexplained_local) <= rounding_local, true) then 'explained'
      else 'unexplained'
    end as verdict
  from explained
  union all by name
  select beyond.*, false as is_not_stated, false as is_unknown, 'not_computed' as verdict
  from marts.assertion as beyond
  left join marts.tie_out_scope as scope on beyond.assertion_no = scope.assertion_no
  where scope.assertion_no is null
)
select
  getvariable('as_of') as run_as_of, assertion_no, company_id, basis, source, as_of, nullif(customer_id, '') as customer_id, nullif(currency, '') as currency, account, items,
  asserted_doc, computed_doc, difference_doc, timing_doc::decimal(18, 4) as timing_doc, unallocated_doc::decimal(18, 4) as unallocated_doc, fx_doc::decimal(18, 4) as fx_doc,
  tolerance_doc::decimal(18, 4) as tolerance_doc, unmatched_doc::decimal(18, 4) as unmatched_doc, unexplained_doc::decimal(18, 4) as unexplained_doc,
  asserted_local, computed_local, difference_local, timing_local::decimal(18, 4) as timing_local, unallocated_local::decimal(18, 4) as unallocated_local,
  fx_local::decimal(18, 4) as fx_local, tolerance_local::decimal(18, 4) as tolerance_local, unmatched_local::decimal(18, 4) as unmatched_local,
  unexplained_local::decimal(18, 4) as unexplained_local,
  verdict, reasons, alternatives, is_not_stated, is_unknown, rounding, rounding_local, extract_as_of, batch_id
from stated
