-- One row per company and period end: of the instalments due in the days before it (a setting says how many, due_items), those still open then
-- (open_items). Where an extract holds only what was cleared by a day, nothing stays open over it, so that all before it looks punctual.
-- expected: as many as at the company's other period ends, by their median share; periods: how many of these had anything due.
with due as (
  select instalment.company_id, instalment.due_date, count(*)::bigint as items
  from core.instalment as instalment
  inner join core.document as document on instalment.company_id = document.company_id and instalment.doc_id = document.doc_id
  where instalment.amount_doc > 0 and document.amount_doc > 0 and document.counts_from <= getvariable('as_of')
    and (document.counts_until is null or document.counts_until > instalment.due_date)
  group by instalment.company_id, instalment.due_date
),
fallen_due as (
  select period.company_id, period.period_end, coalesce(sum(due.items), 0)::bigint as due_items
  from marts.period as period
  cross join params.completeness as setting
  left join due
    on period.company_id = due.company_id and due.due_date < period.period_end and due.due_date >= period.period_end - setting.cut_days
  group by period.company_id, period.period_end
),
still_open as (
  select item.company_id, item.period_end, count(*)::bigint as open_items
  from marts.period_item as item
  cross join params.completeness as setting
  where item.days_overdue between 1 and setting.cut_days and item.bucket <> 'unapplied'
  group by item.company_id, item.period_end
),
boundary as (
  select fallen_due.company_id, fallen_due.period_end, fallen_due.due_items, coalesce(still_open.open_items, 0)::bigint as open_items
  from fallen_due
  left join still_open on fallen_due.company_id = still_open.company_id and fallen_due.period_end = still_open.period_end
),
usual as (
  select
    here.company_id, here.period_end, here.due_items, here.open_items,
    count(other.period_end)::bigint as periods,
    median(other.open_items::double / other.due_items) as open_share
  from boundary as here
  left join boundary as other
    on here.company_id = other.company_id and here.period_end <> other.period_end and other.due_items > 0
  group by here.company_id, here.period_end, here.due_items, here.open_items
)
select company_id, period_end, due_items, open_items, periods, (open_share * due_items)::double as expected
from usual
