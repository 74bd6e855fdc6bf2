-- One row per posting that may tell a stated balance from what is computed, by company, day and extract of the balance: recorded_later (told after an extract of the
-- balance's day or later that did not hold it), after_cutoff (dated in the days after the balance, a setting says how many, and not after its extract), document_date
-- and value_date (on the other side of the day by that date), revaluation (posted, and no item). The amount is by how much what is computed is then above what is
-- stated: document and ledger currency, signed. Only for sources of which some balance does not tie.
with asked as (
  select distinct scope.company_id, scope.as_of, scope.extract_as_of, least(greatest(scope.extract_as_of, scope.as_of), scope.as_of + setting.cutoff_days) as taken_by
  from marts.tie_out_scope as scope
  inner join marts.tie_out_scope as untied
    on scope.company_id = untied.company_id and scope.basis = untied.basis and scope.source = untied.source and not untied.ties
  cross join params.ledger as setting
),
holder as (
  select
    company_id, 'document' as posting_kind, doc_id as posting_id, coalesce(customer_id, '(unidentified)') as customer_id, currency, counts_from, counts_until,
    doc_date as other_day, kind = 'fx_revaluation' as is_revaluation, amount_doc, amount_local
  from core.document
  where company_id in (select company_id from asked)
  union all
  select company_id, 'payment', payment_id, coalesce(customer_id, '(unidentified)'), currency, counts_from, counts_until, value_date, false, -amount_doc, -amount_local
  from core.payment
  where company_id in (select company_id from asked)
),
leg as (
  select
    moved.company_id, 'allocation' as posting_kind, moved.allocation_id as posting_id, holder.customer_id, holder.currency,
    allocation.effective_from as counts_from, allocation.effective_until as counts_until, null::date as other_day, false as is_revaluation,
    -moved.item_sign * moved.leg_doc as amount_doc, -moved.item_sign * abs(moved.leg_local_signed) as amount_local
  from holder
  inner join core.allocation_end as moved
    on holder.company_id = moved.company_id and holder.posting_kind = moved.item_kind and holder.posting_id = moved.item_id
  inner join core.allocation as allocation
    on moved.company_id = allocation.company_id and moved.allocation_id = allocation.allocation_id and allocation.effective_from is not null
  where moved.side = 'to' or allocation.kind <> 'bill_transfer'
),
posting as (
  select * from holder
  union all
  select * from leg
),
absent as (
  select company_id, posting_kind, posting_id, absent_on from core.posting_absent
  union all
  select moved.company_id, 'allocation', moved.allocation_id, absent.absent_on
  from core.posting_absent as absent
  inner join core.allocation_end as moved on absent.company_id = moved.company_id and absent.posting_kind = moved.item_kind and absent.posting_id = moved.item_id
),
latest as (
  select company_id, posting_kind, posting_id, max(absent_on) as absent_on from absent group by company_id, posting_kind, posting_id
),
judged as (
  select
    asked.company_id, asked.as_of, asked.extract_as_of, posting.* exclude (company_id),
    coalesce(latest.absent_on >= asked.extract_as_of, false) as is_later,
    counts_on(asked.as_of, posting.counts_from, posting.counts_until) as counts, counts_on(asked.taken_by, posting.counts_from, posting.counts_until) as counts_then
  from asked
  inner join posting on asked.company_id = posting.company_id and least(posting.counts_from, posting.other_day) <= asked.taken_by
  left join latest on posting.company_id = latest.company_id and posting.posting_kind = latest.posting_kind and posting.posting_id = latest.posting_id
),
told as (
  select
    *,
    case
      when is_revaluation then case when counts then 'revaluation' end
      when is_later then case when counts then 'recorded_later' end
      when counts <> counts_then then 'after_cutoff'
    end as reason,
    case when not is_later and not is_revaluation and (counts and other_day > as_of or counts_from > as_of and other_day <= as_of) then
      case posting_kind when 'document' then 'document_date' else 'value_date' end end as dated
  from judged
)
select
  company_id, as_of, extract_as_of, reason, posting_kind, posting_id, customer_id, currency,
  (case when counts and reason <> 'revaluation' then amount_doc else -amount_doc end)::decimal(18, 4) as amount_doc,
  (case when counts and reason <> 'revaluation' then amount_local else -amount_local end)::decimal(18, 4) as amount_local
from told
where reason is not null
union all
select
  company_id, as_of, extract_as_of, dated, posting_kind, posting_id, customer_id, currency,
  case when counts then amount_doc else -amount_doc end::decimal(18, 4), case when counts then amount_local else -amount_local end::decimal(18, 4)
from told
where dated is not null
