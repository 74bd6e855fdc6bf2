-- One row per promise to pay that was broken with others, where so many fall within some days and hardly one was kept among them, or fewer of a large sum and none kept (settings): of all
-- promises of the customer, or of those about one document where only these were broken so often (code broken_promises_same). measured: which of them it is; usual: how many were kept among
-- them before. amount_local: promised, ledger currency, of each document told once. subject: the first of them. A sign (detectors/detector.py).
with span as (
  select
    late.company_id, late.customer_id, late.chain, late.due_on, late.place, first.place as first_place, late.place - first.place + 1 as promises,
    late.kept_before - first.kept_before as kept,
    coalesce(sum(first.amount_local) over (
      partition by late.company_id, late.customer_id, late.chain, late.place order by first.place desc rows between unbounded preceding and current row
    ), 0) as amount_local
  from marts.broken_promise as late
  cross join params.anomaly_conduct as setting
  inner join marts.broken_promise as first
    on late.company_id = first.company_id and late.customer_id = first.customer_id and late.chain = first.chain and first.place <= late.place
    and first.due_on >= late.due_on - setting.promises_days
),
habit as (
  select
    span.company_id, span.customer_id, span.chain, span.place, span.due_on, min(span.first_place) as first_place, max(span.promises) as promises, max(span.amount_local) as amount_local
  from span
  cross join params.anomaly_conduct as setting
  where
    (span.promises >= setting.promises_min and span.kept <= setting.promises_kept_share_max * (span.promises + span.kept))
    or (span.chain = '' and span.promises >= 2 and span.kept = 0 and span.amount_local >= setting.promises_amount)
  group by span.company_id, span.customer_id, span.chain, span.place, span.due_on
),
covered as (
  select
    broken.company_id, broken.customer_id, broken.log_id, broken.doc_id, broken.made_on, broken.promised_date, broken.due_on, broken.amount_local, broken.chain, broken.kept_before, broken.place,
    min(habit.due_on) as habit_on, min(habit.first_place) as first_place, max(case when habit.place = broken.place then habit.promises end) as promises,
    max(case when habit.place = broken.place then habit.amount_local end) as habit_local
  from marts.broken_promise as broken
  inner join habit
    on broken.company_id = habit.company_id and broken.customer_id = habit.customer_id and broken.chain = habit.chain and broken.place between habit.first_place and habit.place
  group by
    broken.company_id, broken.customer_id, broken.log_id, broken.doc_id, broken.made_on, broken.promised_date, broken.due_on, broken.amount_local, broken.chain, broken.kept_before, broken.place
),
piece as (
  -- habits that share a promise are one
  select *, sum(case when first_place < place then 0 else 1 end) over (partition by company_id, customer_id, chain order by place rows between unbounded preceding and current row)::bigint as episode
  from covered
),
told as (
  select piece.*
  from piece
  left join (select distinct company_id, log_id from piece where chain = '') as of_all on piece.company_id = of_all.company_id and piece.log_id = of_all.log_id
  where piece.chain = '' or of_all.log_id is null
)
select
  piece.company_id, piece.customer_id,
  'promise ' || first_value(piece.log_id) over (partition by piece.company_id, piece.customer_id, piece.chain, piece.episode order by piece.habit_on, piece.place, piece.log_id) as subject,
  case when piece.chain <> '' then 'broken_promises_same' when piece.amount_local is null then 'broken_promises_unnamed' when piece.turn = 1 then 'broken_promises' else 'broken_promises_again' end as code,
  case when piece.promises >= 2 * setting.promises_min or case when piece.chain = '' then piece.habit_local else piece.amount_local end >= setting.amount_high then 'high' else 'medium' end as severity,
  (greatest(piece.due_on, piece.habit_on) + 1)::date as seen_on, (greatest(piece.due_on, piece.habit_on) + 1)::date as until,
  piece.log_id::varchar as item_id, piece.doc_id as other_id, piece.made_on as day, piece.promised_date as other_day,
  (row_number() over (partition by piece.company_id, piece.customer_id, piece.chain, piece.episode order by piece.place, piece.log_id))::bigint::decimal(18, 4) as measured,
  (piece.kept_before - min(piece.kept_before) over (partition by piece.company_id, piece.customer_id, piece.chain, piece.episode))::decimal(18, 4) as usual,
  case when piece.turn = 1 then piece.amount_local end as amount_local, null::varchar as word, null::varchar as other_word
from (
  select
    *, row_number() over (partition by company_id, customer_id, chain, episode, coalesce(doc_id, log_id::varchar) order by place, log_id)::bigint as turn
  from told
) as piece
cross join params.anomaly_conduct as setting
