-- One row per customer, product, currency and stretch of days for which a contract agrees a price: unit_price before tax, min_price the lowest the customer may resell at (NULL:
-- not limited). A price without an end lasts until the contract's next one.
select
  price.company_id, contract.customer_id, price.product_id, coalesce(price.currency, company.local_currency) as currency, price.contract_id, price.valid_from,
  least(
    coalesce(price.valid_to, lead(price.valid_from) over (partition by price.company_id, price.contract_id, price.product_id order by price.valid_from) - 1),
    contract.valid_to
  ) as valid_to,
  price.unit_price, price.min_price
from core.contract_price as price
inner join core.contract as contract on price.company_id = contract.company_id and price.contract_id = contract.contract_id
left join core.company as company on price.company_id = company.company_id
