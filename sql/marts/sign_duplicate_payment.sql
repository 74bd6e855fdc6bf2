-- One row per receipt that repeats another one of its customer (marts.repeated_item), or whose number and amount stand in the account of another customer too. Until one of the
-- two was taken back; where no number says that they are one, until the money of both was used, and only where it was not used at once. Of who pays equal amounts as a habit only where
-- the earlier one was used and the later one not, for some days (a setting): seen after them (code duplicate_payment_unapplied). amount_local: ledger currency, positive; measured: days between the two.
with repeated as (
  select
    company_id, customer_id, case when match = 'reference' then 'duplicate_payment' when is_regular then 'duplicate_payment_unapplied' else 'duplicate_payment_' || match end as code,
    item_id, other_id, day, other_day, seen_on, amount_local, least(counts_until, other_counts_until) as taken_on, reference as word, other_reference as other_word
  from marts.repeated_item
  where item_kind = 'payment'
),
unapplied as (
  select repeated.* replace ((repeated.seen_on + setting.repeat_unapplied_days)::date as seen_on)
  from repeated
  cross join params.anomaly_ledger as setting
  inner join marts.item_life as mine on repeated.company_id = mine.company_id and repeated.item_id = mine.item_id and mine.item_kind = 'payment'
  inner join marts.item_life as other on repeated.company_id = other.company_id and repeated.other_id = other.item_id and other.item_kind = 'payment'
  where repeated.code = 'duplicate_payment_unapplied' and repeated.seen_on + setting.repeat_unapplied_days <= getvariable('as_of')
    and coalesce(mine.open_until > repeated.seen_on + setting.repeat_unapplied_days, true) and other.open_until <= repeated.seen_on + setting.repeat_unapplied_days
),
pair as (
  select * from repeated where code <> 'duplicate_payment_unapplied'
  union all
  select * from unapplied
),
used as (
  select part.company_id, part.item_id, case when bool_and(coalesce(life.open_until <= getvariable('as_of'), false)) then max(life.open_until) end as used_on
  from (select company_id, item_id, unnest([item_id, other_id]) as part_id from pair) as part
  inner join core.company_basis as basis on part.company_id = basis.company_id and basis.basis = 'replay'
  inner join marts.item_life as life on part.company_id = life.company_id and part.part_id = life.item_id and life.item_kind = 'payment'
  group by part.company_id, part.item_id
),
numbered as (
  select
    company_id, customer_id, payment_id, pay_date, currency, amount_doc, amount_local, counts_from, counts_until,
    kind.ref_kind, case kind.ref_kind when 'bank' then bank_ref else instrument_no end as told
  from core.payment
  cross join (select unnest(['bank', 'instrument']) as ref_kind) as kind
  where amount_doc > 0 and customer_id is not null and counts_from <= getvariable('as_of') and coalesce(bank_ref, instrument_no) is not null
),
reference as (
  select *, normal_reference(told) as reference, count(*) over (partition by company_id, ref_kind, normal_reference(told))::bigint as uses
  from numbered
  where normal_reference(told) is not null
),
across as (
  select
    mine.company_id, mine.customer_id, 'duplicate_payment_across' as code, mine.payment_id as item_id, other.payment_id as other_id, mine.pay_date as day,
    other.pay_date as other_day,
    greatest(mine.counts_from, other.counts_from) as seen_on, mine.amount_local, least(mine.counts_until, other.counts_until) as taken_on, mine.told as word,
    coalesce(customer.name, other.customer_id) as other_word
  from reference as mine
  cross join params.anomaly_ledger as setting
  inner join reference as other
    on mine.company_id = other.company_id and mine.ref_kind = other.ref_kind and mine.reference = other.reference and mine.currency = other.currency
    and mine.customer_id <> other.customer_id and abs(mine.amount_doc - other.amount_doc) <= setting.repeat_amount
  left join core.customer as customer on other.company_id = customer.company_id and other.customer_id = customer.customer_id
  where abs(mine.pay_date - other.pay_date) <= setting.repeat_days and mine.uses <= setting.reference_uses_max and length(mine.reference) >= setting.reference_length_min
    and coalesce(other.counts_until > mine.counts_from, true) and coalesce(mine.counts_until > other.counts_from, true)
  qualify row_number() over (partition by mine.company_id, mine.payment_id order by abs(mine.pay_date - other.pay_date), other.payment_id, mine.ref_kind) = 1
),
lasting as (
  select pair.*, pair.taken_on as ended_on from pair where pair.code = 'duplicate_payment'
  union all
  select pair.*, least(pair.taken_on, used.used_on)
  from pair
  inner join used on pair.company_id = used.company_id and pair.item_id = used.item_id
  where pair.code <> 'duplicate_payment'
  union all
  select across.*, across.taken_on from across
)
select
  lasting.company_id, lasting.customer_id, lasting.item_id as subject, lasting.code,
  case when lasting.code in ('duplicate_payment', 'duplicate_payment_across') then 'high' else 'medium' end as severity, lasting.seen_on,
  sign_until(case when lasting.ended_on <= getvariable('as_of') then lasting.ended_on end, lasting.seen_on) as until,
  lasting.item_id, lasting.other_id, lasting.day, lasting.other_day, abs(lasting.day - lasting.other_day)::decimal(18, 4) as measured, null::decimal(18, 4) as usual,
  lasting.amount_local::decimal(18, 4) as amount_local, lasting.word, lasting.other_word
from lasting
cross join params.anomaly_ledger as setting
where coalesce(lasting.ended_on - lasting.seen_on > setting.repeat_undone_days, true)
