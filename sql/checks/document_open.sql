-- One row per document whose open amount the ERP reports and whose allocations leave another one (marts.open_mismatch, which says which is believed): both, in
-- document currency.
select
  batch_id, line_no, doc_id as column_name, 'OPEN_MISMATCH' as reason_code, 'accept_warn' as action, 1::bigint as count,
  abs(reported_doc)::decimal(18, 4)::varchar || ' reported, ' || abs(computed_doc)::decimal(18, 4)::varchar || ' computed' as raw_value
from marts.open_mismatch
