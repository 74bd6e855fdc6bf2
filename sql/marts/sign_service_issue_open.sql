-- One row per complaint about our service that was open too long while debt worth telling was overdue (marts.fault_overdue; a setting). day: it was opened; measured: days it was open;
-- usual: what was overdue on the last such day, ledger currency; other_day: due date of the oldest of it; word: its kind, other_word: the department. subject: the customer. A sign
-- (detectors/detector.py).
select
  late.company_id, late.customer_id, late.customer_id as subject, case when fault.department = '' then 'service_issue_open' else 'service_issue_open_department' end as code,
  case when late.overdue_local >= setting.amount_high then 'medium' else 'low' end as severity,
  late.seen_on, case when not late.is_lasting then late.last_on end as until, late.fault_id as item_id, late.doc_id as other_id, fault.opened as day, late.oldest_due as other_day,
  date_diff('day', fault.opened, late.last_on)::decimal(18, 4) as measured, late.overdue_local as usual, null::decimal(18, 4) as amount_local, fault.what as word, fault.department as other_word
from marts.fault_overdue as late
cross join params.anomaly_conduct as setting
inner join marts.own_fault as fault on late.company_id = fault.company_id and late.source = fault.source and late.fault_id = fault.fault_id
where late.source = 'service_issue' and late.overdue_local >= setting.fault_amount_min
