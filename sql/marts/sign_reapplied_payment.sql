-- One row per receipt and debt whose money was taken off it and put on an older one that was overdue, some days later at most (settings), so that what is open looks younger: subject and item_id the
-- receipt, other_id the older debt, due on day; word the debt that is open again, due on other_day. From the day of the new use until the debt open again is settled. measured, usual: days that the
-- older and the younger one were overdue then (0: not yet due). amount_local: what was moved, ledger currency, positive. What is put right at once, and money that was taken back itself, is none.
with due as (
  select company_id, doc_id, seq, due_date_original as due_date from core.instalment where due_date_original is not null
),
-- only receipts of which some use was undone in time can have been used anew: most never are
undone as (
  select distinct allocation.company_id, allocation.from_payment_id
  from core.allocation as allocation
  cross join params.anomaly_ledger as setting
  where allocation.kind = 'payment' and allocation.from_payment_id is not null and allocation.effective_until <= getvariable('as_of')
    and allocation.effective_until - allocation.effective_from > setting.repeat_undone_days
),
used as (
  select
    allocation.company_id, allocation.from_payment_id as payment_id, allocation.to_doc_id as doc_id, document.customer_id, allocation.effective_from, allocation.effective_until,
    document.counts_until, min(due.due_date) as due_date, max(allocation.amount_local) as amount_local
  from core.allocation as allocation
  inner join undone on allocation.company_id = undone.company_id and allocation.from_payment_id = undone.from_payment_id
  inner join core.document as document on allocation.company_id = document.company_id and allocation.to_doc_id = document.doc_id
  inner join due on allocation.company_id = due.company_id and allocation.to_doc_id = due.doc_id and coalesce(allocation.to_seq = due.seq, true)
  where allocation.kind = 'payment' and allocation.from_payment_id is not null and allocation.effective_from <= getvariable('as_of') and document.customer_id is not null
    and is_debt(document.kind, document.amount_doc)
  group by
    allocation.company_id, allocation.allocation_id, allocation.from_payment_id, allocation.to_doc_id, document.customer_id, allocation.effective_from, allocation.effective_until,
    document.counts_until
),
taken as (
  select used.*
  from used
  cross join params.anomaly_ledger as setting
  inner join core.payment as payment on used.company_id = payment.company_id and used.payment_id = payment.payment_id
  where used.effective_until <= getvariable('as_of') and used.effective_until - used.effective_from > setting.repeat_undone_days
    and coalesce(payment.counts_until > used.effective_until, true) and coalesce(used.counts_until > used.effective_until, true)
),
moved as (
  select
    taken.company_id, taken.customer_id, taken.payment_id, taken.doc_id, taken.due_date, again.doc_id as older_id, min(again.due_date) as older_due, min(again.effective_from) as seen_on,
    least(max(taken.amount_local), sum(again.amount_local))::decimal(18, 4) as amount_local
  from taken
  cross join params.anomaly_ledger as setting
  inner join used as again
    on taken.company_id = again.company_id and taken.payment_id = again.payment_id and taken.customer_id = again.customer_id and taken.doc_id <> again.doc_id
    and again.effective_from between taken.effective_until and taken.effective_until + setting.rebill_days
    and taken.due_date - again.due_date >= setting.due_moved_days_min and again.effective_from - again.due_date >= setting.rebill_overdue_days
    and coalesce(again.effective_until > again.effective_from, true)
  group by taken.company_id, taken.customer_id, taken.payment_id, taken.doc_id, taken.due_date, again.doc_id
),
closing as (
  select moved.company_id, moved.payment_id, moved.doc_id, case when bool_and(leaving.cause <> 0) then max(leaving.exit_date) end as settled_on
  from (select distinct company_id, payment_id, doc_id from moved) as moved
  inner join marts.instalment_exit as leaving on moved.company_id = leaving.company_id and moved.doc_id = leaving.doc_id
  group by moved.company_id, moved.payment_id, moved.doc_id
)
select
  moved.company_id, moved.customer_id, moved.payment_id as subject, 'reapplied_payment' as code, null::varchar as severity, moved.seen_on,
  sign_until(closing.settled_on, moved.seen_on) as until, moved.payment_id as item_id, moved.older_id as other_id, moved.older_due as day, moved.due_date as other_day,
  date_diff('day', moved.older_due, moved.seen_on)::decimal(18, 4) as measured, greatest(date_diff('day', moved.due_date, moved.seen_on), 0)::decimal(18, 4) as usual,
  moved.amount_local, moved.doc_id as word, null::varchar as other_word
from moved
left join closing on moved.company_id = closing.company_id and moved.payment_id = closing.payment_id and moved.doc_id = closing.doc_id
