-- One row per invoice that takes the place of an overdue one (marts.rebilled_document), from the day both had happened until it is settled or taken back. item_id: the new
-- invoice, due other_day; other_id: the earlier one, due on day. measured, usual: days overdue on the last day, as if nothing had been billed anew and as the ledger has it; word,
-- other_word: the buckets of these ages. amount_local: ledger currency, positive.
with closing as (
  select rebilled.company_id, rebilled.item_id, case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end as settled_on
  from marts.rebilled_document as rebilled
  inner join marts.instalment_exit as leaving on rebilled.company_id = leaving.company_id and rebilled.item_id = leaving.doc_id
  group by rebilled.company_id, rebilled.item_id
),
dated as (
  select
    rebilled.*, greatest(rebilled.ended_on, rebilled.counts_from) as seen_on,
    sign_until(least(closing.settled_on, taken.ended_on), greatest(rebilled.ended_on, rebilled.counts_from)) as until
  from marts.rebilled_document as rebilled
  left join closing on rebilled.company_id = closing.company_id and rebilled.item_id = closing.item_id
  left join marts.document_taken_back as taken on rebilled.company_id = taken.company_id and rebilled.item_id = taken.doc_id
),
aged as (
  select
    *, date_diff('day', overdue_due, coalesce(until, getvariable('as_of')))::integer as days_overdue,
    date_diff('day', first_due, coalesce(until, getvariable('as_of')))::integer as days_told
  from dated
)
select
  aged.company_id, aged.customer_id, aged.item_id as subject, 're_aging' as code, null::varchar as severity, aged.seen_on, aged.until, aged.item_id, aged.other_id,
  aged.overdue_due as day, aged.first_due as other_day, aged.days_overdue::decimal(18, 4) as measured, greatest(aged.days_told, 0)::decimal(18, 4) as usual,
  aged.amount_local, real.bucket as word, told.bucket as other_word
from aged
left join params.bucket as real on in_bucket(aged.days_overdue, real.lower_days, real.upper_days) and real.is_aged
left join params.bucket as told on in_bucket(aged.days_told, told.lower_days, told.upper_days) and told.is_aged
