-- One row per batch and currency whose documents and receipts are missing in a later full extract though open: how many (count) and, in raw_value, the sum of
-- their open amounts. marts.missing_item lists them. An item gone from a list of open items is settled: it is none of these.
select
  batch_id, null::bigint as line_no, 'missing_since' as column_name, 'STATE_VANISHED' as reason_code, 'accept_warn' as action,
  count(distinct item_kind || ' ' || item_id)::bigint as count, sum(open_doc)::decimal(18, 4)::varchar || ' ' || currency as raw_value
from marts.missing_item
group by batch_id, currency
