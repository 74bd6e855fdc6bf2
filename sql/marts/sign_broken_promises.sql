-- One row per promise to pay that was broken one after another, none kept between, where so many fall within some days, or fewer of a large sum (settings): of all promises of the customer, or
-- of those about one document where only these were broken so often (code broken_promises_same). measured: which of them it is, counted from the last kept one; usual: how many were kept before.
-- amount_local: promised, ledger currency, of each document told once. subject: the first of them. A sign (detectors/detector.py).
with habit as (
  select
    late.company_id, late.customer_id, late.chain, late.kept_before, late.place, late.due_on, min(early.place) as first_place, count(*)::bigint as promises,
    coalesce(sum(early.amount_local), 0) as amount_local
  from marts.broken_promise as late
  cross join params.anomaly_conduct as setting
  inner join marts.broken_promise as early
    on late.company_id = early.company_id and late.customer_id = early.customer_id and late.chain = early.chain and late.kept_before = early.kept_before
    and early.place <= late.place and early.due_on >= late.due_on - setting.promises_days
  group by late.company_id, late.customer_id, late.chain, late.kept_before, late.place, late.due_on, setting.promises_min, setting.promises_amount
  having count(*) >= setting.promises_min or (late.chain = '' and count(*) >= 2 and coalesce(sum(early.amount_local), 0) >= setting.promises_amount)
),
piece as (
  select
    broken.company_id, broken.customer_id, broken.log_id, broken.doc_id, broken.made_on, broken.promised_date, broken.due_on, broken.amount_local, broken.chain, broken.kept_before, broken.place,
    min(habit.due_on) as habit_on, max(case when habit.place = broken.place then habit.promises end) as promises,
    max(case when habit.place = broken.place then habit.amount_local end) as habit_local
  from marts.broken_promise as broken
  inner join habit
    on broken.company_id = habit.company_id and broken.customer_id = habit.customer_id and broken.chain = habit.chain and broken.kept_before = habit.kept_before
    and broken.place between habit.first_place and habit.place
  group by
    broken.company_id, broken.customer_id, broken.log_id, broken.doc_id, broken.made_on, broken.promised_date, broken.due_on, broken.amount_local, broken.chain, broken.kept_before, broken.place
),
told as (
  select piece.*
  from piece
  left join (select distinct company_id, log_id from piece where chain = '') as of_all on piece.company_id = of_all.company_id and piece.log_id = of_all.log_id
  where piece.chain = '' or of_all.log_id is null
)
select
  piece.company_id, piece.customer_id,
  'promise ' || min(piece.log_id) over (partition by piece.company_id, piece.customer_id, piece.chain, piece.kept_before) as subject,
  case when piece.chain <> '' then 'broken_promises_same' when piece.amount_local is null then 'broken_promises_unnamed' when piece.turn = 1 then 'broken_promises' else 'broken_promises_again' end as code,
  case when piece.promises >= 2 * setting.promises_min or case when piece.chain = '' then piece.habit_local else piece.amount_local end >= setting.amount_high then 'high' else 'medium' end as severity,
  (greatest(piece.due_on, piece.habit_on) + 1)::date as seen_on, (greatest(piece.due_on, piece.habit_on) + 1)::date as until,
  piece.log_id::varchar as item_id, piece.doc_id as other_id, piece.made_on as day, piece.promised_date as other_day,
  piece.place::decimal(18, 4) as measured, piece.kept_before::decimal(18, 4) as usual,
  case when piece.turn = 1 then piece.amount_local end as amount_local, null::varchar as word, null::varchar as other_word
from (
  select
    *, row_number() over (partition by company_id, customer_id, chain, kept_before, coalesce(doc_id, log_id::varchar) order by place, log_id)::bigint as turn
  from told
) as piece
cross join params.anomaly_conduct as setting
