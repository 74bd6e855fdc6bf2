-- One row per batch, currency and kind of order lines that take goods back where the export does not say which sale: those whose sale was
-- found (ORDER_RETURN_DERIVED) and those whose was not. count: lines; raw_value: their value before tax and its currency, NULL: not told.
-- Lines without a price take back no sale.
select
  batch_id, null::bigint as line_no, 'returns_order_id' as column_name,
  case when return_link = 'derived' then 'ORDER_RETURN_DERIVED' else 'ORDER_RETURN_UNLINKED' end as reason_code,
  'accept_warn' as action, count(*)::bigint as count,
  sum(net_amount)::decimal(18, 2)::varchar || coalesce(' ' || currency, '') as raw_value
from core.order_line
where qty < 0 and coalesce(unit_price, 1) <> 0 and not coalesce(cancelled, false) and coalesce(return_link, 'derived') = 'derived'
group by batch_id, currency, case when return_link = 'derived' then 'ORDER_RETURN_DERIVED' else 'ORDER_RETURN_UNLINKED' end
