-- One row per customer and payer under another name than its own whose receipts came after some under other names (a setting): day of the first, other_day of the latest up to the as-of
-- date. measured: how many receipts, usual: receipts before under other names, amount_local: their sum, ledger currency; word: the payer, other_word: who paid before. Names that contain
-- each other, or differ by few letters, are one; so are customers of one group. A sign (detectors/detector.py).
with paid as (
  select
    company_id, customer_id, payer_name, min(pay_date) as first_day, max(pay_date) as last_day, count(*)::bigint as receipts, sum(amount_local)::decimal(18, 4) as amount_local
  from core.payment
  where payer_name is not null and customer_id is not null and amount_local > 0 and counts_on(getvariable('as_of'), counts_from, counts_until)
  group by company_id, customer_id, payer_name
),
customer as (
  select
    customer.company_id, customer.customer_id, customer.name, coalesce(customer.parent_customer_id, customer.customer_id) as group_id, customer.payer_customer_id
  from core.customer as customer
),
known_name as (
  select company_id, customer_id, name from core.customer
  union
  select company_id, customer_id, legal_name from core.customer where legal_name is not null
  union
  select own.company_id, own.customer_id, kin.name
  from customer as own
  inner join customer as kin
    on own.company_id = kin.company_id and own.customer_id <> kin.customer_id and (own.group_id = kin.group_id or own.payer_customer_id = kin.customer_id or own.group_id = kin.customer_id)
),
other as (
  select paid.*, lower(regexp_replace(paid.payer_name, '[^\p{L}\p{N}]', '', 'g')) as letters
  from paid
  left join core.customer as own on paid.company_id = own.company_id and paid.customer_id = own.customer_id and paid.payer_name = own.name
  where own.customer_id is null
),
same as (
  select distinct other.company_id, other.customer_id, other.payer_name
  from other
  inner join (
    select company_id, customer_id, lower(regexp_replace(name, '[^\p{L}\p{N}]', '', 'g')) as letters from known_name
  ) as known on other.company_id = known.company_id and other.customer_id = known.customer_id
  where contains(other.letters, known.letters) or contains(known.letters, other.letters)
    or levenshtein(other.letters, known.letters)::double <= 0.2 * greatest(length(other.letters), length(known.letters))
),
stranger as (
  select other.*
  from other
  left join same on other.company_id = same.company_id and other.customer_id = same.customer_id and other.payer_name = same.payer_name
  where same.payer_name is null
),
held as (
  select
    stranger.company_id, stranger.customer_id, stranger.payer_name, stranger.first_day, stranger.last_day, stranger.receipts, stranger.amount_local,
    sum(case when before.first_day < stranger.first_day then before.receipts else 0 end)::bigint as receipts_before,
    max_by(before.payer_name, (before.receipts, before.payer_name)) as usual_name, max(before.last_day) as other_last_day
  from stranger
  inner join paid as before on stranger.company_id = before.company_id and stranger.customer_id = before.customer_id and stranger.payer_name <> before.payer_name
  where before.first_day < stranger.first_day
  group by stranger.company_id, stranger.customer_id, stranger.payer_name, stranger.first_day, stranger.last_day, stranger.receipts, stranger.amount_local
)
select
  held.company_id, held.customer_id, 'payer ' || held.payer_name as subject, 'payer_changed' as code,
  case when held.receipts >= 3 and held.last_day > held.other_last_day then 'high' when held.receipts >= 2 then 'medium' else 'low' end as severity,
  held.first_day as seen_on, held.last_day as until,
  null::varchar as item_id, null::varchar as other_id, held.first_day as day, held.last_day as other_day,
  held.receipts::decimal(18, 4) as measured, held.receipts_before::decimal(18, 4) as usual, held.amount_local, held.payer_name as word, held.usual_name as other_word
from held
cross join params.anomaly_conduct as setting
where held.receipts_before >= setting.payer_receipts_min
