-- One row per company of which only open items of another day are known: they are kept as they were told and shown under this date.
-- count: its documents; raw_value: the day they were told.
select
  max(document.batch_id) as batch_id, null::bigint as line_no, basis.company_id as column_name,
  'AGED_FROM_OWN_DATE' as reason_code, 'accept_warn' as action, count(*)::bigint as count, max(basis.only_as_of)::varchar as raw_value
from core.company_basis as basis
inner join core.document as document on basis.company_id = document.company_id
where basis.only_as_of <> getvariable('as_of')
group by basis.company_id
