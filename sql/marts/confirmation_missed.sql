-- One row per time that a balance was not confirmed in writing although it should have been. cause: change (who answers for the debt changed, and no signed or sealed confirmation came
-- within some days) or silence (a statement stayed unanswered though those before were confirmed; settings). day: of the change, or on which the statement was sent; missed_on: the day it
-- was plain; until: the day a confirmation came after all (NULL: none did). item_id: the record of the change, or the statement. owed_on: the day whose balance is meant. confirmed_on: the
-- day of the latest confirmation before. repeats: unanswered statements running.
with statement as (
  select
    statement.company_id, statement.customer_id, statement.statement_id, coalesce(statement.currency, '') as currency, statement.as_of, statement.sent_date,
    case when statement.response = 'confirmed' then coalesce(statement.response_date, statement.sent_date) end as confirmed_on,
    case when statement.response in ('confirmed', 'disputed', 'partial') then coalesce(statement.response_date, statement.sent_date) end as answered_on,
    coalesce(statement.sealed, false) or statement.signatory_contact_id is not null as is_signed,
    statement.sent_date + setting.reply_days as missed_on, setting.confirmed_min,
    case
      when statement.response = 'confirmed' and coalesce(statement.response_date, statement.sent_date) <= statement.sent_date + setting.reply_days then 'confirmed'
      when statement.response in ('disputed', 'partial') and coalesce(statement.response_date, statement.sent_date) <= statement.sent_date + setting.reply_days then 'other'
      else 'silent'
    end as answer
  from core.statement_confirmation as statement
  cross join params.anomaly_conduct as setting
  where statement.sent_date + setting.reply_days <= getvariable('as_of')
),
place as (
  select *, row_number() over (partition by company_id, customer_id, currency order by as_of, sent_date, statement_id)::bigint as place from statement
),
before as (
  select
    *,
    max(case when answer = 'confirmed' then place end) over earlier as confirmed_place, max(case when answer = 'other' then place end) over earlier as other_place,
    max(case when answer <> 'confirmed' then place end) over earlier as unlike_place
  from place
  window earlier as (partition by company_id, customer_id, currency order by place rows between unbounded preceding and 1 preceding)
),
silence as (
  select
    silent.company_id, silent.customer_id, silent.statement_id as item_id, silent.sent_date as day, silent.missed_on, silent.as_of as owed_on, last.confirmed_on, silent.place - last.place as repeats,
    'statement ' || last.statement_id as subject
  from before as silent
  inner join before as last
    on silent.company_id = last.company_id and silent.customer_id = last.customer_id and silent.currency = last.currency and silent.confirmed_place = last.place
  where silent.answer = 'silent' and coalesce(silent.other_place < silent.confirmed_place, true)
    and coalesce(last.place - last.unlike_place >= last.confirmed_min, true)
),
change as (
  select change.company_id, change.customer_id, change.subject, min_by(change.item_id, (change.day, change.source, change.item_id)) as item_id, min(change.day) as day
  from (select distinct company_id from core.statement_confirmation) as told
  inner join marts.customer_change as change on told.company_id = change.company_id
  where change.source <> 'log' and (change.field in ('signatory', 'legal_representative', 'organisation') or (change.field = 'contact' and change.severity = 'high'))
  group by change.company_id, change.customer_id, change.subject
),
missed as (
  select company_id, customer_id, 'silence' as cause, subject, item_id, day, missed_on, owed_on, confirmed_on, repeats from silence
  union all
  select change.company_id, change.customer_id, 'change', 'after ' || change.subject, change.item_id, change.day, change.day + setting.confirm_days, change.day + setting.confirm_days, null, 1
  from change
  cross join params.anomaly_conduct as setting
  where change.day + setting.confirm_days <= getvariable('as_of')
)
select
  missed.company_id, missed.customer_id, missed.cause, missed.subject, missed.item_id, missed.day, missed.missed_on, missed.owed_on, missed.confirmed_on, missed.repeats::integer as repeats,
  min(case when missed.cause = 'silence' then later.answered_on when later.is_signed then later.confirmed_on end) as until
from missed
left join statement as later
  on missed.company_id = later.company_id and missed.customer_id = later.customer_id and later.answered_on > case when missed.cause = 'silence' then missed.missed_on else missed.day end
group by
  missed.company_id, missed.customer_id, missed.cause, missed.subject, missed.item_id, missed.day, missed.missed_on, missed.owed_on, missed.confirmed_on, missed.repeats
having coalesce(min(case when missed.cause = 'change' and later.is_signed then later.confirmed_on end) > missed.missed_on, true)
