-- One row per promise to pay that was broken one after another, none kept between, where so many fall within some days, or fewer of a large sum (settings). measured: which of them it is,
-- counted from the last kept one; usual: how many were kept before. Money that pays other documents than the one promised does not keep a promise. amount_local: promised, ledger currency,
-- of each document told once. subject: the first of them. A sign (detectors/detector.py).
with judged as (
  select
    promise.company_id, promise.customer_id, promise.log_id, promise.doc_id, promise.made_on, promise.promised_date, promise.due_on, promise.promised_amount, promise.currency,
    promise_is_kept(promise.promised_amount, count(case when receipt.used_elsewhere < receipt.received then 1 end)::bigint, sum(receipt.received - receipt.used_elsewhere)) as is_kept
  from marts.promise as promise
  left join marts.promise_receipt as receipt
    on promise.company_id = receipt.company_id and promise.log_id = receipt.log_id and counts_on(getvariable('as_of'), receipt.known_from, receipt.known_until)
  where promise.due_on < getvariable('as_of')
  group by
    promise.company_id, promise.customer_id, promise.log_id, promise.doc_id, promise.made_on, promise.promised_date, promise.due_on, promise.promised_amount, promise.currency
),
run as (
  select
    *,
    sum(case when is_kept then 1 else 0 end) over (
      partition by company_id, customer_id order by due_on, log_id rows between unbounded preceding and current row
    )::bigint as kept_before
  from judged
),
broken as (
  select
    run.*, row_number() over (partition by run.company_id, run.customer_id, run.kept_before order by run.due_on, run.log_id)::bigint as place,
    case
      when coalesce(run.currency, company.local_currency) = company.local_currency then run.promised_amount
      when document.amount_doc > 0 then prorate(run.promised_amount, document.amount_local, document.amount_doc)
    end::decimal(18, 4) as amount_local
  from run
  inner join core.company as company on run.company_id = company.company_id
  left join core.document as document on run.company_id = document.company_id and run.doc_id = document.doc_id and run.currency = document.currency
  where not run.is_kept
),
habit as (
  select
    late.company_id, late.customer_id, late.kept_before, late.place, late.due_on, min(early.place) as first_place, count(*)::bigint as promises,
    coalesce(sum(early.amount_local), 0) as amount_local
  from broken as late
  cross join params.anomaly_conduct as setting
  inner join broken as early
    on late.company_id = early.company_id and late.customer_id = early.customer_id and late.kept_before = early.kept_before
    and early.place <= late.place and early.due_on >= late.due_on - setting.promises_days
  group by late.company_id, late.customer_id, late.kept_before, late.place, late.due_on, setting.promises_min, setting.promises_amount
  having count(*) >= setting.promises_min or (count(*) >= 2 and coalesce(sum(early.amount_local), 0) >= setting.promises_amount)
),
piece as (
  select
    broken.company_id, broken.customer_id, broken.log_id, broken.doc_id, broken.made_on, broken.promised_date, broken.due_on, broken.amount_local, broken.kept_before, broken.place,
    min(habit.due_on) as habit_on, max(case when habit.place = broken.place then habit.promises end) as promises,
    max(case when habit.place = broken.place then habit.amount_local end) as habit_local
  from broken
  inner join habit
    on broken.company_id = habit.company_id and broken.customer_id = habit.customer_id and broken.kept_before = habit.kept_before
    and broken.place between habit.first_place and habit.place
  group by
    broken.company_id, broken.customer_id, broken.log_id, broken.doc_id, broken.made_on, broken.promised_date, broken.due_on, broken.amount_local, broken.kept_before, broken.place
)
select
  piece.company_id, piece.customer_id,
  'promise ' || min(piece.log_id) over (partition by piece.company_id, piece.customer_id, piece.kept_before) as subject,
  case when piece.amount_local is null then 'broken_promises_unnamed' when piece.turn = 1 then 'broken_promises' else 'broken_promises_again' end as code,
  case when piece.promises >= 2 * setting.promises_min or piece.habit_local >= setting.amount_high then 'high' else 'medium' end as severity,
  (greatest(piece.due_on, piece.habit_on) + 1)::date as seen_on, (greatest(piece.due_on, piece.habit_on) + 1)::date as until,
  piece.log_id::varchar as item_id, piece.doc_id as other_id, piece.made_on as day, piece.promised_date as other_day,
  piece.place::decimal(18, 4) as measured, piece.kept_before::decimal(18, 4) as usual,
  case when piece.turn = 1 then piece.amount_local end as amount_local, null::varchar as word, null::varchar as other_word
from (
  select
    *, row_number() over (partition by company_id, customer_id, kept_before, coalesce(doc_id, log_id::varchar) order by place, log_id)::bigint as turn
  from piece
) as piece
cross join params.anomaly_conduct as setting
