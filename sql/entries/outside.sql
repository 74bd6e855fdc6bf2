-- One row per item that stands outside the list, because the ERP called settled what nothing in the list settles: a receipt of kind netting for debts, a refund
-- for credits, dated as the ERP says, else on the day of the extract (has_day). Amounts signed: positive raises what is owed. of_: the entry it settles,
-- NULL for that of a clearing.
select
  company_id, source_system, customer_id, row_key, side, clearing_no as doc_no, clearing_date as posted_on, true as has_day, currency, amount_doc, amount_local,
  null::varchar as of_entity, null::varchar as of_row_key, null::integer as of_seq,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of, missing_since
from entries.clearing_rest
union all
select
  company_id, source_system, customer_id, 'outside/' || row_key || '/' || seq, -side, doc_no, coalesce(settled_date, extract_as_of), settled_date is not null, currency,
  -side * (rest_doc - matched_doc), -side * (rest_local - matched_local), entity, row_key, seq,
  batch_id, line_no, recorded_at, recorded_source, source_mode, extract_as_of, missing_since
from entries.rest_lane
where rest_doc > matched_doc and is_told
