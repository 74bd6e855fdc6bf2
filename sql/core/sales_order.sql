-- One row per sales order, as last told, with the batches of its first and last telling; currency: that of the ledger where none is told.
select told.* replace (coalesce(told.currency, company.local_currency) as currency)
from staging.sales_order as told
left join staging.company as company on told.company_id = company.company_id
