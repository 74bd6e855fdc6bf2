-- One row per invoice or receipt of marts.equal_item, with the earlier one that it repeats most likely. match: reference, where the two have a number in common that tells items
-- apart (settings); similar, where one differs by a character; amount, where no number agrees. reference, other_reference: these numbers, as told. is_regular: equal amounts are a
-- habit of the customer, which pays or buys by contract in equal parts, had that amount often, or whose amounts hardly vary.
with whom as (
  select distinct company_id, item_kind, customer_id from marts.equal_item
),
named as (
  select
    document.company_id, 'document' as item_kind, document.customer_id, document.doc_id as item_id, document.currency, document.amount_doc,
    kind.ref_kind, case kind.ref_kind when 'customer' then document.customer_ref when 'order' then document.order_no else document.doc_no end as told
  from core.document as document
  cross join (select unnest(['customer', 'order', 'own']) as ref_kind) as kind
  inner join whom on document.company_id = whom.company_id and document.customer_id = whom.customer_id and whom.item_kind = 'document'
  where document.kind in ('invoice', 'debit_note') and document.amount_doc > 0 and document.counts_from is not null
  union all
  select
    payment.company_id, 'payment', payment.customer_id, payment.payment_id, payment.currency, payment.amount_doc,
    kind.ref_kind, case kind.ref_kind when 'bank' then payment.bank_ref else payment.instrument_no end
  from core.payment as payment
  cross join (select unnest(['bank', 'instrument']) as ref_kind) as kind
  inner join whom on payment.company_id = whom.company_id and payment.customer_id = whom.customer_id and whom.item_kind = 'payment'
  where payment.amount_doc > 0 and payment.counts_from is not null
),
reference as (
  select
    company_id, item_kind, item_id, ref_kind, told, normal_reference(told) as reference,
    count(*) over (partition by company_id, item_kind, customer_id, ref_kind, normal_reference(told))::bigint as uses
  from named
  where normal_reference(told) is not null
),
habit as (
  select company_id, item_kind, customer_id, currency, (stddev_pop(amount_doc)::double / nullif(avg(amount_doc), 0)) as variation
  from (select distinct company_id, item_kind, customer_id, item_id, currency, amount_doc from named) as item
  group by company_id, item_kind, customer_id, currency
),
agreed as (
  select
    pair.company_id, pair.item_kind, pair.item_id, pair.other_id,
    min(case when mine.reference = other.reference then 1 else 2 end)::integer as rank,
    min_by(mine.told, row(case when mine.reference = other.reference then 1 else 2 end, mine.ref_kind)) as reference,
    min_by(other.told, row(case when mine.reference = other.reference then 1 else 2 end, mine.ref_kind)) as other_reference
  from marts.equal_item as pair
  cross join params.anomaly_ledger as setting
  inner join reference as mine on pair.company_id = mine.company_id and pair.item_kind = mine.item_kind and pair.item_id = mine.item_id
  inner join reference as other
    on pair.company_id = other.company_id and pair.item_kind = other.item_kind and pair.other_id = other.item_id and mine.ref_kind = other.ref_kind
  where least(length(mine.reference), length(other.reference)) >= setting.reference_length_min and greatest(mine.uses, other.uses) <= setting.reference_uses_max
    and (mine.reference = other.reference or (mine.ref_kind <> 'own' and is_near_reference(mine.reference, other.reference)))
  group by pair.company_id, pair.item_kind, pair.item_id, pair.other_id
),
parted as (
  select pair.company_id, pair.item_kind, pair.item_id, pair.other_id
  from marts.equal_item as pair
  inner join core.contract as contract
    on pair.company_id = contract.company_id and pair.customer_id = contract.customer_id and contract.settlement_mode = 'instalment'
    and coalesce(contract.valid_from, pair.day) <= pair.day and coalesce(contract.valid_to, pair.day) >= pair.day
  group by pair.company_id, pair.item_kind, pair.item_id, pair.other_id
)
select
  pair.*, agreed.reference, agreed.other_reference, case coalesce(agreed.rank, 3) when 1 then 'reference' when 2 then 'similar' else 'amount' end as match,
  pair.equal_items > setting.regular_equal_max or coalesce(habit.variation < setting.regular_variation_max, false) or parted.item_id is not null as is_regular
from marts.equal_item as pair
cross join params.anomaly_ledger as setting
left join agreed
  on pair.company_id = agreed.company_id and pair.item_kind = agreed.item_kind and pair.item_id = agreed.item_id and pair.other_id = agreed.other_id
left join parted
  on pair.company_id = parted.company_id and pair.item_kind = parted.item_kind and pair.item_id = parted.item_id and pair.other_id = parted.other_id
left join habit
  on pair.company_id = habit.company_id and pair.item_kind = habit.item_kind and pair.customer_id = habit.customer_id and pair.currency = habit.currency
qualify row_number() over (
  partition by pair.company_id, pair.item_kind, pair.item_id order by coalesce(agreed.rank, 3), pair.day - pair.other_day, pair.other_id
) = 1
