-- One row per instalment of a debt and stretch of time in which its limitation date (marts.limitation_count) was near (a setting) while it was open: until it was settled or
-- acknowledged anew, or the date is long past. day: from when the years count; other_day: the limitation date; measured: days left on the last day, negative once it is past (code
-- limitation_passed); amount_local: ledger currency, what is open, or was in all. One subject for what a customer's debts show in a row.
with sign as (
  select
    *, greatest(limitation_on - limitation_days, counted_from) as seen_on,
    least(
      acknowledged_on, settled_on,
      case when least(counts_until, limitation_on + limitation_days) <= getvariable('as_of') then least(counts_until, limitation_on + limitation_days) end
    ) as ended_on
  from marts.limitation_count
),
story as (
  select
    sign.*, case when sign.seen_on - lag(sign.seen_on) over in_turn <= setting.episode_days then 0 else 1 end as begins,
    coalesce(sign_until(sign.ended_on, sign.seen_on), getvariable('as_of')) as last_on
  from sign
  cross join params.anomaly_ledger as setting
  where sign.seen_on <= getvariable('as_of') and (sign.ended_on is null or sign.ended_on > sign.seen_on)
  window in_turn as (partition by sign.company_id, sign.customer_id order by sign.seen_on, sign.doc_id, sign.seq)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by seen_on, doc_id, seq rows unbounded preceding) as episode from story
)
select
  told.company_id, told.customer_id,
  first_value(told.doc_id) over (partition by told.company_id, told.customer_id, told.episode order by told.seen_on, told.doc_id, told.seq) as subject,
  case when told.limitation_on < told.last_on then 'limitation_passed' else 'limitation_near' end as code, null::varchar as severity,
  told.seen_on, sign_until(told.ended_on, told.seen_on) as until, told.doc_id as item_id, null::varchar as other_id, told.counted_from as day, told.limitation_on as other_day,
  date_diff('day', told.last_on, told.limitation_on)::decimal(18, 4) as measured, null::decimal(18, 4) as usual,
  case when told.ended_on is null then coalesce(item.open_local, told.amount_local) else told.amount_local end::decimal(18, 4) as amount_local,
  null::varchar as word, null::varchar as other_word
from told_in as told
left join marts.open_item as item on told.company_id = item.company_id and told.doc_id = item.doc_id and told.seq = item.seq
