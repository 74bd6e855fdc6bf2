-- One row per request (marts.favour_asked) of a customer that paid punctually in the months before: payment_index, 0 to 100, amount-weighted over what fell due in them (as in
-- marts.payment_behaviour, by what is known now; what was open counts at the lateness it had reached), at least what a setting asks, or where few of them (another setting) were more than a
-- week late. subject: kind and first day of the requests of that kind that follow each other within some days; sign_on: the day they became so many that they are a sign (NULL: they are too
-- few).
with asked as (
  select
    favour.*, (favour.asked_on - to_months(setting.punctual_months))::date as after_day,
    sum(case when date_diff('day', favour.before_on, favour.asked_on) <= setting.requests_days then 0 else 1 end) over (
      partition by favour.company_id, favour.customer_id, favour.kind order by favour.asked_on, favour.record_id rows between unbounded preceding and current row
    )::bigint as episode
  from (
    select *, lag(asked_on) over (partition by company_id, customer_id, kind order by asked_on, record_id) as before_on from marts.favour_asked
  ) as favour
  cross join params.anomaly_conduct as setting
),
debt as (
  select
    debt.company_id, debt.customer_id, debt.doc_id, debt.seq, debt.due_date, debt.amount_local, case when leaving.cause <> 0 then leaving.exit_date end as exit_date,
    leaving.cause, prorate(leaving.part_doc, debt.amount_local, debt.amount_doc) as part_local
  from marts.behaviour_debt as debt
  inner join marts.instalment_exit as leaving on debt.company_id = leaving.company_id and debt.doc_id = leaving.doc_id and debt.seq = leaving.seq and leaving.cause <> 3
  -- a join with those who asked may be planned first, by the company alone: each of them with every instalment
  where debt.amount_local > 0
    and exists (select 1 from marts.favour_asked as favour where favour.company_id = debt.company_id and favour.customer_id = debt.customer_id)
),
scored as (
  select
    asked.company_id, asked.record_id, count(distinct debt.doc_id || ' ' || debt.seq)::bigint as items,
    sum(debt.part_local::double * case when debt.cause = 2 and debt.exit_date <= asked.asked_on then setting.loss_score else score.score end)::double
    / nullif(sum(debt.part_local)::double, 0) as payment_index,
    sum(case when date_diff('day', debt.due_date, least(debt.exit_date, asked.asked_on)) > 7 then debt.part_local::double / debt.amount_local else 0 end) as late_items
  from asked
  cross join params.behaviour as setting
  inner join debt on asked.company_id = debt.company_id and asked.customer_id = debt.customer_id and debt.due_date > asked.after_day and debt.due_date <= asked.asked_on
  inner join params.payment_score as score
    on greatest(least(date_diff('day', debt.due_date, least(debt.exit_date, asked.asked_on)), setting.last_scored_day), setting.first_scored_day) = score.days_late
  group by asked.company_id, asked.record_id
),
punctual as (
  select
    asked.*, scored.payment_index::decimal(18, 4) as payment_index,
    row_number() over (partition by asked.company_id, asked.customer_id, asked.kind, asked.episode order by asked.asked_on, asked.record_id)::bigint as place, setting.requests_min
  from asked
  cross join params.anomaly_conduct as setting
  inner join scored on asked.company_id = scored.company_id and asked.record_id = scored.record_id
  where scored.items >= setting.punctual_items_min
    and (scored.payment_index >= setting.punctual_index_min or scored.late_items <= setting.punctual_late_share_max * scored.items)
)
select
  company_id, customer_id, kind, record_id, doc_id, asked_on, granted, amount_doc, payment_index, place,
  kind || ' ' || min(asked_on) over episode as subject, min(case when place >= requests_min then asked_on end) over episode as sign_on
from punctual
window episode as (partition by company_id, customer_id, kind, episode)
