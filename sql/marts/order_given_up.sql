-- One row per sales order that came to nothing: its status says so (a setting), or its goods were all kept back or sent back whole.
select sales_order.company_id, sales_order.order_id
from core.sales_order as sales_order
cross join params.anomaly_ledger as setting
where list_contains(setting.cancelled_statuses, lower(sales_order.status))
union
select company_id, order_id
from core.delivery
where order_id is not null
group by company_id, order_id
having bool_and(status in ('cancelled', 'returned'))
