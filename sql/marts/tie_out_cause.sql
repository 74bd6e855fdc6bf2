-- One row per stated balance and reason believed to tell it from what is computed, with its cause (timing, unallocated, fx, tolerance, unmatched) and the items and
-- postings that make it (those of marts.tie_out_candidate with its assertion_no and reason). Per source that combination of at most three conventions is believed with
-- which the fewest balances stay unexplained, were it to the cent; what later extracts alone hold, what vanished and the revaluations of a general ledger come with any
-- of them unless more would stay unexplained. alternatives: other combinations that would explain as many balances with as many reasons. Amount: by how much what is computed is then above what is stated; document and ledger currency, signed.
with reason as (
  select reason, bit::bigint as bit, cause, is_proved
  from (values
    ('recorded_later', 1, 'timing', true), ('vanished', 2, 'unmatched', true), ('revaluation', 4, 'fx', true), ('unapplied_receipt', 8, 'unallocated', false),
    ('unallocated_credit', 16, 'unallocated', false), ('reported_open', 32, 'unallocated', false), ('after_cutoff', 64, 'timing', false),
    ('document_date', 128, 'timing', false), ('value_date', 256, 'timing', false), ('closing_rate', 512, 'fx', false), ('closing_tolerance', 1024, 'tolerance', false)
  ) as listed (reason, bit, cause, is_proved)
),
summed as (
  select
    named.assertion_no, reason.reason, reason.bit, reason.cause, reason.is_proved, scope.company_id, scope.basis, scope.source,
    count(*)::bigint as items, sum(named.amount_doc)::decimal(18, 4) as amount_doc, sum(named.amount_local)::decimal(18, 4) as amount_local
  from marts.tie_out_candidate as named
  inner join reason on named.reason = reason.reason
  inner join marts.tie_out_scope as scope on named.assertion_no = scope.assertion_no
  where named.reason <> 'revaluation' or scope.basis = 'gl'
  group by named.assertion_no, reason.reason, reason.bit, reason.cause, reason.is_proved, scope.company_id, scope.basis, scope.source
),
present as (
  select company_id, basis, source, sum(bit)::bigint as bits, sum(case when is_proved then bit else 0 end)::bigint as proved
  from (select distinct company_id, basis, source, bit, is_proved from summed) as told
  group by company_id, basis, source
),
choice as (
  select present.*, mask.bits as mask_key
  from present
  inner join (select unnest(generate_series(0::bigint, 2047::bigint)) as bits) as mask on (mask.bits & present.bits) = mask.bits
  where (mask.bits & present.proved) in (0, present.proved) and bit_count(mask.bits - (mask.bits & present.proved)) <= 3
),
tried as (
  select
    choice.company_id, choice.basis, choice.source, choice.mask_key, choice.proved, scope.assertion_no,
    abs(scope.difference_doc - coalesce(sum(summed.amount_doc), 0)) > scope.rounding as is_off_doc,
    abs(scope.difference_local - coalesce(sum(summed.amount_local), 0)) > scope.rounding_local as is_off_local
  from choice
  inner join marts.tie_out_scope as scope on choice.company_id = scope.company_id and choice.basis = scope.basis and choice.source = scope.source
  left join summed on scope.assertion_no = summed.assertion_no and (summed.bit & choice.mask_key) <> 0
  group by
    choice.company_id, choice.basis, choice.source, choice.mask_key, choice.proved, scope.assertion_no, scope.difference_doc, scope.difference_local, scope.rounding,
    scope.rounding_local
),
counted as (
  select
    company_id, basis, source, mask_key, (mask_key & proved) as with_proved, bit_count(mask_key) as reasons,
    count(case when is_off_doc or is_off_local then 1 end)::bigint as unexplained
  from tried
  group by company_id, basis, source, mask_key, proved
),
ranked as (
  select
    *, row_number() over (partition by company_id, basis, source order by unexplained, with_proved desc, reasons, mask_key)::bigint as place,
    count(*) over (partition by company_id, basis, source, unexplained, with_proved, reasons)::bigint - 1 as alternatives
  from counted
)
select
  summed.assertion_no, summed.reason, summed.cause, summed.items, summed.amount_doc, summed.amount_local, ranked.alternatives
from summed
inner join ranked
  on summed.company_id = ranked.company_id and summed.basis = ranked.basis and summed.source = ranked.source and ranked.place = 1 and (summed.bit & ranked.mask_key) <> 0
