-- One row per company and currency whose aged items are not what the postings leave: any difference in document currency,
-- or one in ledger currency beyond the rounding allowed per open item.
select
  null::bigint as batch_id, null::bigint as line_no, control.company_id || ' ' || control.currency as column_name,
  case when control.difference <> 0 then 'CONTROL_DIFFERENCE' else 'CONTROL_DIFFERENCE_LOCAL' end as reason_code,
  'accept_warn' as action, 1::bigint as count,
  case when control.difference <> 0 then control.difference else control.difference_local end::varchar as raw_value
from marts.aging_control as control
cross join params.ledger as setting
where control.difference <> 0
  or abs(control.difference_local) > setting.control_amount_per_item * greatest(control.items, 1)
