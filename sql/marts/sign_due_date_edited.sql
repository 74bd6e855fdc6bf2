-- One row per instalment whose due date was moved later although no concession that somebody approved reaches the new date (code due_date_unapproved: one was granted and nobody
-- approved it), or whose document got other terms while it was overdue (terms_changed). From the day it was moved, where that is known, else from the day after the first due
-- date, until it was settled. day, other_day: the due date first told and the one now; measured: days between; amount_local: ledger currency, positive. One subject for what a
-- customer's documents show in a row.
with granted as (
  select company_id, customer_id, doc_id, approved_by is not null as is_approved, max(new_due) as new_due
  from core.concession
  where granted <= getvariable('as_of') and new_due is not null and coalesce(kind, 'other') <> 'reduction'
  group by company_id, customer_id, doc_id, approved_by is not null
),
edited as (
  select
    moved.company_id, moved.customer_id, moved.doc_id, moved.seq, moved.due_date_original as day, moved.due_date as other_day, moved.amount_local, moved.moved_on, moved.settled_on,
    greatest(coalesce(moved.moved_on, moved.due_date_original + 1), moved.counts_from) as seen_on,
    bool_or(coalesce(granted.is_approved, false)) as is_approved, bool_or(granted.new_due is not null) as is_granted
  from marts.moved_instalment as moved
  left join granted
    on moved.company_id = granted.company_id and moved.customer_id = granted.customer_id and coalesce(granted.doc_id, moved.doc_id) = moved.doc_id
    and granted.new_due >= moved.due_date
  where moved.moved_on is null or moved.moved_on > moved.doc_date + 1
  group by
    moved.company_id, moved.customer_id, moved.doc_id, moved.seq, moved.due_date_original, moved.due_date, moved.amount_local, moved.moved_on, moved.settled_on, moved.counts_from
),
several as (
  select distinct company_id, doc_id from lake.document where is_first and not is_current
),
version as (
  select
    told.company_id, told.doc_id, told.terms_id, recorded_day(told.recorded_at, told.extract_as_of) as told_on,
    lag(told.terms_id) over (partition by told.company_id, told.doc_id order by told.extract_as_of, told.batch_id, told.doc_id) as terms_before
  from lake.document as told
  inner join several on told.company_id = several.company_id and told.doc_id = several.doc_id
),
other_terms as (
  select
    document.company_id, document.customer_id, document.doc_id, instalment.seq, instalment.due_date_original as day, instalment.due_date as other_day, instalment.amount_local,
    version.told_on as seen_on, version.terms_before, version.terms_id,
    least(
      case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end, case when document.counts_until <= getvariable('as_of') then document.counts_until end
    ) as settled_on
  from version
  inner join core.document as document on version.company_id = document.company_id and version.doc_id = document.doc_id and document.counts_from <= version.told_on
  inner join core.instalment as instalment on version.company_id = instalment.company_id and version.doc_id = instalment.doc_id
  left join marts.instalment_exit as leaving on version.company_id = leaving.company_id and version.doc_id = leaving.doc_id and instalment.seq = leaving.seq
  where version.terms_before <> version.terms_id and instalment.due_date_original < version.told_on and version.told_on <= getvariable('as_of')
    and is_debt(document.kind, document.amount_doc) and document.customer_id is not null
  group by
    document.company_id, document.customer_id, document.doc_id, instalment.seq, instalment.due_date_original, instalment.due_date, instalment.amount_local, version.told_on,
    version.terms_before, version.terms_id, document.counts_until
),
sign as (
  select
    company_id, customer_id, doc_id, seq, case when is_granted then 'due_date_unapproved' else 'due_date_edited' end as code, moved_on > day as is_overdue,
    seen_on, settled_on, day, other_day, amount_local, null::varchar as word, null::varchar as other_word
  from edited
  where not is_approved
  union all
  select company_id, customer_id, doc_id, seq, 'terms_changed', true, seen_on, settled_on, day, other_day, amount_local, terms_before, terms_id
  from other_terms
),
story as (
  select
    sign.*, case when seen_on - lag(seen_on) over in_turn <= setting.episode_days then 0 else 1 end as begins
  from sign
  cross join params.anomaly_ledger as setting
  where seen_on <= getvariable('as_of') and (settled_on is null or settled_on > seen_on)
  window in_turn as (partition by company_id, customer_id order by seen_on, doc_id, seq, code)
),
told_in as (
  select *, sum(begins) over (partition by company_id, customer_id order by seen_on, doc_id, seq, code rows unbounded preceding) as episode from story
)
select
  company_id, customer_id, first_value(doc_id) over (partition by company_id, customer_id, episode order by seen_on, doc_id, seq, code) as subject, code,
  case when is_overdue or count(*) over (partition by company_id, customer_id, episode)::bigint > 2 then 'high' else 'medium' end as severity,
  seen_on, sign_until(settled_on, seen_on) as until, doc_id as item_id, null::varchar as other_id, day, other_day, (other_day - day)::decimal(18, 4) as measured,
  null::decimal(18, 4) as usual, amount_local::decimal(18, 4) as amount_local, word, other_word
from told_in
